//! How answers are written.

use bytes::Bytes;
use ecr_admission_catalogue::without_nulls;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::Value;

/// An answer, whole.
pub(crate) type Answer = Response<Bytes>;

/// The answer of a JSON 1.1 operation that went well.
pub(crate) fn success(value: Value) -> Answer {
    json(StatusCode::OK, &without_nulls(value))
}

/// The answer of an rpc-v2-cbor operation that has no output: no body either.
pub(crate) fn cbor_success() -> Answer {
    cbor(StatusCode::OK, Vec::new())
}

/// A blob's answer.
pub(crate) fn blob(content: Bytes) -> Answer {
    answer(StatusCode::OK, "application/octet-stream", content)
}

/// The answer to a request whose body is over the limit.
pub(crate) fn too_large() -> Answer {
    answer(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "the request body is over 1 MiB")
}

/// The answer with its second half missing; one without a body gets half a CBOR map.
pub(crate) fn broken(answer: Answer) -> Answer {
    answer.map(|body| match body.len() {
        0 => Bytes::from_static(&[0xbf, 0x61]),
        length => body.slice(..length / 2),
    })
}

pub(crate) fn json(status: StatusCode, value: &Value) -> Answer {
    answer(status, "application/x-amz-json-1.1", value.to_string())
}

pub(crate) fn cbor(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = answer(status, "application/cbor", body);
    answer.headers_mut().insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    answer
}

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::try_from(uuid::Uuid::new_v4().to_string()) {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
    answer
}
