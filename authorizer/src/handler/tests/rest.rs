//! Who is let in at a REST API: private, with and without a cluster for each endpoint, and regional.

use super::*;

const BLUE: &str = "vpce-0123456789abcdef0";
const GREEN: &str = "vpce-0fedcba9876543210";
const BOTH: (&str, &str) = ("VPC_ENDPOINT_IDS", "vpce-0123456789abcdef0,vpce-0fedcba9876543210");
const KEYLESS: [(&str, &str); 2] = [BOTH, ("VPC_ENDPOINT_CLUSTERS", "blue,green")];

const API: &str = "arn:aws:execute-api:us-east-1:123456789012:f6g7h8i9j0/v1/POST";

/// The event of a call on this route with everything that a caller could present, each where it belongs.
fn call(route: &str) -> Value {
    let (method, resource) = route.split_once(' ').unwrap_or_default();
    let path = resource.replace("{key}", KEY);
    let text = include_str!("../../../tests/events/private-validate.json").replace("TOKEN", TOKEN);
    let mut event: Value = serde_json::from_str(&text).unwrap();
    event["httpMethod"] = json!(method);
    event["resource"] = json!(resource);
    event["path"] = json!(path);
    event["methodArn"] = json!(format!("{API}{path}"));
    event["pathParameters"] = json!({"key": KEY});
    event
}

fn through(endpoint: Value, mut event: Value) -> Value {
    event["requestContext"]["identity"]["vpceId"] = endpoint;
    event
}

/// With these `Authorization` headers, by a REST API's rules: `headers` has the last one.
fn authorized_by(values: &[&str], mut event: Value) -> Value {
    for headers in ["headers", "multiValueHeaders"] {
        event[headers].as_object_mut().unwrap().remove("Authorization");
    }
    if let Some(last) = values.last() {
        event["headers"]["Authorization"] = json!(last);
        event["multiValueHeaders"]["Authorization"] = json!(values);
    }
    event
}

fn without_authorization(event: Value) -> Value {
    authorized_by(&[], event)
}

async fn is_let_in(via: Via, variables: &[(&str, &str)], event: &Value) -> bool {
    answer_of(via, variables, event).await.0.is_authorized()
}

async fn context(variables: &[(&str, &str)], event: &Value) -> Value {
    let (response, _) = answer_of(Via::Header, variables, event).await;
    serde_json::to_value(response.context()).unwrap()
}

#[tokio::test]
async fn a_token_lets_in_on_its_routes_and_a_key_on_its_own() {
    for route in HEADER_ROUTES {
        let (response, _) = answer_of(Via::Header, &[BOTH], &call(route)).await;
        let answer = serde_json::to_value(response).unwrap();
        let statement = &answer["policyDocument"]["Statement"][0];
        let both = json!([format!("{API}/validate"), format!("{API}/mutate")]);
        assert_eq!((&statement["Effect"], &statement["Resource"]), (&json!("Allow"), &both));
        let expected = json!({"cluster": "prod", "token": "current", "via": "header"});
        assert_eq!(answer["context"], expected);
    }
    for route in KEY_ROUTES {
        let (response, _) = answer_of(Via::Url, &[BOTH], &call(route)).await;
        let answer = serde_json::to_value(response).unwrap();
        let statement = &answer["policyDocument"]["Statement"][0];
        let path = route.trim_start_matches("POST ").replace("{key}", KEY);
        assert_eq!(statement["Resource"], json!([format!("{API}{path}")]));
        let expected = json!({"cluster": "prod", "token": "current", "via": "url"});
        assert_eq!(answer["context"], expected);
    }
}

#[tokio::test]
async fn a_function_refuses_every_other_route_before_it_reads_the_secret() {
    let neither = ["ANY /validate", "GET /validate", "POST /validate/{proxy+}", "POST /", ""];
    for (via, others) in [(Via::Header, KEY_ROUTES), (Via::Url, HEADER_ROUTES)] {
        for route in others.into_iter().chain(neither) {
            for variables in [&[BOTH][..], &KEYLESS] {
                let (response, reads) = answer_of(via, variables, &call(route)).await;
                assert_eq!((response.is_authorized(), reads), (false, 0), "{via:?} {route}");
                let open = without_authorization(call(route));
                assert!(!is_let_in(via, variables, &open).await, "{via:?} {route}");
            }
        }
    }
}

