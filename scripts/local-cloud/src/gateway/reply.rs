//! Replies, as they leave.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;

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
