//! The built command, with the AWS of a running stack.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use end_to_end::processes;
use local_cloud::build;
use local_cloud::stack::Stack;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_util::task::AbortOnDropHandle;

/// The command, built once.
fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build::build("ecr-admission-cli", "--bin", "ecr-admission").unwrap())
}

/// Runs `check` with these variables and no others, with its report as JSON.
pub(crate) async fn run(args: &[String], variables: &[(&str, String)]) -> Output {
    let mut command = Command::new(program());
    command.args(["check", "-o", "json"]).args(args).env_clear();
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.output().await.unwrap()
}

/// The same; its report, which says that something would be denied.
pub(crate) async fn check(args: &[String], variables: &[(&str, String)]) -> String {
    let output = run(args, variables).await;
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    String::from_utf8(output.stdout).unwrap()
}

/// The objects of a report, of which all input could be read.
pub(crate) fn objects(report: &str) -> Vec<Value> {
    let mut report: Value = serde_json::from_str(report).unwrap();
    assert_eq!(report["unreadable"], serde_json::json!([]));
    assert_eq!(report["summary"]["unknown"], 0, "{report}");
    let Value::Array(objects) = report["objects"].take() else { panic!("no objects: {report}") };
    objects
}

/// AWS, as somebody with credentials of the stack's account calls it.
pub(crate) struct Aws {
    /// What makes an AWS tool call it.
    pub(crate) variables: Vec<(&'static str, String)>,
    _caller: AbortOnDropHandle<()>,
}

impl Aws {
    /// That of a stack whose admission function has run.
    pub(crate) async fn of(stack: &Stack) -> Self {
        let functions = processes::of(stack, "admission");
        let function = functions.first().unwrap();
        let mut variables = function.aws_variables();
        // The functions never ask whose credentials they have, so the stack cannot say it.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        variables.push(("AWS_ENDPOINT_URL_STS", format!("http://{address}")));
        let caller = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                say_caller(connection).await;
            }
        });
        Self { variables, _caller: AbortOnDropHandle::new(caller) }
    }
}

/// The answer to `GetCallerIdentity`.
async fn say_caller(mut connection: TcpStream) {
    let mut request = vec![];
    while !String::from_utf8_lossy(&request).contains("Action=GetCallerIdentity") {
        if connection.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    }
    let account = local_cloud::cli::ACCOUNT;
    let body = format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(answer.as_bytes()).await.unwrap();
}
