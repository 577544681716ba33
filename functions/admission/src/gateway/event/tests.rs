use serde_json::{Value, json};

use super::*;

/// The event of an HTTP API.
fn http() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /validate/{key}",
        "rawPath": "/mutate/SECRET",
        "headers": {"authorization": "Bearer SECRET"},
        "queryStringParameters": {"timeout": "5s"},
        "pathParameters": {"key": "SECRET"},
        "requestContext": {
            "authorizer": {"lambda": {"cluster": "blue", "token": "previous", "via": "url"}},
            "http": {"method": "POST", "path": "/mutate/SECRET", "sourceIp": "203.0.113.10"},
            "routeKey": "POST /validate/{key}",
            "timeEpoch": 1_795_176_000_000_u64,
        },
        "body": "{}",
        "isBase64Encoded": false,
    })
}

/// The event of a private REST API.
fn rest() -> Value {
    json!({
        "resource": "/validate/{key}",
        "path": "/mutate/SECRET",
        "httpMethod": "POST",
        "headers": {"Authorization": "Bearer SECRET"},
        "multiValueHeaders": {"Authorization": ["Bearer SECRET"]},
        "queryStringParameters": {"timeout": "5s"},
        "multiValueQueryStringParameters": {"timeout": ["5s"]},
        "pathParameters": {"key": "SECRET"},
        "stageVariables": null,
        "requestContext": {
            "authorizer": {
                "principalId": "blue", "integrationLatency": 3,
                "cluster": "blue", "token": "previous", "via": "url",
            },
            "resourcePath": "/validate/{key}",
            "httpMethod": "POST",
            "path": "/v1/mutate/SECRET",
            "requestTimeEpoch": 1_795_176_000_000_u64,
            "identity": {"sourceIp": "203.0.113.10", "vpceId": "vpce-0123456789abcdef0"},
        },
        "body": "{}",
        "isBase64Encoded": false,
    })
}

fn call(event: &Value) -> Call {
    read(&event.to_string()).unwrap()
}

/// The call of an event after these changes, each of the field at a JSON pointer.
fn changed(mut event: Value, changes: &[(&str, Value)]) -> Result<Call, UnreadableEvent> {
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    read(&event.to_string())
}

fn without(mut event: Value, field: &str) -> Call {
    event.as_object_mut().unwrap().remove(field).unwrap();
    call(&event)
}

#[test]
fn both_forms_are_the_same_call() {
    let expected = Call {
        route: Some(Route::Validate),
        caller: Caller {
            cluster: Some("blue".to_owned()),
            previous_token: true,
            via: Some("url".to_owned()),
        },
        timeout: Duration::from_secs(5),
        arrived_ms: Some(1_795_176_000_000),
        source_ip: "203.0.113.10".parse().ok(),
        body: "{}".to_owned(),
        is_base64_encoded: false,
    };
    assert_eq!(call(&http()), expected);
    assert_eq!(call(&rest()), expected);
}

#[test]
fn a_key_in_the_path_changes_no_route() {
    for (method, resource, expected) in [
        ("POST", "/validate", Some(Route::Validate)),
        ("POST", "/validate/{key}", Some(Route::Validate)),
        ("POST", "/mutate", Some(Route::Mutate)),
        ("POST", "/mutate/{key}", Some(Route::Mutate)),
        ("GET", "/validate/{key}", None),
        ("ANY", "/validate", None),
        ("POST", "/validate/{proxy+}", None),
        ("POST", "/validate/", None),
        ("POST", "/validate/SECRET", None),
        ("POST", "", None),
    ] {
        let key = json!(format!("{method} {resource}"));
        let of_http = changed(http(), &[("/routeKey", key)]).unwrap();
        assert_eq!(of_http.route, expected, "{method} {resource}");
        let changes = [("/httpMethod", json!(method)), ("/resource", json!(resource))];
        let of_rest = changed(rest(), &changes).unwrap();
        assert_eq!(of_rest.route, expected, "{method} {resource}");
    }
    for key in [json!("$default"), json!("POST  /validate"), json!(""), Value::Null] {
        assert_eq!(changed(http(), &[("/routeKey", key)]).unwrap().route, None);
    }
    assert_eq!(without(rest(), "httpMethod").route, None);
    assert_eq!(without(rest(), "resource").route, None);
}

