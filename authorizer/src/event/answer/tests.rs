use serde_json::{Value, json};

use super::*;
use crate::via::Via;

const KEY: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";
const API: &str = "arn:aws:execute-api:us-east-1:123456789012:f6g7h8i9j0";

fn caller(stage: Stage, via: Via, expiring: bool) -> Admitted {
    Admitted::Credential(Caller { cluster: "prod".to_owned(), stage, via, expiring })
}

fn grants(path: &str, resource: &str) -> Option<Grants> {
    Grants::of(&format!("{API}/v1/POST/{path}"), resource, KEY)
}

fn json_of(form: Form, admitted: Option<&Admitted>) -> Value {
    serde_json::to_value(respond(form, admitted)).unwrap()
}

#[test]
fn the_answers_to_an_http_api() {
    for (via, text) in [(Via::Header, "header"), (Via::Url, "url")] {
        for (expiring, more) in [(false, ""), (true, r#","expiring":"true""#)] {
            let caller = caller(Stage::Previous, via, expiring);
            let context =
                format!(r#"{{"cluster":"prod","token":"previous","via":"{text}"{more}}}"#);
            assert_eq!(
                serde_json::to_string(&respond(Form::Simple, Some(&caller))).unwrap(),
                format!(r#"{{"isAuthorized":true,"context":{context}}}"#)
            );
        }
    }
    assert_eq!(
        serde_json::to_string(&respond(Form::Simple, None)).unwrap(),
        r#"{"isAuthorized":false,"context":{}}"#
    );
}

#[test]
fn a_token_or_an_endpoint_opens_both_webhooks_of_this_api_and_stage() {
    let endpoint = Admitted::Endpoint("blue".to_owned());
    let by_endpoint = json!({"cluster": "blue", "via": "endpoint"});
    let token = caller(Stage::Current, Via::Header, false);
    let by_token = json!({"cluster": "prod", "token": "current", "via": "header"});
    for path in ["validate", "mutate"] {
        for (admitted, context) in [(&endpoint, &by_endpoint), (&token, &by_token)] {
            let form = Form::Policy(grants(path, &format!("/{path}")));
            assert_eq!(
                json_of(form, Some(admitted)),
                json!({
                    "principalId": context["cluster"],
                    "policyDocument": {"Version": "2012-10-17", "Statement": [{
                        "Action": "execute-api:Invoke",
                        "Effect": "Allow",
                        "Resource": [
                            format!("{API}/v1/POST/validate"), format!("{API}/v1/POST/mutate"),
                        ],
                    }]},
                    "context": context,
                })
            );
        }
    }
}

#[test]
fn a_key_opens_what_it_calls_and_nothing_else() {
    for webhook in ["validate", "mutate"] {
        let grants = grants(&format!("{webhook}/{KEY}"), &format!("/{webhook}/{{key}}"));
        let key = caller(Stage::Current, Via::Url, true);
        let answer = json_of(Form::Policy(grants), Some(&key));
        let statement = &answer["policyDocument"]["Statement"][0];
        assert_eq!(statement["Resource"], json!([format!("{API}/v1/POST/{webhook}/{KEY}")]));
        assert_eq!(statement["Effect"], "Allow");
        let context =
            json!({"cluster": "prod", "token": "current", "via": "url", "expiring": "true"});
        assert_eq!(answer["context"], context);
    }
}

#[test]
fn a_refusal_denies_everything_and_holds_nothing_of_the_call() {
    let denied = json!({
        "principalId": "unknown",
        "policyDocument": {"Version": "2012-10-17", "Statement": [{
            "Action": "execute-api:Invoke", "Effect": "Deny", "Resource": "*",
        }]},
        "context": {},
    });
    let grants = grants(&format!("validate/{KEY}"), "/validate/{key}");
    assert!(grants.is_some());
    assert_eq!(json_of(Form::Policy(grants), None), denied);
    assert_eq!(json_of(Form::Policy(None), None), denied);
    // Nobody is let in where no method could be allowed.
    let caller = caller(Stage::Current, Via::Header, false);
    assert_eq!(json_of(Form::Policy(None), Some(&caller)), denied);
    assert!(!respond(Form::Policy(None), Some(&caller)).is_authorized());
}

#[test]
fn other_methods_and_patterns_are_not_allowed() {
    for (path, resource) in [
        ("validate", "/mutate"),
        ("validate", "/validate/{key}"),
        ("validate/", "/validate"),
        ("validate/", "/validate/{key}"),
        ("Validate", "/validate"),
        ("*", "/validate"),
        ("validat?", "/validate"),
        ("", ""),
        ("other", "/other"),
        (&format!("validate/{KEY}"), "/validate"),
        (&format!("validate/{KEY}"), "/mutate/{key}"),
        (&format!("validate/{KEY}/"), "/validate/{key}"),
        (&format!("validate/{KEY}/x"), "/validate/{key}"),
        (&format!("validate//{KEY}"), "/validate/{key}"),
        (&format!("validate/{}", KEY.replace('_', "%5F")), "/validate/{key}"),
        (&format!("validate/{}", "A".repeat(43)), "/validate/{key}"),
        ("validate/{key}", "/validate/{key}"),
        ("validate/*", "/validate/{key}"),
    ] {
        assert_eq!(grants(path, resource), None, "{path} {resource}");
    }
    // The key is what the event says, and has the form of one.
    for key in ["*", "?", "", "${aws:username}", "A"] {
        let arn = format!("{API}/v1/POST/validate/{key}");
        assert_eq!(Grants::of(&arn, "/validate/{key}", key), None, "{key}");
    }
    for arn in [
        "",
        "*",
        API,
        &format!("{API}/v1/GET/validate"),
        &format!("{API}/v1/*/validate"),
        &format!("{API}/*/POST/validate"),
        &format!("{API}/$default/POST/validate"),
        &format!("{API}//POST/validate"),
        &format!("{API}/v1/POST"),
        &format!("{API}*/v1/POST/validate"),
        "arn:aws:execute-api:us-east-1:*:f6g7h8i9j0/v1/POST/validate",
        "arn:aws:execute-api:us-east-1::f6g7h8i9j0/v1/POST/validate",
        "arn:aws:execute-api:us-east-1:123456789012/v1/POST/validate",
        "arn:aws:execute-api:us-east-1:123456789012:f6g7h8i9j0:x/v1/POST/validate",
        "arn:aws:lambda:us-east-1:123456789012:f6g7h8i9j0/v1/POST/validate",
        "execute-api/v1/POST/validate",
    ] {
        assert_eq!(Grants::of(arn, "/validate", ""), None, "{arn}");
    }
    let china = "arn:aws-cn:execute-api:cn-north-1:123456789012:f6g7h8i9j0/v1/POST/validate";
    assert!(Grants::of(china, "/validate", "").is_some());
}

#[test]
fn debug_shows_no_key() {
    let grants = grants(&format!("validate/{KEY}"), "/validate/{key}");
    let response =
        respond(Form::Policy(grants.clone()), Some(&caller(Stage::Current, Via::Url, false)));
    let debug = format!("{grants:?} {response:?}");
    assert!(debug.contains("Grants(…)") && !debug.contains("ZVBL"), "{debug}");
}
