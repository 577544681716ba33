use serde_json::value::RawValue;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::*;
use crate::tokens::Token;

/// What API Gateway sends for a call through a VPC endpoint to a private API.
const VALIDATE: &str = include_str!("../../../tests/events/private-validate.json");
/// The same with a key in the URL.
const VALIDATE_KEY: &str = include_str!("../../../tests/events/private-validate-key.json");
/// The example of the developer guide.
const GUIDE: &str = include_str!("../../../tests/events/guide-rest.json");
/// The key in these events.
const KEY: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";

fn event(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn decoded(event: &Value, via: Via) -> Result<Request, BadEvent> {
    Request::decode(&serde_json::value::to_raw_value(event).unwrap(), via)
}

/// The event with a token after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Request {
    let mut event = event(VALIDATE);
    change(&mut event);
    decoded(&event, Via::Header).unwrap()
}

/// The event with a key after `change`.
fn changed_key(change: impl FnOnce(&mut Value)) -> Request {
    let mut event = event(VALIDATE_KEY);
    change(&mut event);
    decoded(&event, Via::Url).unwrap()
}

/// Fails unless the credential is this token.
fn assert_token(request: &Request, expected: &str) {
    let Ok(Credential::Token(token)) = &request.credential else { panic!("{request:?}") };
    assert!(bool::from(token.digest().ct_eq(&Token::new(expected).digest())), "{expected}");
}

fn no_credential(request: Request) -> NoCredential {
    request.credential.unwrap_err()
}

#[test]
fn the_event_of_a_private_api() {
    let request = changed(|_| ());
    assert_token(&request, "TOKEN");
    assert_eq!(request.route, Some(Via::Header));
    assert_eq!(request.door, Door::Private("vpce-0123456789abcdef0".to_owned()));
    assert_eq!(request.source_ip, address("10.0.1.23"));
    assert_eq!(request.checked_source, address("10.0.1.23"));
    assert_eq!(request.request_id.as_deref(), Some("a1ef2b10-e929-4012-8eeb-442b71d6ad1f"));
    assert!(matches!(request.form, Form::Policy(Some(_))));
}

#[test]
fn the_event_of_a_private_api_with_a_key_in_the_url() {
    let request = changed_key(|_| ());
    let Ok(Credential::UrlKey(key)) = &request.credential else { panic!("{request:?}") };
    let expected = Token::new("0123456789abcdef".repeat(4)).url_key();
    assert!(bool::from(key.digest().ct_eq(&expected.digest())));
    assert_eq!(request.route, Some(Via::Url));
    assert_eq!(request.door, Door::Private("vpce-0123456789abcdef0".to_owned()));
    assert!(matches!(request.form, Form::Policy(Some(_))));
}

#[test]
fn the_example_of_the_guide_is_of_another_api() {
    let request = decoded(&event(GUIDE), Via::Header).unwrap();
    assert_eq!((&request.route, &request.door), (&None, &Door::Regional));
    assert_eq!(request.form, Form::Policy(None));
    assert_eq!(no_credential(request), NoCredential::Path);
}

#[test]
fn a_regional_api_reports_no_endpoint() {
    for identity in [json!({"sourceIp": "203.0.113.10", "vpceId": null}), json!({})] {
        let request = changed(|event| event["requestContext"]["identity"] = identity.clone());
        assert_eq!(request.door, Door::Regional, "{identity}");
        assert_eq!(request.source_ip, identity["sourceIp"].as_str().and_then(address));
    }
}

#[test]
fn the_endpoint_is_that_of_the_context_and_never_that_of_a_header() {
    let other = "vpce-0fedcba9876543210";
    let request = changed(|event| {
        event["headers"]["x-amzn-vpce-id"] = json!(other);
        event["multiValueHeaders"]["x-amzn-vpce-id"] = json!([other]);
        event["requestContext"]["vpceId"] = json!(other);
        event["vpceId"] = json!(other);
    });
    assert_eq!(request.door, Door::Private("vpce-0123456789abcdef0".to_owned()));
    let request = changed(|event| {
        event["requestContext"]["identity"].as_object_mut().unwrap().remove("vpceId");
    });
    assert_eq!(request.door, Door::Regional);
}

#[test]
fn exactly_one_authorization_header_counts_in_any_case() {
    for name in ["Authorization", "authorization", "AUTHORIZATION"] {
        let request = changed(|event| {
            event["headers"] = json!({ name: "bearer A" });
            event["multiValueHeaders"] = json!({ name: ["bearer A"] });
        });
        assert_token(&request, "A");
    }
    for (last, all) in [
        (json!({"Authorization": "Bearer B"}), json!({"Authorization": ["Bearer A", "Bearer B"]})),
        (json!({"Authorization": "Bearer A"}), json!({"Authorization": ["Bearer A", "Bearer A"]})),
        (json!({"Authorization": "Bearer A"}), json!({"Authorization": ["Bearer B"]})),
        (json!({"Authorization": "Bearer A"}), json!({"Authorization": "Bearer A"})),
        (json!({"Authorization": "Bearer A"}), json!({"Authorization": []})),
        (json!({"Authorization": "Bearer A"}), json!({"Authorization": null})),
        (json!({"Authorization": "Bearer A"}), json!({"Authorization": [1]})),
        (json!({"Authorization": "Bearer A"}), json!({})),
        (json!({"Authorization": "Bearer A"}), Value::Null),
        (json!({}), json!({"Authorization": ["Bearer A"]})),
        (Value::Null, json!({"Authorization": ["Bearer A"]})),
        (json!({"Authorization": null}), json!({"Authorization": null})),
        (json!({"Authorization": ""}), json!({"Authorization": [""]})),
        (json!({"Authorization": "Basic A"}), json!({"Authorization": ["Basic A"]})),
        (
            json!({"Authorization": "Bearer A"}),
            json!({"Authorization": ["Bearer A"], "authorization": ["Bearer A"]}),
        ),
        (
            json!({"Authorization": "Bearer A", "authorization": "Bearer A"}),
            json!({"Authorization": ["Bearer A"]}),
        ),
    ] {
        let request = changed(|event| {
            event["headers"] = last.clone();
            event["multiValueHeaders"] = all.clone();
        });
        // Never as if there were none, so that the endpoint does not count either.
        assert_eq!(no_credential(request), NoCredential::Token, "{last} {all}");
    }
}

