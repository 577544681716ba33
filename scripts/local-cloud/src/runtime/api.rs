//! The Lambda Runtime API and Extensions API on the wire, for one sandbox. What a call means is
//! for its receiver to say; this file only turns HTTP into [`Call`]s and their outcomes into HTTP.

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::invocation::{InvokeError, PAYLOAD_LIMIT};

const EXTENSION_NAME: &str = "Lambda-Extension-Name";
const EXTENSION_ID: &str = "Lambda-Extension-Identifier";

/// What the process in the sandbox asked for, and where the outcome goes.
#[derive(Debug)]
pub enum Call {
    /// The runtime wants its next event. No outcome until there is one.
    Next(oneshot::Sender<NextEvent>),
    /// The runtime answers an event.
    Answer {
        /// The event's.
        request_id: String,
        /// What the function answered, or the error that it reported.
        result: Result<Bytes, InvokeError>,
        /// Whether the answer is taken.
        outcome: Outcome<()>,
    },
    /// The runtime could not start.
    InitFailed {
        /// Why.
        error: InvokeError,
        /// That it was heard.
        outcome: Outcome<()>,
    },
    /// An extension names itself and the events it wants; the outcome is its identifier.
    Register {
        /// Its name.
        name: String,
        /// `INVOKE`, `SHUTDOWN`.
        events: Vec<String>,
        /// Its registration.
        outcome: Outcome<Registered>,
    },
    /// An extension wants its next event. No outcome until there is one.
    ExtensionNext {
        /// Its identifier.
        id: String,
        /// Where the event will come from.
        event: Outcome<oneshot::Receiver<Value>>,
    },
    /// An extension could not start, or gives up.
    ExtensionFailed {
        /// Its identifier.
        id: String,
        /// Why.
        error: InvokeError,
        /// That it was heard.
        outcome: Outcome<()>,
    },
}

/// The way back to the caller.
pub type Outcome<T> = oneshot::Sender<Result<T, Refusal>>;

/// What `/next` answers.
#[derive(Debug)]
pub struct NextEvent {
    /// The event's.
    pub request_id: String,
    /// X-Ray's.
    pub trace_id: String,
    /// When the function must have answered, in milliseconds since 1970.
    pub deadline_ms: u128,
    /// The function's.
    pub arn: String,
    /// The event itself.
    pub event: Bytes,
}

/// What registering answers.
#[derive(Debug)]
pub struct Registered {
    /// The extension's identifier.
    pub id: String,
    /// The function's name.
    pub function: String,
    /// The function's account.
    pub account: String,
}

/// A call that Lambda refuses: `errorType` and `errorMessage`.
#[derive(Debug)]
pub struct Refusal(pub(super) &'static str, pub(super) String);

type Calls = State<mpsc::Sender<Call>>;
type Answered = Result<Response, Refusal>;
type Content = Result<Bytes, BytesRejection>;

/// Serves one sandbox's API until dropped.
pub async fn serve(listener: TcpListener, calls: mpsc::Sender<Call>) {
    let api = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
        .route("/2018-06-01/runtime/init/error", post(init_failure))
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(extension_next))
        .route("/2020-01-01/extension/init/error", post(extension_failure))
        .route("/2020-01-01/extension/exit/error", post(extension_failure))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(DefaultBodyLimit::max(PAYLOAD_LIMIT))
        .with_state(calls);
    let listener = listener.tap_io(|stream| {
        let _delay_only = stream.set_nodelay(true);
    });
    // It tries again by itself when it cannot accept a connection.
    let _endless = axum::serve(listener, api).await;
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Refusal(kind, message) = self;
        let status = match kind {
            "NotFound" => StatusCode::NOT_FOUND,
            "InvalidRequestID" => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        };
        json_response(status, &json!({"errorType": kind, "errorMessage": message}))
    }
}

async fn not_found(method: Method, uri: Uri) -> Refusal {
    Refusal("NotFound", format!("{method} {} is not served here", uri.path()))
}

async fn next(State(calls): Calls) -> Answered {
    let (event, arrival) = oneshot::channel();
    calls.send(Call::Next(event)).await.map_err(|_closed| gone())?;
    let next = arrival.await.map_err(|_dropped| gone())?;
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", next.request_id)
        .header("Lambda-Runtime-Deadline-Ms", next.deadline_ms.to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", next.arn)
        .header("Lambda-Runtime-Trace-Id", next.trace_id)
        .body(Body::from(next.event))
        .map_err(|error| Refusal("InvalidHeader", error.to_string()))
}

async fn answer(State(calls): Calls, Path(request_id): Path<String>, body: Content) -> Answered {
    let result = content(body);
    accepted(ask(&calls, |outcome| Call::Answer { request_id, result, outcome }).await)
}

async fn failure(State(calls): Calls, Path(request_id): Path<String>, body: Content) -> Answered {
    let result = Err(diagnostic(body));
    accepted(ask(&calls, |outcome| Call::Answer { request_id, result, outcome }).await)
}

async fn init_failure(State(calls): Calls, body: Content) -> Answered {
    let error = diagnostic(body);
    accepted(ask(&calls, |outcome| Call::InitFailed { error, outcome }).await)
}

async fn register(State(calls): Calls, headers: HeaderMap, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Registration {
        events: Vec<String>,
    }
    let name = text(&headers, EXTENSION_NAME);
    let Registration { events } = serde_json::from_slice(&body).map_err(|error| {
        Refusal("InvalidRequestFormat", format!("the body must be {{\"events\":[…]}}: {error}"))
    })?;
    let registered = ask(&calls, |outcome| Call::Register { name, events, outcome }).await?;
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

async fn extension_next(State(calls): Calls, headers: HeaderMap) -> Answered {
    let id = text(&headers, EXTENSION_ID);
    let event = ask(&calls, |event| Call::ExtensionNext { id, event }).await?;
    let event = event.await.map_err(|_dropped| gone())?;
    Ok(json_response(StatusCode::OK, &event))
}

async fn extension_failure(State(calls): Calls, headers: HeaderMap, body: Content) -> Answered {
    let (id, error) = (text(&headers, EXTENSION_ID), diagnostic(body));
    accepted(ask(&calls, |outcome| Call::ExtensionFailed { id, error, outcome }).await)
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

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn content(body: Content) -> Result<Bytes, InvokeError> {
    body.map_err(|error| {
        let message = format!(
            "the answer could not be read, or is larger than {PAYLOAD_LIMIT} bytes: {error}"
        );
        InvokeError::failed("Function.ResponseSizeTooLarge", message)
    })
}

/// The error a function reports about itself; whatever cannot be read is reported as it came.
fn diagnostic(body: Content) -> InvokeError {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Diagnostic {
        error_type: String,
        error_message: String,
    }
    let body = match content(body) {
        Ok(body) => body,
        Err(error) => return error,
    };
    match serde_json::from_slice(&body) {
        Ok(Diagnostic { error_type, error_message }) => {
            InvokeError::failed(&error_type, error_message)
        }
        Err(_) => InvokeError::failed("Runtime.UnknownReason", String::from_utf8_lossy(&body)),
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
