//! The secret with the tokens, as an operator changes it.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Region};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use local_cloud::client;
use local_cloud::door::Door;
use local_cloud::stack::Stack;
use rustix::process::Signal;
use serde_json::Value;

use crate::processes;
use crate::support::VALIDATE;

const ID: &str = "ecr-admission/tokens";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The token secret of one stack.
#[derive(Debug)]
pub struct TokenSecret<'a> {
    stack: &'a Stack,
    client: Client,
}

impl<'a> TokenSecret<'a> {
    /// A caller with a wrong token starts the authorizer, whose environment says where AWS is.
    pub async fn of(stack: &'a Stack) -> Self {
        status(stack, stack.client(), (Door::Header, "wrong")).await;
        let authorizer = processes::of(stack, "authorizer")[0];
        Self { stack, client: secrets(stack, authorizer) }
    }

    /// Stores these tokens by cluster as the current version; the one before is the previous one. Sandboxes
    /// that have a copy of it end, so that nobody waits for the copies to grow old.
    pub async fn put(&self, tokens: &Value) {
        let id = format!("{:032x}", std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos());
        let put = self.client.put_secret_value().secret_id(ID).client_request_token(id);
        put.secret_string(tokens.to_string()).send().await.unwrap();
        self.forget().await;
    }

    /// Revokes the tokens of the previous version.
    pub async fn revoke_previous(&self) {
        let described = self.client.describe_secret().secret_id(ID).send().await.unwrap();
        let versions = described.version_ids_to_stages().unwrap();
        let previous = versions.iter().find(|(_, stages)| stages.iter().any(|it| it == PREVIOUS));
        let drop = self.client.update_secret_version_stage().secret_id(ID).version_stage(PREVIOUS);
        drop.remove_from_version_id(previous.unwrap().0).send().await.unwrap();
        self.forget().await;
    }

    async fn forget(&self) {
        let sandboxes = processes::of(self.stack, "authorizer");
        let ended = || self.stack.log().matches("Runtime.ExitError").count();
        let expected = ended() + sandboxes.len();
        for sandbox in sandboxes {
            sandbox.signal(Signal::KILL);
        }
        while ended() < expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The status of a deletion, which nothing but the caller decides about.
pub async fn status(stack: &Stack, client: &client::Client, caller: (Door, &str)) -> u16 {
    let mut review = crate::support::pod("u", &[]);
    review["request"]["operation"] = "DELETE".into();
    let reply = stack.post_as(client, caller, VALIDATE, review.to_string()).await.unwrap();
    reply.status
}

/// Secrets Manager of a stack, called with the credentials of one of its functions.
pub fn secrets(stack: &Stack, function: processes::Process) -> Client {
    let variable = |name| function.variable(name).unwrap();
    let (id, key) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    let authority = std::fs::read(stack.directory().join("ca.pem")).unwrap();
    let trusted = TrustStore::empty().with_pem_certificate(authority);
    let tls = TlsContext::builder().with_trust_store(trusted).build().unwrap();
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(id, key, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(variable("AWS_ENDPOINT_URL"))
        .build();
    Client::from_conf(config)
}