#[test]
fn an_authorization_header_twice_in_the_json_is_several() {
    let twice = VALIDATE.replacen(
        r#""Authorization": "Bearer TOKEN","#,
        r#""Authorization": "Bearer TOKEN", "Authorization": "Bearer TOKEN","#,
        1,
    );
    let raw = RawValue::from_string(twice).unwrap();
    let request = Request::decode(&raw, Via::Header).unwrap();
    assert_eq!(no_credential(request), NoCredential::Token);
}

#[test]
fn without_an_authorization_header_there_is_none() {
    for headers in [json!({}), Value::Null, json!({"X-Authorization": "Bearer A", "x": [1, {}]})] {
        let request = changed(|event| {
            event["headers"] = headers.clone();
            event["multiValueHeaders"] = headers.clone();
        });
        assert_eq!(no_credential(request), NoCredential::Header, "{headers}");
    }
}

#[test]
fn a_call_that_no_answer_could_allow_has_no_credential() {
    for path in ["validate/", "validate/x", "mutate", "Validate", ""] {
        let arn = format!("arn:aws:execute-api:us-east-1:123456789012:f6g7h8i9j0/v1/POST/{path}");
        for token in [true, false] {
            let request = changed(|event| {
                event["methodArn"] = json!(arn);
                if !token {
                    event["headers"] = json!({});
                    event["multiValueHeaders"] = json!({});
                }
            });
            assert_eq!(request.form, Form::Policy(None));
            assert_eq!(no_credential(request), NoCredential::Path, "{path}");
        }
    }
    // The key of the path parameter, encoded in the ARN.
    let request = changed_key(|event| {
        let arn = event["methodArn"].as_str().unwrap().replace('_', "%5F");
        event["methodArn"] = json!(arn);
    });
    assert_eq!(no_credential(request), NoCredential::Path);
}

#[test]
fn a_key_is_in_the_path_parameter_alone() {
    for parameters in
        [Value::Null, json!({}), json!({"Key": KEY, "proxy": KEY}), json!({"key": null})]
    {
        let request = changed_key(|event| {
            event["pathParameters"] = parameters.clone();
            event["queryStringParameters"] = json!({"key": KEY});
            event["stageVariables"] = json!({"key": KEY});
        });
        assert!(request.credential.is_err(), "{parameters}");
    }
    let request = changed(|event| event["pathParameters"] = json!({"key": KEY}));
    assert_token(&request, "TOKEN");
}

#[test]
fn mixtures_and_other_events_are_refused_without_a_word_of_them() {
    let with = |field: &str, value: Value| {
        let mut event = event(VALIDATE);
        event[field] = value;
        event
    };
    let without = |field: &str| {
        let mut event = event(VALIDATE);
        event.as_object_mut().unwrap().remove(field);
        event
    };
    for event in [
        with("version", json!("1.0")),
        with("version", json!("2.0")),
        with("version", json!("SECRET")),
        with("version", json!(1)),
        with("type", json!("TOKEN")),
        with("type", json!("request")),
        with("routeKey", json!("POST /validate")),
        with("routeArn", json!("SECRET")),
        with("rawPath", json!("SECRET")),
        with("identitySource", json!(["Bearer SECRET"])),
        with("identitySource", json!("Bearer SECRET")),
        with("methodArn", json!(["SECRET"])),
        with("headers", json!("Bearer SECRET")),
        with("multiValueHeaders", json!(["Bearer SECRET"])),
        with("pathParameters", json!("SECRET")),
        with("pathParameters", json!({"key": ["SECRET"]})),
        with("requestContext", json!("SECRET")),
        with("requestContext", json!({"identity": "SECRET"})),
        with("requestContext", json!({"identity": {"vpceId": ["SECRET"]}})),
        with("requestContext", json!({})),
        without("type"),
        without("methodArn"),
        without("resource"),
        without("httpMethod"),
        without("requestContext"),
    ] {
        for via in [Via::Header, Via::Url] {
            let refusal = decoded(&event, via).unwrap_err();
            let text = format!("{refusal} {refusal:?}");
            assert!(text.contains("type REQUEST") && !text.contains("SECRET"), "{text}");
        }
    }
    assert!(decoded(&with("version", Value::Null), Via::Header).is_ok(), "null is not there");
}

#[test]
fn a_request_shows_neither_token_nor_key() {
    let debug = format!("{:?}", changed(|_| ()));
    assert!(debug.contains("Token(…)") && !debug.contains("TOKEN"), "{debug}");
    let debug = format!("{:?}", changed_key(|_| ()));
    assert!(debug.contains("UrlKey(…)") && !debug.contains("ZVBLEg"), "{debug}");
}
