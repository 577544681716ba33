//! The event that API Gateway sends to the admission function (payload format 2.0), for a function
//! that runs beside our own Runtime API. What comes through a front door is made by local-cloud.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use local_cloud::cli::ACCOUNT;
use serde_json::{Value, json};

/// The event of a review, sent now.
pub fn validate(review: &Value) -> Bytes {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let event = json!({
        "version": "2.0",
        "routeKey": "POST /validate",
        "rawPath": "/validate",
        "rawQueryString": "timeout=10s",
        "headers": {
            "accept": "application/json, */*",
            "content-type": "application/json",
            "host": "local.execute-api.us-east-1.amazonaws.com",
            "user-agent": "kube-apiserver-admission",
        },
        "queryStringParameters": {"timeout": "10s"},
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "authorizer": {"lambda": {"cluster": "local", "token": "current"}},
            "domainName": "local.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "local",
            "http": {
                "method": "POST",
                "path": "/validate",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "kube-apiserver-admission",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /validate",
            "stage": "$default",
            "time": "20/Nov/2026:08:00:00 +0000",
            "timeEpoch": u64::try_from(now).unwrap_or(u64::MAX),
        },
        "body": review.to_string(),
        "isBase64Encoded": false,
    });
    event.to_string().into()
}

/// Whether the function's answer admits; `None` when it is no AdmissionReview.
pub fn admits(answer: &[u8]) -> Option<bool> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let review: Value = serde_json::from_str(answer.get("body")?.as_str()?).ok()?;
    review.pointer("/response/allowed")?.as_bool()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_what_is_none_is_refused() {
        let answer = |allowed: bool| {
            let review = json!({"response": {"uid": "u", "allowed": allowed}}).to_string();
            json!({"statusCode": 200, "body": review}).to_string()
        };
        assert_eq!(admits(answer(true).as_bytes()), Some(true));
        assert_eq!(admits(answer(false).as_bytes()), Some(false));
        assert_eq!(admits(br#"{"statusCode":400,"body":"the body is empty"}"#), None);
        assert_eq!(admits(b""), None);
    }
}