#[tokio::test]
async fn an_endpoint_stands_for_its_cluster_where_there_are_clusters() {
    for route in HEADER_ROUTES {
        for (endpoint, cluster) in [(BLUE, "blue"), (GREEN, "green")] {
            let event = through(json!(endpoint), without_authorization(call(route)));
            let (response, reads) = answer_of(Via::Header, &KEYLESS, &event).await;
            assert_eq!((response.is_authorized(), reads), (true, 0), "{route} {endpoint}");
            let expected = json!({"cluster": cluster, "via": "endpoint"});
            assert_eq!(context(&KEYLESS, &event).await, expected);
            assert!(!is_let_in(Via::Header, &[BOTH], &event).await, "no cluster, no credential");
            assert!(!is_let_in(Via::Header, &[], &event).await, "no private door");
        }
    }
    // The function of the key routes never lets in without a key.
    for route in KEY_ROUTES.into_iter().chain(HEADER_ROUTES) {
        let mut event = without_authorization(call(route));
        event["pathParameters"] = Value::Null;
        assert!(!is_let_in(Via::Url, &KEYLESS, &event).await, "{route}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_absent_or_not_listed_opens_nothing() {
    for endpoint in [
        Value::Null,
        json!(""),
        json!("vpce-0123456789abcdef1"),
        json!("VPCE-0123456789ABCDEF0"),
        json!(" vpce-0123456789abcdef0"),
        json!("vpce-0123456789abcdef0,vpce-0fedcba9876543210"),
        json!("blue"),
        json!("*"),
    ] {
        for variables in [&[BOTH][..], &KEYLESS] {
            let with_token = through(endpoint.clone(), call("POST /validate"));
            let (response, reads) = answer_of(Via::Header, variables, &with_token).await;
            assert_eq!((response.is_authorized(), reads), (false, 0), "{endpoint}");
            let without = through(endpoint.clone(), without_authorization(call("POST /validate")));
            assert!(!is_let_in(Via::Header, variables, &without).await, "{endpoint}");
            let with_key = through(endpoint.clone(), call("POST /validate/{key}"));
            let (response, reads) = answer_of(Via::Url, variables, &with_key).await;
            assert_eq!((response.is_authorized(), reads), (false, 0), "{endpoint}");
        }
    }
}

#[tokio::test]
async fn a_header_that_names_an_endpoint_counts_for_nothing() {
    let mut event = without_authorization(through(Value::Null, call("POST /validate")));
    for name in ["x-amzn-vpce-id", "X-Amzn-Vpce-Id", "vpceId"] {
        event["headers"][name] = json!(BLUE);
        event["multiValueHeaders"][name] = json!([BLUE]);
    }
    event["requestContext"]["vpceId"] = json!(BLUE);
    assert!(!is_let_in(Via::Header, &KEYLESS, &event).await);
    let mut event = through(json!(GREEN), event);
    event["headers"]["x-amzn-vpce-id"] = json!(BLUE);
    assert_eq!(context(&KEYLESS, &event).await["cluster"], "green");
}

#[tokio::test]
async fn a_call_with_an_authorization_header_is_one_by_token_alone() {
    let right = format!("Bearer {TOKEN}");
    let wrong = format!("Bearer {}", "x".repeat(64));
    let key = format!("Bearer {KEY}");
    for (values, let_in) in [
        (&[right.as_str()][..], true),
        (&[&wrong], false),
        (&[&key], false),
        (&[""], false),
        (&["Basic YTpi"], false),
        (&["Bearer "], false),
        (&[TOKEN], false),
        (&[&right, &right], false),
        (&[&wrong, &right], false),
        (&[&right, &wrong], false),
        (&["", &right], false),
    ] {
        let event = authorized_by(values, call("POST /validate"));
        for variables in [&[BOTH][..], &KEYLESS] {
            assert_eq!(is_let_in(Via::Header, variables, &event).await, let_in, "{values:?}");
        }
    }
    // The cluster is that of the token, whatever the endpoint's.
    let expected = json!({"cluster": "prod", "token": "current", "via": "header"});
    assert_eq!(context(&KEYLESS, &call("POST /validate")).await, expected);
    for headers in [json!({"authorization": null}), json!({"AUTHORIZATION": ""})] {
        let mut event = without_authorization(call("POST /validate"));
        event["headers"] = headers.clone();
        assert!(!is_let_in(Via::Header, &KEYLESS, &event).await, "{headers}");
    }
}

#[tokio::test]
async fn what_has_not_the_form_of_a_key_is_refused_before_the_secret_is_read() {
    for key in ["", "*", "?", &format!("{KEY}A"), &format!("{KEY}%2Fx"), &KEY.replace('_', "%5F")] {
        let mut event = call("POST /validate/{key}");
        event["pathParameters"]["key"] = json!(key);
        event["methodArn"] = json!(format!("{API}/validate/{key}"));
        let (response, reads) = answer_of(Via::Url, &[BOTH], &event).await;
        assert_eq!((response.is_authorized(), reads), (false, 0), "{key}");
    }
    let mut event = call("POST /validate/{key}");
    event["methodArn"] = json!(format!("{API}/mutate/{KEY}"));
    assert!(!is_let_in(Via::Url, &[BOTH], &event).await, "the ARN of another route");
    let other = "A".repeat(43);
    let mut event = call("POST /validate/{key}");
    event["pathParameters"]["key"] = json!(other);
    event["methodArn"] = json!(format!("{API}/validate/{other}"));
    let (response, reads) = answer_of(Via::Url, &[BOTH], &event).await;
    assert_eq!((response.is_authorized(), reads), (false, 1), "an unknown key");
}

#[tokio::test]
async fn allowed_sources_hold_at_a_regional_api_and_not_at_a_private_one() {
    for (via, route) in [(Via::Header, "POST /validate"), (Via::Url, "POST /mutate/{key}")] {
        for (source, allowed, let_in) in [
            (json!("203.0.113.7"), "", true),
            (json!("203.0.113.7"), "203.0.113.0/24", true),
            (json!("::ffff:203.0.113.7"), "203.0.113.0/24", true),
            (json!("198.51.100.7"), "203.0.113.0/24", false),
            (json!("unknown"), "0.0.0.0/0,::/0", false),
            (Value::Null, "0.0.0.0/0,::/0", false),
            (Value::Null, "", true),
        ] {
            let mut event = through(Value::Null, call(route));
            event["requestContext"]["identity"]["sourceIp"] = source.clone();
            let allowed = ("ALLOWED_SOURCES", allowed);
            let (response, reads) = answer_of(via, &[allowed], &event).await;
            assert_eq!(response.is_authorized(), let_in, "{via:?} {source} in {allowed:?}");
            assert_eq!(reads > 0, let_in, "a refused address has no secret read");
            // With a private door an API without an endpoint is not ours.
            assert!(!is_let_in(via, &[allowed, BOTH], &event).await);
            let private = through(json!(BLUE), event);
            assert!(is_let_in(via, &[allowed, BOTH], &private).await, "{via:?} {source}");
        }
    }
}

#[tokio::test]
async fn a_private_door_changes_nothing_at_the_http_api() {
    let closed = ("ALLOWED_SOURCES", "198.51.100.0/24");
    for variables in [&[BOTH][..], &KEYLESS] {
        assert!(is_let_in(Via::Header, variables, &with_token("POST /validate")).await);
        assert!(is_let_in(Via::Url, variables, &with_key("POST /validate/{key}")).await);
        let variables = [variables, &[closed]].concat();
        assert!(!is_let_in(Via::Header, &variables, &with_token("POST /validate")).await);
        assert!(!is_let_in(Via::Url, &variables, &with_key("POST /validate/{key}")).await);
        let mut open = with_token("POST /validate");
        open["identitySource"] = Value::Null;
        open["headers"].as_object_mut().unwrap().remove("authorization");
        open["requestContext"]["identity"] = json!({"vpceId": BLUE});
        assert!(!is_let_in(Via::Header, &variables, &open).await);
    }
}
