//! From what the function answered to an HTTP response, as payload format 2.0 has it.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::Value;

use super::reply::{self, AnswerError, Reply};

const JSON: &str = "application/json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response for an answer. One with a `statusCode` says everything itself; any other is the
/// body, as JSON with status 200.
pub(super) fn reply(answer: &Bytes) -> Result<Reply, AnswerError> {
    match serde_json::from_slice::<Value>(answer)? {
        Value::Object(object) if object.contains_key("statusCode") => {
            structured(serde_json::from_value(Value::Object(object))?)
        }
        Value::String(body) => Ok(reply::ok(JSON, body)),
        _ => Ok(reply::ok(JSON, answer.clone())),
    }
}

fn structured(answer: Structured) -> Result<Reply, AnswerError> {
    let Structured { status_code, body, is_base64_encoded, .. } = answer;
    let mut reply =
        reply::of_answer("text/plain;charset=UTF-8", status_code, body, is_base64_encoded)?;
    let headers = reply.headers_mut();
    for (name, value) in answer.headers.unwrap_or_default() {
        let (name, value) = reply::header(&name, &value)?;
        headers.insert(name, value);
    }
    reply::without_length(headers);
    for cookie in answer.cookies.unwrap_or_default() {
        let value = HeaderValue::try_from(cookie)
            .map_err(|_invalid| AnswerError::Header("set-cookie".to_owned()))?;
        headers.append(header::SET_COOKIE, value);
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn seen(answer: &'static str) -> (u16, String, String) {
        let reply = reply(&Bytes::from(answer)).unwrap();
        let status = reply.status().as_u16();
        let content_type = reply.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        (status, content_type, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_answer_with_a_status_code_says_everything_itself() {
        let answer = r#"{"statusCode":201,"headers":{"Content-Type":"text/html","X-N":1},"body":"aGk=","isBase64Encoded":true}"#;
        assert_eq!(seen(answer).await, (201, "text/html".into(), "hi".into()));
        let plain = (204, "text/plain;charset=UTF-8".into(), String::new());
        assert_eq!(seen(r#"{"statusCode":204}"#).await, plain);
    }

    #[tokio::test]
    async fn any_other_answer_is_the_body() {
        assert_eq!(seen(r#"{"a":1}"#).await, (200, "application/json".into(), r#"{"a":1}"#.into()));
        assert_eq!(seen(r#""hi""#).await, (200, "application/json".into(), "hi".into()));
    }

    #[test]
    fn malformed_answers() {
        for answer in [
            "",
            "not JSON",
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
