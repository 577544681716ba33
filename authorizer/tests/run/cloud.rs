//! What the function talks to: the Lambda Runtime API and Secrets Manager, as far as these tests
//! go.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// The program under test.
const FUNCTION: &str = env!("CARGO_BIN_EXE_authorizer");

/// An HTTP answer of Secrets Manager.
pub(crate) type Answer = (u16, String);

/// A version of the secret, created an hour ago.
pub(crate) fn value(version: &str, text: &str) -> Answer {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    (
        200,
        json!({"VersionId": version, "CreatedDate": now - 3600, "SecretString": text}).to_string(),
    )
}

/// A refusal, as Secrets Manager words it.
pub(crate) fn refusal(code: &str, message: &str) -> Answer {
    (400, json!({"__type": code, "message": message}).to_string())
}

struct Inner {
    secret: Mutex<HashMap<&'static str, Answer>>,
    reads: Mutex<Vec<String>>,
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<String>>,
    answers: mpsc::UnboundedSender<(String, String)>,
}

/// The cloud around one run.
pub(crate) struct Cloud {
    address: String,
    inner: Arc<Inner>,
    events: mpsc::UnboundedSender<String>,
    answers: Option<mpsc::UnboundedReceiver<(String, String)>>,
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        let (event_sender, event_receiver) = mpsc::unbounded_channel();
        let (answers, answer_receiver) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            secret: Mutex::default(),
            reads: Mutex::default(),
            events: tokio::sync::Mutex::new(event_receiver),
            answers,
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next_event))
            .route("/2018-06-01/runtime/invocation/one/{outcome}", post(outcome))
            .route("/", post(get_secret_value))
            .with_state(Arc::clone(&inner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, inner, events: event_sender, answers: Some(answer_receiver) }
    }

    /// What Secrets Manager answers from now on when the version `stage` is asked for.
    pub(crate) fn set(&self, stage: &'static str, answer: Answer) {
        self.inner.secret.lock().unwrap().insert(stage, answer);
    }

    /// The stages that were asked for so far.
    pub(crate) fn reads(&self) -> Vec<String> {
        self.inner.reads.lock().unwrap().clone()
    }

    /// Starts the function, once.
    pub(crate) fn run(&mut self, extra: &[(&str, &str)]) -> Run {
        self.start_program(Command::new(FUNCTION), extra)
    }

    /// The same with no more than this address space, in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn run_with_memory(&mut self, extra: &[(&str, &str)], kib: u32) -> Run {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("ulimit -v {kib} && exec {FUNCTION}")]);
        self.start_program(shell, extra)
    }

    fn start_program(&mut self, mut program: Command, extra: &[(&str, &str)]) -> Run {
        let endpoint = format!("http://{}", self.address);
        let child = program
            .env_clear()
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "authorizer"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_RUNTIME_API", &self.address),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
                ("AWS_SESSION_TOKEN", "the-session-token"),
                ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoint),
                ("TOKEN_SECRET_ARN", "ecr-admission/token"),
            ])
            .envs(extra.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (events, answers) = (self.events.clone(), self.answers.take().unwrap());
        Run {
            child,
            events,
            answers,
            answered: String::new(),
            expected: vec![],
            stdout: String::new(),
            stderr: String::new(),
        }
    }
}

async fn next_event(State(cloud): State<Arc<Inner>>) -> impl IntoResponse {
    let event = cloud.events.lock().await.recv().await;
    let headers = [
        ("lambda-runtime-aws-request-id", "one"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:authorizer",
        ),
    ];
    event.map(|event| (headers, event)).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

async fn outcome(
    State(cloud): State<Arc<Inner>>,
    Path(outcome): Path<String>,
    body: String,
) -> StatusCode {
    cloud.answers.send((outcome, body)).unwrap();
    StatusCode::ACCEPTED
}

async fn get_secret_value(State(cloud): State<Arc<Inner>>, body: String) -> impl IntoResponse {
    let request: Value = serde_json::from_str(&body).unwrap();
    let stage = request["VersionStage"].as_str().unwrap();
    cloud.reads.lock().unwrap().push(stage.to_owned());
    let answer = cloud.secret.lock().unwrap().get(stage).cloned();
    let (status, text) =
        answer.unwrap_or_else(|| refusal("ResourceNotFoundException", "no such version"));
    (StatusCode::from_u16(status).unwrap(), text)
}

/// One life of the function.
pub(crate) struct Run {
    child: Child,
    events: mpsc::UnboundedSender<String>,
    answers: mpsc::UnboundedReceiver<(String, String)>,
    answered: String,
    expected: Vec<(String, Option<&'static str>)>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The answer to `event`, or the error that was reported to Lambda.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Value, Value> {
        self.send(event.to_string());
        self.outcome().await
    }

    /// What became of the event that was sent last.
    pub(crate) async fn outcome(&mut self) -> Result<Value, Value> {
        let (outcome, body) = self.answers.recv().await.unwrap();
        self.answered.push_str(&body);
        let body = serde_json::from_str(&body).unwrap();
        if outcome == "response" { Ok(body) } else { Err(body) }
    }

    /// Notes the event code and the reason of the line that the last call must have left.
    pub(crate) fn expect(&mut self, code: &str, reason: Option<&'static str>) {
        self.expected.push((code.to_owned(), reason));
    }

    /// Fails unless the last lines are the noted ones.
    pub(crate) fn assert_expected(&self) {
        let lines = self.lines();
        let first = lines.len().checked_sub(self.expected.len()).unwrap();
        for (line, (code, reason)) in lines[first..].iter().zip(&self.expected) {
            assert_eq!((&line["event"], &line["reason"]), (&json!(code), &json!(reason)), "{line}");
        }
    }

    /// Hands this text over as the next event.
    pub(crate) fn send(&self, event: String) {
        self.events.send(event).unwrap();
    }

    /// Ends the function as Lambda does at last, with SIGKILL.
    pub(crate) async fn end(&mut self) {
        self.child.start_kill().unwrap();
        self.exit_code().await;
    }

    /// Waits for the end of the function and takes all it wrote.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        let status = self.child.wait().await.unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut self.stdout).await.unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut self.stderr).await.unwrap();
        status.code()
    }

    /// The log lines; each must be a JSON object with the keys that all have.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines: Vec<Value> =
            self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &lines {
            assert!(
                line["timestamp"].is_string()
                    && line["level"].is_string()
                    && line["event"].is_string()
                    && line["message"].is_string(),
                "{line}"
            );
        }
        lines
    }

    /// All that the function said, to anybody.
    pub(crate) fn everything(&self) -> String {
        format!("{}{}{}", self.answered, self.stdout, self.stderr)
    }
}
