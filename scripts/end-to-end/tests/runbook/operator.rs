//! An operator of the stack at a terminal: the built command, with credentials of the stack's account.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use end_to_end::processes;
use local_cloud::build;
use local_cloud::cli::ACCOUNT;
use local_cloud::stack::Stack;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_util::task::AbortOnDropHandle;

/// The command, built once.
fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build::build("ecr-admission-cli", "--bin", "ecr-admission").unwrap())
}

/// What makes the command call the stack's AWS.
pub(crate) struct Operator {
    variables: Vec<(&'static str, String)>,
    _answers: AbortOnDropHandle<()>,
}

impl Operator {
    /// The operator of a stack whose admission function has run.
    pub(crate) async fn of(stack: &Stack) -> Self {
        let functions = processes::of(stack, "admission");
        let function = functions.first().unwrap();
        let mut variables = function.aws_variables();
        // The functions ask neither of them, so the stack does not have them.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        for name in ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_CLOUDFORMATION"] {
            variables.push((name, url.clone()));
        }
        let stack = described(&function.variable("POLICY_SECRET").unwrap());
        let answers = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                answer(connection, &stack).await;
            }
        });
        Self { variables, _answers: AbortOnDropHandle::new(answers) }
    }

    /// Types `deploy/policy …`; what it prints. It must succeed.
    pub(crate) async fn run(&self, line: &str) -> String {
        let Output { status, stdout, stderr } = self.output(line).await;
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.success() && said.is_empty(), "{line}: {status}\n{said}");
        String::from_utf8(stdout).unwrap()
    }

    /// Types `deploy/policy …`; why it is refused.
    pub(crate) async fn refused(&self, line: &str) -> String {
        let Output { status, stdout, stderr } = self.output(line).await;
        let out = String::from_utf8_lossy(&stdout);
        assert!(status.code() == Some(1) && out.is_empty(), "{line}: {status}\n{out}");
        String::from_utf8(stderr).unwrap()
    }

    async fn output(&self, line: &str) -> Output {
        // What deploy/policy runs.
        let words = line.strip_prefix("deploy/policy ").unwrap_or_else(|| panic!("{line}"));
        let command = Command::new(program())
            .arg("policy")
            .args(words.split_whitespace())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .output();
        command.await.unwrap()
    }
}

/// The stack `EcrAdmission`, whose secret has this ARN.
fn described(secret: &str) -> String {
    let outputs = [
        ("RegistryIdsInForce", ACCOUNT),
        ("RegistryRegionInForce", "us-east-1"),
        ("IgnoredNamespacesInForce", "kube-system"),
        ("SeverityLimitInForce", "CRITICAL"),
        ("PolicySecretInForce", secret),
        ("PinNamespacesInForce", ""),
        ("RewritesInForce", ""),
        ("MaxImagesInForce", "100"),
        ("CacheSecondsInForce", "0"),
    ];
    let member = |(key, value): (&str, &str)| {
        format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>")
    };
    let outputs: String = outputs.map(member).concat();
    format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>\
         <StackId>arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/EcrAdmission/e2e</StackId>\
         <StackName>EcrAdmission</StackName><StackStatus>CREATE_COMPLETE</StackStatus>\
         <CreationTime>2026-11-21T00:00:00Z</CreationTime><Outputs>{outputs}</Outputs></member></Stacks>\
         </DescribeStacksResult></DescribeStacksResponse>"
    )
}

/// Answers `GetCallerIdentity`, or `DescribeStacks` for this stack.
async fn answer(mut connection: TcpStream, stack: &str) {
    let mut request = vec![];
    let body = loop {
        let read = String::from_utf8_lossy(&request);
        if read.contains("Action=GetCallerIdentity") {
            break format!(
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{ACCOUNT}</Account>\
                 <Arn>arn:aws:iam::{ACCOUNT}:user/oncall</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
            );
        }
        if read.contains("Action=DescribeStacks") && read.contains("StackName=EcrAdmission") {
            break stack.to_owned();
        }
        if connection.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(answer.as_bytes()).await.unwrap();
}
