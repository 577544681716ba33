//! Bodies: how large they may be, and which of them travel as base64.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::reply::{Reply, message};

/// API Gateway's "10 MB", in bytes.
const LIMIT: usize = 10 * 1024 * 1024;

/// A body past the limit is read on this far, so that the client gets to read the answer.
const PATIENCE: usize = 4 * LIMIT;

/// Why the body could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body is larger than {LIMIT} bytes")]
    TooLarge,
    #[error("the body broke off: {0}")]
    Broken(hyper::Error),
}

impl BodyError {
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::TooLarge => too_large(),
            Self::Broken(_) => message(StatusCode::BAD_REQUEST, "Bad Request"),
        }
    }
}

/// What a client gets for a body or an event that is too large.
pub(super) fn too_large() -> Reply {
    message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

/// Reads a whole body, up to the limit.
pub(super) async fn read(mut body: Incoming) -> Result<Bytes, BodyError> {
    let mut content = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() {
            size += data.len();
            if size > PATIENCE {
                break;
            }
            if size <= LIMIT {
                content.extend_from_slice(&data);
            }
        }
    }
    if size > LIMIT { Err(BodyError::TooLarge) } else { Ok(content.freeze()) }
}

/// A body as the event holds it, and whether that is base64. An empty body is left out.
///
/// API Gateway passes text on as it is and encodes everything else. Its documentation does not say
/// what text is; against the service it was found to be exactly `text/*`, `application/json`,
/// `application/xml` and `application/javascript` (ministackorg/ministack pull request 766): neither
/// a form nor a body without a content type.
pub(super) fn encode<'a>(body: &'a Bytes, content_type: &str) -> (Option<Cow<'a, str>>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = media_type.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"]
            .contains(&media_type.as_str());
    match std::str::from_utf8(body) {
        Ok(body) if text => (Some(Cow::Borrowed(body)), false),
        _ => (Some(Cow::Owned(STANDARD.encode(body))), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_passed_on_and_everything_else_is_base64() {
        let body = Bytes::from_static(b"{}");
        for text in
            ["application/json", "Application/JSON; charset=utf-8", "text/plain", "application/xml"]
        {
            assert_eq!(encode(&body, text), (Some("{}".into()), false), "{text}");
        }
        for binary in [
            "",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "application/vnd.api+json",
        ] {
            assert_eq!(encode(&body, binary), (Some("e30=".into()), true), "{binary}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_base64() {
        assert_eq!(encode(&Bytes::from_static(b"\xff"), "text/plain"), (Some("/w==".into()), true));
    }

    #[test]
    fn an_empty_body_is_left_out() {
        assert_eq!(encode(&Bytes::new(), "application/octet-stream"), (None, false));
    }
}
