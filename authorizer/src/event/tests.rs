use proptest::prelude::*;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::*;

/// What API Gateway sends for a call of the kube-apiserver.
const VALIDATE: &str = include_str!("../../tests/events/validate.json");
/// The example of the developer guide, with two identity sources, cookies and a client
/// certificate.
const GUIDE: &str = include_str!("../../tests/events/guide.json");

fn decode(event: &Value) -> Result<Request, BadEvent> {
    Request::decode(&serde_json::value::to_raw_value(event).unwrap())
}

fn is(token: Option<&Token>, expected: &str) -> bool {
    token.is_some_and(|token| token.digest().ct_eq(&Token::new(expected).digest()).into())
}

/// The event of the kube-apiserver after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Request {
    let mut event = serde_json::from_str(VALIDATE).unwrap();
    change(&mut event);
    decode(&event).unwrap()
}

#[test]
fn the_event_of_a_kube_apiserver() {
    let request = changed(|_| ());
    assert!(is(request.token.as_ref(), "TOKEN"));
    assert_eq!(request.source_ip.as_deref(), Some("203.0.113.10"));
    assert_eq!(request.request_id.as_deref(), Some("TnbxGhkGoAMEJ1w="));
}

#[test]
fn the_example_of_the_guide_has_no_bearer_token() {
    assert!(decode(&serde_json::from_str(GUIDE).unwrap()).unwrap().token.is_none());
}

#[test]
fn fields_that_may_be_absent_or_null() {
    let request = changed(|event| {
        let event = event.as_object_mut().unwrap();
        event.remove("headers");
        event.insert("queryStringParameters".to_owned(), Value::Null);
        event.insert("stageVariables".to_owned(), Value::Null);
    });
    assert!(is(request.token.as_ref(), "TOKEN"));
}

#[test]
fn the_identity_source_alone_counts_where_there_is_one() {
    for (sources, token) in [
        (json!(["Bearer A"]), Some("A")),
        (json!(["10.0.0.1", "Bearer A"]), Some("A")),
        (json!(["A"]), None),
        (json!([""]), None),
        (json!(["Bearer A", "Bearer A"]), None),
        (json!(["Bearer A", "Bearer B"]), None),
        // The `authorization` header still says `Bearer TOKEN`.
        (json!([]), Some("TOKEN")),
        (Value::Null, Some("TOKEN")),
    ] {
        let request = changed(|event| event["identitySource"] = sources.clone());
        match token {
            Some(token) => assert!(is(request.token.as_ref(), token), "{sources}"),
            None => assert!(request.token.is_none(), "{sources}"),
        }
    }
}

#[test]
fn without_an_identity_source_the_header_counts_in_any_case() {
    for (headers, token) in [
        (json!({"authorization": "Bearer A"}), Some("A")),
        (json!({"Authorization": "Bearer A"}), Some("A")),
        (json!({"AUTHORIZATION": "Bearer A"}), Some("A")),
        // As API Gateway puts a header together that was sent twice.
        (json!({"authorization": "Bearer A,Bearer B"}), Some("A,Bearer B")),
        (json!({"authorization": "Bearer é"}), None),
        (json!({"x-authorization": "Bearer A"}), None),
        (json!({}), None),
    ] {
        let request = changed(|event| {
            event.as_object_mut().unwrap().remove("identitySource");
            event["headers"] = headers.clone();
        });
        match token {
            Some(token) => assert!(is(request.token.as_ref(), token), "{headers}"),
            None => assert!(request.token.is_none(), "{headers}"),
        }
    }
}

#[test]
fn other_events_are_refused_without_a_word_of_them() {
    let event: Value = serde_json::from_str(VALIDATE).unwrap();
    let with = |field: &str, value: Value| {
        let mut event = event.clone();
        event[field] = value;
        event
    };
    for event in [
        json!(null),
        json!("Bearer SECRET"),
        json!({}),
        with("version", json!("1.0")),
        with("version", json!(null)),
        with("identitySource", json!("Bearer SECRET")),
        with("headers", json!({"authorization": {"Bearer": "SECRET"}})),
        with("requestContext", json!("SECRET")),
    ] {
        let refusal = decode(&event).unwrap_err();
        let text = format!("{refusal} {refusal:?}");
        assert!(
            text.contains("AuthorizerPayloadFormatVersion") && !text.contains("SECRET"),
            "{text}"
        );
    }
}

#[test]
fn authorization_values() {
    for value in [
        "Bearer A",
        "bearer A",
        "BEARER A",
        "bEaReR A",
        "Bearer    A",
        " Bearer A ",
        "\tBearer A\t",
    ] {
        assert!(is(bearer(value).as_ref(), "A"), "{value:?}");
    }
    // One word more is part of the token and makes it a wrong one.
    assert!(is(bearer("Bearer A B").as_ref(), "A B"));
    assert!(is(bearer("Bearer A, Bearer B").as_ref(), "A, Bearer B"));
    for value in [
        "",
        " ",
        "A",
        "Bearer",
        "Bearer ",
        "Bearer   ",
        "BearerA",
        "Basic A",
        "Bear er A",
        "Bearer\tA",
    ] {
        assert!(bearer(value).is_none(), "{value:?}");
    }
}

#[test]
fn the_answers_to_api_gateway() {
    let caller = Caller { cluster: "default".to_owned(), stage: Stage::Previous };
    assert_eq!(
        serde_json::to_string(&respond(Some(&caller))).unwrap(),
        r#"{"isAuthorized":true,"context":{"cluster":"default","token":"previous"}}"#
    );
    assert_eq!(
        serde_json::to_string(&respond(None)).unwrap(),
        r#"{"isAuthorized":false,"context":{}}"#
    );
}

#[test]
fn a_request_shows_no_token() {
    let debug = format!("{:?}", changed(|_| ()));
    assert!(debug.contains("Token(…)") && !debug.contains("TOKEN"), "{debug}");
}

proptest! {
    #[test]
    fn every_token_comes_out_as_it_was_sent(
        scheme in "[Bb][Ee][Aa][Rr][Ee][Rr]",
        spaces in " {1,5}",
        token in "[!-~]{1,80}",
    ) {
        let value = format!("{scheme}{spaces}{token}");
        prop_assert!(is(bearer(&value).as_ref(), &token));
    }

    #[test]
    fn only_the_scheme_bearer_brings_a_token(
        value in "[ \t]{0,2}([Bb]earer|[Bb]asic|\\PC{0,8})[ \t]{0,3}\\PC{0,40}",
    ) {
        let start = value.trim_matches([' ', '\t']).get(..7).map(str::to_ascii_lowercase);
        prop_assert_eq!(bearer(&value).is_some(), start.as_deref() == Some("bearer "));
    }
}
