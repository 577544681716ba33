//! Reviews under a policy document: the exact answers, and what becomes of a document that is bad.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::cell::RefCell;

use ecr_admission::handler::Handler;
use ecr_admission::policy_secret::{PolicyVersion, ReadPolicy, Unreadable, UnreadableCause};
use ecr_admission_policy::facts::Cause;
use serde_json::{Value, json};
use support::{
    REGISTRY, Registries, create, digest, handler_with, post, registries, scan, validate,
};
use tokio::time::Instant;

const NEVER_KEPT: &[(&str, &str)] = &[("CACHE_SECONDS", "0")];

/// A secret that a test writes, and the number of its version; without a text it cannot be read.
#[derive(Default)]
struct Secret(RefCell<(u32, Option<String>)>);

impl Secret {
    fn of(rest: &str) -> Self {
        let secret = Self::default();
        secret.put(rest);
        secret
    }

    fn put(&self, rest: &str) {
        let mut held = self.0.borrow_mut();
        *held = (held.0 + 1, Some(format!("apiVersion: ecr-admission/v1\n{rest}")));
    }

    fn take(&self) {
        self.0.borrow_mut().1 = None;
    }
}

impl ReadPolicy for &Secret {
    fn secret(&self) -> &'static str {
        "policy"
    }

    async fn read(&self, _: Instant) -> Result<PolicyVersion, Unreadable> {
        let (version, text) = self.0.borrow().clone();
        let text = text.ok_or_else(|| Unreadable {
            cause: UnreadableCause::Failed(Cause::AccessDenied),
            detail: "User: … is not authorized".to_owned(),
        })?;
        Ok(PolicyVersion { id: format!("v{version}"), text })
    }
}

fn under(secret: &Secret) -> Handler<Registries, &Secret> {
    let pinned = format!("pay@{}", digest('a'));
    let registries = registries().image(&pinned, 'a', scan("COMPLETE", &[]));
    handler_with(registries, NEVER_KEPT, Some(secret))
}

async fn answer(document: &str, review: &Value) -> Value {
    validate(&under(&Secret::of(document)), review).await
}

fn web() -> Value {
    create(&[&format!("{REGISTRY}/web:1")])
}

/// What is wrong with the image of [`web`].
fn mutable() -> String {
    format!(
        "spec.containers[0].image \"{REGISTRY}/web:1\": repository \"web\" lets tag \"1\" be \
         overwritten (MUTABLE); set image tag mutability to IMMUTABLE or pin the image by digest"
    )
}

#[tokio::test]
async fn a_mode_decides_what_a_violation_does() {
    let denial = format!("{} [tag-immutability]", mutable());
    let denied = answer("", &web()).await;
    assert_eq!(denied["allowed"], false);
    assert_eq!(denied["status"]["message"], denial);

    let warned = answer("rules: {tag-immutability: {mode: warn}}", &web()).await;
    assert_eq!(warned["allowed"], true);
    assert_eq!(warned["warnings"], json!([denial]));
    assert_eq!(
        warned["auditAnnotations"],
        json!({
            "decision": "admitted",
            "policy": "registry ids 123456789012; Regions us-east-1; severity limit CRITICAL; \
                       tag-immutability warn; document v1",
            "spec.containers.0": digest('b').as_str(),
        })
    );

    let audited = answer("namespaces: [{names: [shop], mode: audit}]", &web()).await;
    assert_eq!((&audited["allowed"], &audited["warnings"]), (&json!(true), &Value::Null));
    assert_eq!(audited["auditAnnotations"]["audited"], denial);
}

#[tokio::test]
async fn an_exemption_is_audited_with_its_owner() {
    let exemption = |who: &str| {
        format!(
            "exemptions: [{{rules: [tag-immutability], users: [{who}], reason: moves in May, owner: web, expires: 2126-05-01}}]"
        )
    };
    let exempt = answer(&exemption("admin"), &web()).await;
    assert_eq!(exempt["allowed"], true);
    assert_eq!(
        exempt["auditAnnotations"]["audited"],
        format!(
            "{}; exempt: owner \"web\", until 2126-05-01, reason \"moves in May\" [tag-immutability]",
            mutable()
        )
    );
    // The account that a Pod runs as is chosen by its author, and so are labels and annotations.
    let mut review = web();
    review["request"]["object"]["spec"]["serviceAccountName"] = json!("deployer");
    review["request"]["object"]["metadata"]["annotations"] =
        json!({"ecr-admission/exempt": "tag-immutability"});
    review["request"]["object"]["metadata"]["labels"] = json!({"ecr-admission/exempt": "true"});
    for who in ["deployer", "\"system:serviceaccount:shop:deployer\""] {
        assert_eq!(answer(&exemption(who), &review).await["allowed"], false, "{who}");
    }
}

fn with_glass(groups: &Value, reason: &str) -> Value {
    let mut review = web();
    review["request"]["userInfo"]["groups"] = groups.clone();
    review["request"]["object"]["metadata"]["annotations"] =
        json!({"ecr-admission/break-glass": reason});
    review
}

