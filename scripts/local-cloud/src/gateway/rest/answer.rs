//! From what the function answered to an HTTP response, as a Lambda proxy integration of a REST API has it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use crate::gateway::reply::{self, Reply};

/// An answer with any other field is malformed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Proxied {
    status_code: Option<u16>,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    body: Option<String>,
    is_base64_encoded: bool,
}

/// Why an answer cannot be sent on.
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

/// The response for an answer, which is an object.
pub(super) fn reply(answer: &Bytes) -> Result<Reply, AnswerError> {
    let object: serde_json::Map<String, Value> = serde_json::from_slice(answer)?;
    let answer: Proxied = serde_json::from_value(Value::Object(object))?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded { STANDARD.decode(body)? } else { body.into_bytes() };
    let mut reply = reply::ok("application/json", body);
    let status = answer.status_code.unwrap_or(200);
    *reply.status_mut() = StatusCode::from_u16(status)
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or(AnswerError::Status(status))?;
    let one =
        answer.headers.unwrap_or_default().into_iter().map(|(name, value)| (name, vec![value]));
    let headers = reply.headers_mut();
    for (name, values) in one.chain(answer.multi_value_headers.unwrap_or_default()) {
        let mut first = true;
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            let pair = HeaderName::try_from(&name).ok().zip(HeaderValue::try_from(text).ok());
            let (header, value) = pair.ok_or_else(|| AnswerError::Header(name.clone()))?;
            if std::mem::take(&mut first) {
                headers.insert(header, value);
            } else {
                headers.append(header, value);
            }
        }
    }
    // hyper writes the length of the body that is really sent.
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn an_answer_says_everything_itself() {
        let answer = r#"{"statusCode":201,"headers":{"X-N":1},"multiValueHeaders":{"X-M":["a","b"]},"body":"aGk=","isBase64Encoded":true}"#;
        let reply = reply(&Bytes::from(answer)).unwrap();
        assert_eq!(reply.status(), 201);
        assert_eq!(
            (&reply.headers()["content-type"], &reply.headers()["x-n"]),
            (&"application/json".parse().unwrap(), &"1".parse().unwrap())
        );
        assert_eq!(reply.headers().get_all("x-m").iter().count(), 2);
        assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), "hi");
    }

    #[test]
    fn malformed_answers() {
        for answer in [
            "",
            "not JSON",
            "null",
            r#""hi""#,
            "[200]",
            r#"{"any":"thing"}"#,
            r#"{"statusCode":200,"body":"","cookies":[]}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":42}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
        ] {
            assert!(reply(&Bytes::from(answer)).is_err(), "{answer}");
        }
    }
}