#[test]
fn an_event_of_neither_form_or_of_both_is_refused() {
    let neither = "its version and fields are those of neither form, or of both";
    for change in [
        ("/version", json!("1.0")),
        ("/version", json!("2.1")),
        ("/version", json!("")),
        ("/version", Value::Null),
        ("/resource", json!("/validate")),
        ("/httpMethod", json!("POST")),
    ] {
        assert_eq!(changed(http(), &[change]).unwrap_err().to_string(), neither);
    }
    for change in [
        ("/version", json!("2.0")),
        ("/version", json!("1.0")),
        ("/routeKey", json!("POST /validate")),
    ] {
        assert_eq!(changed(rest(), &[change]).unwrap_err().to_string(), neither);
    }
    // A field that is null is not there.
    assert!(changed(rest(), &[("/version", Value::Null), ("/routeKey", Value::Null)]).is_ok());
    assert!(changed(http(), &[("/resource", Value::Null)]).is_ok());
    assert_eq!(read(r#"{"requestContext":{}}"#).unwrap_err().to_string(), neither);
}

#[test]
fn no_field_of_the_other_form_counts() {
    let arrival = ("/requestContext/requestTimeEpoch", json!(1));
    let identity = ("/requestContext/identity", json!({"sourceIp": "10.0.0.1"}));
    let parameters = ("/multiValueQueryStringParameters", json!({"timeout": ["1s"]}));
    let said = ("/requestContext/authorizer/cluster", json!("green"));
    let mixed = changed(http(), &[arrival, identity, parameters, said]).unwrap();
    assert_eq!(mixed, call(&http()));

    let arrival = ("/requestContext/timeEpoch", json!(1));
    let source = ("/requestContext/http", json!({"sourceIp": "10.0.0.1"}));
    let said = ("/requestContext/authorizer/lambda", json!({"cluster": "green"}));
    let mixed = changed(rest(), &[arrival, source, said]).unwrap();
    assert_eq!(mixed, call(&rest()));
}

#[test]
fn a_field_twice_is_refused() {
    for field in ["routeKey", "version", "body", "requestContext"] {
        let event = http();
        let once = event.to_string();
        let rest = once.strip_prefix('{').unwrap();
        let twice = format!(r#"{{"{field}":{},{rest}"#, event[field]);
        let error = read(&twice).unwrap_err().to_string();
        assert!(error.starts_with("a field has an unexpected type or is missing"), "{error}");
    }
}

#[test]
fn what_the_authorizer_says_of_the_caller() {
    let by_endpoint = Caller {
        cluster: Some("blue".to_owned()),
        previous_token: false,
        via: Some("endpoint".to_owned()),
    };
    for (said, expected) in [
        (json!({"cluster": "", "token": "", "via": ""}), Caller::default()),
        (json!({"cluster": 1, "token": ["previous"], "via": null}), Caller::default()),
        (json!({}), Caller::default()),
        (Value::Null, Caller::default()),
        (json!({"cluster": "blue", "via": "endpoint"}), by_endpoint),
    ] {
        let of_http = changed(http(), &[("/requestContext/authorizer/lambda", said.clone())]);
        assert_eq!(of_http.unwrap().caller, expected, "{said}");
        let of_rest = changed(rest(), &[("/requestContext/authorizer", said.clone())]);
        assert_eq!(of_rest.unwrap().caller, expected, "{said}");
    }
}

#[test]
fn how_long_the_caller_waits() {
    let seconds = Duration::from_secs;
    for (parameters, expected) in [
        (json!({"timeout": "3s"}), seconds(3)),
        (json!({"timeout": "3s,1s"}), seconds(3)),
        (json!({"timeout": "soon"}), DEFAULT_TIMEOUT),
        (json!({"TIMEOUT": "3s"}), DEFAULT_TIMEOUT),
        (json!({"timeout": null}), DEFAULT_TIMEOUT),
        (Value::Null, DEFAULT_TIMEOUT),
    ] {
        let call = changed(http(), &[("/queryStringParameters", parameters.clone())]).unwrap();
        assert_eq!(call.timeout, expected, "{parameters}");
    }
    for (all, last, expected) in [
        (json!({"timeout": ["3s", "1s"]}), json!({"timeout": "1s"}), seconds(3)),
        (json!({"timeout": []}), json!({"timeout": "1s"}), seconds(1)),
        (Value::Null, json!({"timeout": "1s"}), seconds(1)),
        (json!({"timeout": ["3s,1s"]}), Value::Null, DEFAULT_TIMEOUT),
        (Value::Null, Value::Null, DEFAULT_TIMEOUT),
    ] {
        let changes = [
            ("/multiValueQueryStringParameters", all.clone()),
            ("/queryStringParameters", last.clone()),
        ];
        assert_eq!(changed(rest(), &changes).unwrap().timeout, expected, "{all} {last}");
    }
}

#[test]
fn an_arrival_and_an_address_that_are_not_there() {
    for (event, epoch, source) in [
        (http(), "/requestContext/timeEpoch", "/requestContext/http/sourceIp"),
        (rest(), "/requestContext/requestTimeEpoch", "/requestContext/identity/sourceIp"),
    ] {
        for value in [json!(0), json!(-1), Value::Null] {
            assert_eq!(changed(event.clone(), &[(epoch, value)]).unwrap().arrived_ms, None);
        }
        for value in [json!("unknown"), json!(""), Value::Null] {
            assert_eq!(changed(event.clone(), &[(source, value)]).unwrap().source_ip, None);
        }
    }
}

#[test]
fn the_bytes_of_the_body() {
    for event in [http(), rest()] {
        for (body, base64, expected) in [
            (json!("{}"), json!(false), Some(&b"{}"[..])),
            (json!("e30="), json!(true), Some(b"{}")),
            (json!("%"), json!(true), None),
            (json!("é"), Value::Null, Some("é".as_bytes())),
            (Value::Null, json!(false), Some(b"")),
        ] {
            let changes = [("/body", body.clone()), ("/isBase64Encoded", base64)];
            let call = changed(event.clone(), &changes).unwrap();
            assert_eq!(call.bytes().as_deref(), expected, "{body}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_not_quoted() {
    for (event, what) in [
        ("", "it ends too soon"),
        (r#"{"body":"SECRET"#, "it ends too soon"),
        ("SECRET", "it is not JSON"),
        (r#"["SECRET"]"#, "a field has an unexpected type or is missing"),
        (r#"{"requestContext":"SECRET"}"#, "a field has an unexpected type or is missing"),
        (r#"{"requestContext":{"timeEpoch":"SECRET"}}"#, "a field has an unexpected type"),
    ] {
        let error = read(event).unwrap_err().to_string();
        assert!(error.starts_with(what) && !error.contains("SECRET"), "{error}");
    }
}
