//! The Lambda Runtime API and Extensions API on the wire, for one sandbox. What a call means is
//! for the sandbox to say; this file only turns HTTP into [`Call`]s and their outcomes into HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{InvokeError, PAYLOAD_LIMIT};

const EXTENSION_NAME: &str = "Lambda-Extension-Name";
const EXTENSION_ID: &str = "Lambda-Extension-Identifier";

/// What the process in the sandbox asked for, and where the outcome goes.
#[derive(Debug)]
pub(super) enum Call {
    /// The runtime wants its next event. No outcome until there is one.
    Next(oneshot::Sender<NextEvent>),
    /// The runtime answers an event.
    Answer { request_id: String, result: Result<Bytes, InvokeError>, outcome: Outcome<()> },
    /// The runtime could not start.
    InitFailed { error: InvokeError, outcome: Outcome<()> },
    /// An extension names itself and the events it wants; the outcome is its identifier.
    Register { name: String, events: Vec<String>, outcome: Outcome<Registered> },
    /// An extension wants its next event. No outcome until there is one.
    ExtensionNext { id: String, event: Outcome<oneshot::Receiver<Value>> },
    /// An extension could not start, or gives up.
    ExtensionFailed { id: String, error: InvokeError, outcome: Outcome<()> },
}

/// The way back to the caller.
pub(super) type Outcome<T> = oneshot::Sender<Result<T, Refusal>>;

/// What `/next` answers.
#[derive(Debug)]
pub(super) struct NextEvent {
    pub(super) request_id: String,
    pub(super) trace_id: String,
    pub(super) deadline_ms: u128,
    pub(super) arn: String,
    pub(super) event: Bytes,
}

/// What registering answers.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) id: String,
    pub(super) function: String,
    pub(super) account: String,
}

/// A call that Lambda refuses: `errorType` and `errorMessage`.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) &'static str, pub(super) String);

/// Serves one sandbox's API until dropped.
pub(super) async fn serve(listener: TcpListener, calls: mpsc::Sender<Call>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let calls = calls.clone();
        connections.spawn(async move {
            let _delay_only = stream.set_nodelay(true);
            let service = service_fn(move |request| {
                let calls = calls.clone();
                async move { Ok::<_, Infallible>(answer(request, &calls).await) }
            });
            // A runtime that hangs up is seen as a process that ended.
            let _hung_up =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(request: Request<Incoming>, calls: &mpsc::Sender<Call>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, PAYLOAD_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(InvokeError::failed(
            "Function.ResponseSizeTooLarge",
            format!(
                "the answer could not be read, or is larger than {PAYLOAD_LIMIT} bytes: {error}"
            ),
        )),
    };
    let segments: Vec<&str> = parts.uri.path().trim_matches('/').split('/').collect();
    let response = match (&parts.method, segments.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => next(calls).await,
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, "response"]) => {
            give(calls, id, body).await
        }
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, "error"]) => {
            give(calls, id, body.and_then(|body| Err(diagnostic(&body)))).await
        }
        (&Method::POST, ["2018-06-01", "runtime", "init", "error"]) => {
            let error = body.map_or_else(|error| error, |body| diagnostic(&body));
            accepted(ask(calls, |outcome| Call::InitFailed { error, outcome }).await)
        }
        (&Method::POST, ["2020-01-01", "extension", "register"]) => {
            register(calls, &parts.headers, &body.unwrap_or_default()).await
        }
        (&Method::GET, ["2020-01-01", "extension", "event", "next"]) => {
            extension_next(calls, &parts.headers).await
        }
        (&Method::POST, ["2020-01-01", "extension", "init" | "exit", "error"]) => {
            let id = header(&parts.headers, EXTENSION_ID);
            let error = body.map_or_else(|error| error, |body| diagnostic(&body));
            accepted(ask(calls, |outcome| Call::ExtensionFailed { id, error, outcome }).await)
        }
        _ => Err(Refusal(
            "NotFound",
            format!("{} {} is not served here", parts.method, parts.uri.path()),
        )),
    };
    response.unwrap_or_else(|Refusal(kind, message)| {
        let status = match kind {
            "NotFound" => StatusCode::NOT_FOUND,
            "InvalidRequestID" => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        };
        json_response(status, &json!({"errorType": kind, "errorMessage": message}))
    })
}

type Answered = Result<Response<Full<Bytes>>, Refusal>;

async fn next(calls: &mpsc::Sender<Call>) -> Answered {
    let (event, arrival) = oneshot::channel();
    calls.send(Call::Next(event)).await.map_err(|_closed| gone())?;
    let next = arrival.await.map_err(|_dropped| gone())?;
    Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", next.request_id)
        .header("Lambda-Runtime-Deadline-Ms", next.deadline_ms.to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", next.arn)
        .header("Lambda-Runtime-Trace-Id", next.trace_id)
        .body(Full::new(next.event))
        .map_err(|error| Refusal("InvalidHeader", error.to_string()))
}

async fn give(
    calls: &mpsc::Sender<Call>,
    id: &str,
    result: Result<Bytes, InvokeError>,
) -> Answered {
    let request_id = id.to_owned();
    accepted(ask(calls, |outcome| Call::Answer { request_id, result, outcome }).await)
}

async fn register(calls: &mpsc::Sender<Call>, headers: &HeaderMap, body: &[u8]) -> Answered {
    #[derive(Deserialize)]
    struct Wanted {
        events: Vec<String>,
    }
    let name = header(headers, EXTENSION_NAME);
    let Wanted { events } = serde_json::from_slice(body).map_err(|error| {
        Refusal("InvalidRequestFormat", format!("the body must be {{\"events\":[…]}}: {error}"))
    })?;
    let registered = ask(calls, |outcome| Call::Register { name, events, outcome }).await?;
    let mut response = json_response(
        StatusCode::OK,
        &json!({
            "functionName": registered.function, "functionVersion": "$LATEST",
            "handler": "bootstrap", "accountId": registered.account,
        }),
    );
    let id = registered.id.parse().map_err(|error| Refusal("InvalidHeader", format!("{error}")))?;
    response.headers_mut().insert(EXTENSION_ID, id);
    Ok(response)
}

async fn extension_next(calls: &mpsc::Sender<Call>, headers: &HeaderMap) -> Answered {
    let id = header(headers, EXTENSION_ID);
    let event = ask(calls, |event| Call::ExtensionNext { id, event }).await?;
    let event = event.await.map_err(|_dropped| gone())?;
    Ok(json_response(StatusCode::OK, &event))
}

async fn ask<T>(
    calls: &mpsc::Sender<Call>,
    call: impl FnOnce(Outcome<T>) -> Call,
) -> Result<T, Refusal> {
    let (outcome, arrival) = oneshot::channel();
    calls.send(call(outcome)).await.map_err(|_closed| gone())?;
    arrival.await.map_err(|_dropped| gone())?
}

fn accepted(outcome: Result<(), Refusal>) -> Answered {
    outcome.map(|()| json_response(StatusCode::ACCEPTED, &json!({"status": "OK"})))
}

fn gone() -> Refusal {
    Refusal("SandboxGone", "this sandbox has ended".to_owned())
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The error a function reports about itself; whatever cannot be read is reported as it came.
fn diagnostic(body: &[u8]) -> InvokeError {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Diagnostic {
        error_type: String,
        error_message: String,
    }
    match serde_json::from_slice(body) {
        Ok(Diagnostic { error_type, error_message }) => {
            InvokeError::failed(&error_type, error_message)
        }
        Err(_) => InvokeError::failed("Runtime.UnknownReason", String::from_utf8_lossy(body)),
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
