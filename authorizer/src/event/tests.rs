use proptest::prelude::*;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::*;
use crate::sources::address;

/// What API Gateway sends for a call of the kube-apiserver.
const VALIDATE: &str = include_str!("../../tests/events/validate.json");
/// What it sends for a call with a key in the URL: the authorizer of these routes has no identity source.
const VALIDATE_KEY: &str = include_str!("../../tests/events/validate-key.json");
/// The example of the developer guide, with two identity sources, cookies and a client
/// certificate.
const GUIDE: &str = include_str!("../../tests/events/guide.json");

fn decode(event: &Value, via: Via) -> Result<Request, BadEvent> {
    Request::decode(&serde_json::value::to_raw_value(event).unwrap(), via)
}

fn is(token: Option<&Token>, expected: &str) -> bool {
    token.is_some_and(|token| token.digest().ct_eq(&Token::new(expected).digest()).into())
}

/// Fails unless the credential is this token, or there is none.
fn assert_token(request: &Request, expected: Option<&str>, what: &Value) {
    match (&request.credential, expected) {
        (Ok(Credential::Token(token)), Some(expected)) => {
            assert!(is(Some(token), expected), "{what}");
        }
        (Err(NoCredential::Token), None) => {}
        (credential, _) => panic!("{credential:?} of {what}"),
    }
}

/// The event of a kube-apiserver with a token after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Request {
    let mut event = serde_json::from_str(VALIDATE).unwrap();
    change(&mut event);
    decode(&event, Via::Header).unwrap()
}

/// The event of a kube-apiserver with a key after `change`.
fn changed_key(change: impl FnOnce(&mut Value)) -> Request {
    let mut event = serde_json::from_str(VALIDATE_KEY).unwrap();
    change(&mut event);
    decode(&event, Via::Url).unwrap()
}

#[test]
fn the_event_of_a_kube_apiserver() {
    let request = changed(|_| ());
    assert_token(&request, Some("TOKEN"), &json!("the event"));
    assert_eq!(request.route, Some(Via::Header));
    assert_eq!(request.source_ip, address("203.0.113.10"));
    assert_eq!(request.checked_source, None, "the header is the only identity source");
    assert_eq!(request.request_id.as_deref(), Some("TnbxGhkGoAMEJ1w="));
}

#[test]
fn the_event_of_a_kube_apiserver_with_a_key_in_the_url() {
    let request = changed_key(|_| ());
    let Ok(Credential::UrlKey(key)) = &request.credential else { panic!("{request:?}") };
    let expected = Token::new("0123456789abcdef".repeat(4)).url_key();
    assert!(bool::from(key.digest().ct_eq(&expected.digest())));
    assert_eq!(request.route, Some(Via::Url));
    assert_eq!(request.source_ip, address("203.0.113.10"));
    assert_eq!(request.checked_source, address("203.0.113.10"));
    assert_eq!(request.request_id.as_deref(), Some("TnbxGhkGoAMEJ1w="));
}

#[test]
fn the_example_of_the_guide_has_no_credential() {
    let event = serde_json::from_str(GUIDE).unwrap();
    let request = decode(&event, Via::Header).unwrap();
    assert_eq!(request.credential.unwrap_err(), NoCredential::Token);
    assert_eq!((request.route, request.source_ip), (None, None));
    let request = decode(&event, Via::Url).unwrap();
    assert_eq!(request.credential.unwrap_err(), NoCredential::IdentitySource);
}

#[test]
fn fields_that_may_be_absent_or_null() {
    let absent = |event: &mut Value| {
        let event = event.as_object_mut().unwrap();
        event.remove("headers");
        event.insert("queryStringParameters".to_owned(), Value::Null);
        event.insert("stageVariables".to_owned(), Value::Null);
    };
    let request = changed(|event| {
        absent(event);
        event["pathParameters"] = Value::Null;
    });
    assert_token(&request, Some("TOKEN"), &json!("absent"));
    assert!(changed_key(absent).credential.is_ok());
    for parameters in [Value::Null, json!({}), json!({"proxy": "x"})] {
        let request = changed_key(|event| event["pathParameters"] = parameters);
        assert_eq!(request.credential.unwrap_err(), NoCredential::UrlKey);
    }
}