#[tokio::test]
async fn break_glass_admits_for_the_groups_that_the_document_lists() {
    let document = "breakGlass: {groups: [oncall]}";
    let admitted = answer(document, &with_glass(&json!(["dev", "oncall"]), "outage 7")).await;
    let told =
        "admitted by break-glass, as \"oncall\" may: \"outage 7\"; this was counted and logged";
    assert_eq!(admitted["allowed"], true);
    assert_eq!(admitted["warnings"], json!([told, format!("{} [tag-immutability]", mutable())]));
    assert_eq!(admitted["auditAnnotations"]["break-glass"], told);

    for (document, groups, reason, told) in [
        (
            document,
            json!(["dev"]),
            "outage 7",
            "you are in none of the groups that may break the glass",
        ),
        (
            document,
            json!(null),
            "outage 7",
            "you are in none of the groups that may break the glass",
        ),
        (document, json!(["oncall"]), "", "it gives no reason; write one as its value"),
        ("", json!(["oncall"]), "outage 7", "the policy lets nobody break the glass"),
    ] {
        let denied = answer(document, &with_glass(&groups, reason)).await;
        assert_eq!(denied["allowed"], false, "{groups}");
        let told = format!("annotation ecr-admission/break-glass is ignored: {told}");
        assert_eq!(denied["warnings"], json!([told]));
        assert_eq!(denied["auditAnnotations"].get("break-glass"), None);
    }
    // What is admitted anyway breaks nothing.
    let mut review = with_glass(&json!(["oncall"]), "outage 7");
    review["request"]["object"]["spec"]["containers"][0]["image"] =
        json!(format!("{REGISTRY}/pay:1"));
    let admitted = answer(document, &review).await;
    assert_eq!((&admitted["allowed"], &admitted["warnings"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn without_a_good_copy_every_review_is_denied_and_nothing_else_changes() {
    let secret = Secret::of("mode: sometimes");
    let handler = under(&secret);
    handler.prepare().await;
    let pay = create(&[&format!("{REGISTRY}/pay:1")]);
    let advice = "see the function's log, and check the document with scripts/policy check";
    let denied = validate(&handler, &pay).await;
    assert_eq!(denied["allowed"], false);
    assert_eq!(
        denied["status"]["message"],
        format!("policy unavailable: it is no policy document; {advice}")
    );
    secret.take();
    let denied = validate(&handler, &pay).await;
    assert_eq!(
        denied["status"]["message"],
        format!("policy unavailable: reading its secret was answered access denied; {advice}")
    );
    // What is not judged at all is not judged now either.
    let mut ignored = pay.clone();
    ignored["request"]["namespace"] = json!("kube-system");
    assert_eq!(validate(&handler, &ignored).await["allowed"], true);
    let mut gone = pay.clone();
    gone["request"]["operation"] = json!("DELETE");
    assert_eq!(validate(&handler, &gone).await["allowed"], true);
    // A controller's author is told; the mutating half leaves everything alone.
    let (status, body) = post(&handler, "POST /mutate", &pay.to_string()).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &answer["response"]["allowed"]), (200, &json!(true)));
    assert_eq!(answer["response"].get("patch"), None);

    secret.put("mode: warn");
    assert_eq!(validate(&handler, &web()).await["allowed"], true);
}

#[tokio::test]
async fn the_last_good_copy_judges_while_the_secret_is_bad() {
    let secret = Secret::of("mode: warn");
    let handler = under(&secret);
    assert_eq!(validate(&handler, &web()).await["allowed"], true);
    secret.put("mode: sometimes");
    assert_eq!(validate(&handler, &web()).await["allowed"], true);
    secret.take();
    assert_eq!(validate(&handler, &web()).await["allowed"], true);
    secret.put("mode: deny");
    assert_eq!(validate(&handler, &web()).await["allowed"], false);
}

#[tokio::test]
async fn a_document_that_changed_judges_the_very_review_in_which_it_was_read() {
    let secret = Secret::of("");
    let handler = under(&secret);
    let elsewhere = create(&["docker.io/library/nginx:1"]);
    assert_eq!(validate(&handler, &elsewhere).await["allowed"], false);
    secret.put("rules: {ecr-registry: {mode: warn}, image-available: {mode: warn}, tag-immutability: {mode: warn}, scan-on-push: {mode: warn}, scan-findings: {mode: warn}}");
    assert_eq!(validate(&handler, &elsewhere).await["allowed"], true);
    secret.put("registries: [{repositories: [pay]}]");
    let denied = validate(&handler, &web()).await;
    assert!(denied["status"]["message"].as_str().unwrap().ends_with("[ecr-registry]"), "{denied}");
}

#[tokio::test]
async fn the_document_says_what_the_mutating_half_does() {
    let document = format!(
        "pin: {{namespaces: [shop]}}\nrewrites: [{{from: docker.io/library/, to: {REGISTRY}/}}]"
    );
    let secret = Secret::of(&document);
    let handler = under(&secret);
    let patched = async |image: &str| -> Value {
        let (_, body) = post(&handler, "POST /mutate", &create(&[image]).to_string()).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        let Some(patch) = answer["response"]["patch"].as_str() else { return Value::Null };
        let patch = aws_smithy_types::base64::decode(patch).unwrap();
        serde_json::from_slice::<Value>(&patch).unwrap()[1]["value"].clone()
    };
    let pinned = format!("{REGISTRY}/pay:1@{}", digest('a'));
    assert_eq!(patched(&format!("{REGISTRY}/pay:1")).await, pinned.as_str());
    assert_eq!(patched("pay:1").await, pinned.as_str());
    let unpinned = create(&[&format!("{REGISTRY}/pay:1")]);
    let denied = validate(&handler, &unpinned).await;
    assert!(denied["status"]["message"].as_str().unwrap().ends_with("[pinned]"), "{denied}");
    assert_eq!(validate(&handler, &create(&[&pinned])).await["allowed"], true);
    secret.put("pin: {namespaces: []}");
    assert_eq!(patched(&format!("{REGISTRY}/pay:1")).await, Value::Null);
    assert_eq!(validate(&handler, &unpinned).await["allowed"], true);
}
