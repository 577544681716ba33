//! Replies, as they leave.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

pub(super) type Reply = Response<Full<Bytes>>;

/// A reply with status 200.
pub(super) fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A reply of the gateway itself.
pub(super) fn message(status: StatusCode, text: &str) -> Reply {
    let mut reply = ok("application/json", json!({"message": text}).to_string());
    *reply.status_mut() = status;
    reply
}

/// Why an answer of a function cannot be sent on.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("statusCode {0} is not an HTTP status from 200 to 599")]
    Status(u16),
    #[error("the body is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("header {0:?} cannot be sent")]
    Header(String),
}

/// The reply that a function gives with these members of its answer, yet without its headers.
pub(super) fn of_answer(
    content_type: &'static str,
    status: u16,
    body: Option<String>,
    is_base64: bool,
) -> Result<Reply, AnswerError> {
    let body = body.unwrap_or_default();
    let body = if is_base64 { STANDARD.decode(body)? } else { body.into_bytes() };
    let mut reply = ok(content_type, body);
    *reply.status_mut() = StatusCode::from_u16(status)
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or(AnswerError::Status(status))?;
    Ok(reply)
}

/// A header of an answer. A value that is not text is sent as JSON.
pub(super) fn header(name: &str, value: &Value) -> Result<(HeaderName, HeaderValue), AnswerError> {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(text).ok());
    pair.ok_or_else(|| AnswerError::Header(name.to_owned()))
}

/// Leaves to hyper what says how long the body is that is really sent.
pub(super) fn without_length(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
}