#[test]
fn the_identity_source_alone_counts_where_there_is_one() {
    for (sources, token) in [
        (json!(["Bearer A"]), Some("A")),
        (json!(["Bearer A", "10.0.0.1"]), Some("A")),
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
        assert_token(&request, token, &sources);
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
        assert_token(&request, token, &headers);
    }
}

#[test]
fn the_address_beside_a_token_is_the_second_identity_source() {
    for (sources, checked) in [
        (json!(["Bearer A", "203.0.113.7"]), Some("203.0.113.7")),
        (json!(["Bearer A", "2001:db8::7"]), Some("2001:db8::7")),
        (json!(["Bearer A", "::ffff:203.0.113.7"]), Some("203.0.113.7")),
        // `requestContext.http.sourceIp` is there, but a cached answer would not depend on it.
        (json!(["Bearer A"]), None),
        (json!([]), None),
        (Value::Null, None),
        (json!(["203.0.113.7", "Bearer A"]), None),
        (json!(["Bearer A", "203.0.113.7", "203.0.113.7"]), None),
        (json!(["Bearer A", ""]), None),
        (json!(["Bearer A", "203.0.113.7:443"]), None),
        (json!(["Bearer A", "unknown"]), None),
    ] {
        let request = changed(|event| event["identitySource"] = sources.clone());
        assert_eq!(request.checked_source, checked.and_then(address), "{sources}");
        assert_eq!(request.source_ip, address("203.0.113.10"), "{sources}");
    }
}

#[test]
fn the_address_beside_a_key_is_that_of_the_connection() {
    for (source, checked) in [
        (json!("203.0.113.7"), Some("203.0.113.7")),
        (json!("2001:db8::7"), Some("2001:db8::7")),
        (json!("::ffff:203.0.113.7"), Some("203.0.113.7")),
        (json!(""), None),
        (json!("unknown"), None),
        (Value::Null, None),
    ] {
        // What a header says is not asked: it still says `198.51.100.7`.
        let request = changed_key(|event| {
            event["requestContext"]["http"]["sourceIp"] = source.clone();
        });
        assert_eq!(request.checked_source, checked.and_then(address), "{source}");
    }
}

#[test]
fn a_key_is_in_the_path_parameter_alone() {
    let key = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";
    let request = changed_key(|event| {
        event["pathParameters"] = json!({"Key": key, "proxy": key});
        event["headers"]["authorization"] = json!(format!("Bearer {key}"));
        event["queryStringParameters"] = json!({"key": key});
        event["stageVariables"] = json!({"key": key});
    });
    assert_eq!(request.credential.unwrap_err(), NoCredential::UrlKey);
    let request = changed(|event| {
        event["pathParameters"] = json!({"key": "Bearer A"});
        event["identitySource"] = json!(["A"]);
    });
    assert_eq!(request.credential.unwrap_err(), NoCredential::Token);
}

#[test]
fn with_an_identity_source_no_key_counts() {
    for (sources, refused) in [
        (Value::Null, false),
        (json!([]), false),
        (json!(["203.0.113.10"]), true),
        (json!([""]), true),
    ] {
        let request = changed_key(|event| event["identitySource"] = sources.clone());
        let refusal = request.credential.err();
        assert_eq!(refusal, refused.then_some(NoCredential::IdentitySource), "{sources}");
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
        with("pathParameters", json!("SECRET")),
        with("pathParameters", json!({"key": ["SECRET"]})),
        with("rawPath", json!({"/validate/SECRET": 1})),
    ] {
        for via in [Via::Header, Via::Url] {
            let refusal = decode(&event, via).unwrap_err();
            let text = format!("{refusal} {refusal:?}");
            assert!(
                text.contains("AuthorizerPayloadFormatVersion") && !text.contains("SECRET"),
                "{text}"
            );
        }
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
fn a_request_shows_neither_token_nor_key() {
    let debug = format!("{:?}", changed(|_| ()));
    assert!(debug.contains("Token(…)") && !debug.contains("TOKEN"), "{debug}");
    let debug = format!("{:?}", changed_key(|_| ()));
    assert!(debug.contains("UrlKey(…)") && !debug.contains("ZVBLEg"), "{debug}");
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
