//! What a deployed stack is set to: its outputs, and its policy document.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_cloudformation::types::Parameter;
use aws_sdk_secretsmanager::Client as SecretsManager;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use ecr_admission::policy_secret::{PolicySecret, PolicyVersion, ReadPolicy, UnreadableCause};
use ecr_admission_policy::Document;
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::names::AccountId;
use tokio::time::Instant;

use super::Aws;
use super::problem::{Call, problem};

/// The outputs, and the variables of the admission function that have the same values.
pub const OUTPUTS: [(&str, &str); 8] = [
    ("RegistryIdsInForce", "REGISTRY_IDS"),
    ("RegistryRegionInForce", "REGISTRY_REGION"),
    ("IgnoredNamespacesInForce", "IGNORED_NAMESPACES"),
    ("SeverityLimitInForce", "SEVERITY_LIMIT"),
    (POLICY_SECRET, "POLICY_SECRET"),
    ("PinNamespacesInForce", "PIN_NAMESPACES"),
    ("RewritesInForce", "REWRITES"),
    ("MaxImagesInForce", "MAX_IMAGES"),
];

/// The variables of the admission function that change no verdict.
pub const CHANGE_NO_VERDICT: [&str; 4] =
    ["LOG_LEVEL", "METRICS_NAMESPACE", "CLUSTER_METRICS", "CACHE_SECONDS"];

const POLICY_SECRET: &str = "PolicySecretInForce";

/// What a stack of an earlier release does not have.
const CACHE_SECONDS: &str = "CacheSecondsInForce";

/// A deployed stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// The variables of its admission function that change a verdict, `AWS_REGION` included.
    pub environment: Vec<(String, String)>,
    /// The account in which it is deployed.
    pub account: AccountId,
    /// Where its policy document is, if it has one.
    pub policy_secret: Option<String>,
    /// `CacheSeconds`, in seconds; `None` where the stack does not say.
    pub cache_seconds: Option<u32>,
    name: String,
}

impl Aws {
    /// The stack of this name.
    pub async fn stack(&self, name: &str) -> Result<Stack, String> {
        let call = Call { action: "cloudformation:DescribeStacks", service: "AWS CloudFormation" };
        let client = aws_sdk_cloudformation::Client::new(&self.config);
        let answer = client.describe_stacks().stack_name(name).send().await;
        let answer = answer.map_err(|error| match error.code() {
            // CloudFormation has no code of its own for this.
            Some("ValidationError") => {
                let region = &self.region;
                let said = error.message().unwrap_or_default();
                format!("no stack \"{name}\" in {region}; check --stack, --region and the AWS profile: {said}")
            }
            _ => problem(error, call, &self.region),
        })?;
        let [stack] = answer.stacks() else {
            return Err(format!(
                "no stack \"{name}\" in {}; check --stack and --region",
                self.region
            ));
        };
        self.read(name, stack)
    }

    fn read(
        &self,
        name: &str,
        stack: &aws_sdk_cloudformation::types::Stack,
    ) -> Result<Stack, String> {
        let outputs: BTreeMap<&str, &str> = stack
            .outputs()
            .iter()
            .filter_map(|output| {
                Some((output.output_key()?, output.output_value().unwrap_or_default()))
            })
            .collect();
        let missing: Vec<&str> =
            OUTPUTS.iter().map(|(key, _)| *key).filter(|key| !outputs.contains_key(key)).collect();
        if !missing.is_empty() {
            let status = stack.stack_status().map_or("unknown", |status| status.as_str());
            let mut problem = format!(
                "the stack \"{name}\" (status {status}) has no output {}; ",
                missing.join(", ")
            );
            let _ = if missing.len() == OUTPUTS.len() {
                write!(
                    problem,
                    "check --stack and --region: this may not be a stack of ecr-admission"
                )
            } else {
                write!(
                    problem,
                    "deploy it again with this release, or use --policy, --registry-ids and the other options instead \
                     of --stack"
                )
            };
            return Err(problem);
        }
        let id = stack.stack_id().unwrap_or_default();
        // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID
        let account = id.split(':').nth(4).unwrap_or_default();
        let account = account.parse().map_err(|_invalid| {
            format!("the stack \"{name}\": expected a stack id with its account, got \"{id}\"")
        })?;
        let value = |key| outputs.get(key).copied().unwrap_or_default().to_owned();
        let mut environment = vec![("AWS_REGION".to_owned(), self.region.to_string())];
        environment.extend(OUTPUTS.map(|(key, variable)| (variable.to_owned(), value(key))));
        let policy_secret = Some(value(POLICY_SECRET)).filter(|secret| !secret.is_empty());
        // A stack of the CDK has no parameters.
        let parameter = || {
            let mut parameters = stack.parameters().iter();
            let is_it = |it: &&Parameter| it.parameter_key() == Some("CacheSeconds");
            parameters.find(is_it)?.parameter_value()
        };
        let cache_seconds = outputs.get(CACHE_SECONDS).copied().or_else(parameter);
        let cache_seconds = cache_seconds.and_then(|seconds| seconds.parse().ok());
        Ok(Stack { environment, account, policy_secret, cache_seconds, name: name.to_owned() })
    }

    /// The policy document that is in force in a stack: what the function would read now. `None` where the parameters
    /// are the whole policy.
    pub async fn document(&self, stack: &Stack) -> Result<Option<PolicyVersion>, String> {
        let Some(id) = &stack.policy_secret else { return Ok(None) };
        let name = &stack.name;
        let secret = PolicySecret::with_client(SecretsManager::new(&self.config), id.clone());
        // The secret has a limit of its own, which is shorter.
        let read = secret.read(Instant::now() + Duration::from_mins(1)).await;
        let version = read.map_err(|unreadable| {
            let cause = unreadable.cause;
            let fix = match cause {
                UnreadableCause::Missing => "check the parameter PolicySecret",
                UnreadableCause::Binary => "store the document as text",
                UnreadableCause::Failed(Cause::AccessDenied | Cause::ActionDenied(_)) => {
                    "allow secretsmanager:GetSecretValue, and kms:Decrypt if it has a key of its own"
                }
                UnreadableCause::Failed(_) => "try again",
            };
            format!(
                "the policy document of the stack \"{name}\" ({id}): {cause}; {fix}, or use --policy FILE: {}",
                unreadable.detail
            )
        })?;
        match Document::from_yaml(&version.text) {
            Ok(_) => Ok(Some(version)),
            // The text may be that of another secret.
            Err(invalid) => Err(format!(
                "the policy document of the stack \"{name}\" ({id}) is not valid, so that the function denies every \
                 Pod: {}; run deploy/policy check on its file",
                invalid.without_text()
            )),
        }
    }
}
