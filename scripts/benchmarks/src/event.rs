//! The events that API Gateway sends to the two functions, as local-cloud's gateway writes them, for a
//! function that runs without one.

use bytes::Bytes;
use http::Request;
use local_cloud::gateway;
use serde_json::{Value, json};

use crate::failure::Failure;

/// The event of a review, sent now.
pub fn validate(review: &Value) -> Result<Bytes, Failure> {
    let request = Request::post("/validate?timeout=10s")
        .header("accept", "application/json, */*")
        .header("content-type", "application/json")
        .header("host", "local.execute-api.us-east-1.amazonaws.com")
        .header("user-agent", "kube-apiserver-admission")
        .body(review.to_string().into())?;
    let context = json!({"cluster": "local", "token": "current"});
    let event = gateway::event(request, context.as_object());
    Ok(event.ok_or("/validate is not a route of the gateway")?)
}

/// The event of the authorizer for the same request.
pub fn authorize(token: &str) -> Result<Bytes, Failure> {
    let request = Request::post("/validate?timeout=10s")
        .header("authorization", format!("Bearer {token}"))
        .header("host", "local.execute-api.us-east-1.amazonaws.com")
        .header("user-agent", "kube-apiserver-admission")
        .body(Bytes::new())?;
    Ok(gateway::authorizer_event(request).ok_or("/validate is not a route of the gateway")?)
}

/// Whether the authorizer's answer lets the caller in; `None` when it is not an answer.
pub fn authorizes(answer: &[u8]) -> Option<bool> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    answer.get("isAuthorized")?.as_bool()
}

/// Whether the function's answer admits; `None` when it is not an AdmissionReview.
pub fn admits(answer: &[u8]) -> Option<bool> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let review: Value = serde_json::from_str(answer.get("body")?.as_str()?).ok()?;
    review.pointer("/response/allowed")?.as_bool()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_is_read() {
        let answer = |allowed: bool| {
            let review = json!({"response": {"uid": "u", "allowed": allowed}}).to_string();
            json!({"statusCode": 200, "body": review}).to_string()
        };
        assert_eq!(admits(answer(true).as_bytes()), Some(true));
        assert_eq!(admits(answer(false).as_bytes()), Some(false));
        assert_eq!(admits(br#"{"statusCode":400,"body":"the body is empty"}"#), None);
        assert_eq!(admits(b""), None);
        assert_eq!(authorizes(br#"{"isAuthorized":true}"#), Some(true));
        assert_eq!(authorizes(br#"{"isAuthorized":false,"context":{}}"#), Some(false));
        assert_eq!(authorizes(b"{}"), None);
    }
}
