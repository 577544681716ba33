//! From what the function answered to an HTTP response, as a Lambda proxy integration of a REST API has it.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::gateway::reply::{self, AnswerError, Reply};

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

/// The response for an answer, which is an object.
pub(super) fn reply(answer: &Bytes) -> Result<Reply, AnswerError> {
    let object: serde_json::Map<String, Value> = serde_json::from_slice(answer)?;
    let answer: Proxied = serde_json::from_value(Value::Object(object))?;
    let Proxied { status_code, body, is_base64_encoded, .. } = answer;
    let status = status_code.unwrap_or(200);
    let mut reply = reply::of_answer("application/json", status, body, is_base64_encoded)?;
    let one =
        answer.headers.unwrap_or_default().into_iter().map(|(name, value)| (name, vec![value]));
    let headers = reply.headers_mut();
    for (name, values) in one.chain(answer.multi_value_headers.unwrap_or_default()) {
        let mut first = true;
        for value in values {
            let (header, value) = reply::header(&name, &value)?;
            if std::mem::take(&mut first) {
                headers.insert(header, value);
            } else {
                headers.append(header, value);
            }
        }
    }
    reply::without_length(headers);
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
