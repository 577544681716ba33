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

/// A review of an update from one Pod of a member of `oncall` to another.
fn updated(old: &Value, new: &Value) -> Value {
    let mut review = create(&[]);
    let request = &mut review["request"];
    request["operation"] = json!("UPDATE");
    request["userInfo"]["groups"] = json!(["oncall"]);
    request["object"] = new.clone();
    request["oldObject"] = old.clone();
    review
}

/// Whoever may edit a Pod may have written its annotation, long ago or for another request.
#[tokio::test]
async fn of_an_update_only_an_annotation_that_it_changes_breaks_the_glass() {
    let document = "breakGlass: {groups: [oncall]}";
    let pod = |image: &str, reason: Option<&str>| {
        let mut pod = create(&[&format!("{REGISTRY}/{image}")])["request"]["object"].clone();
        if let Some(reason) = reason {
            pod["metadata"]["annotations"] = json!({"ecr-admission/break-glass": reason});
        }
        pod
    };
    let ignored = "annotation ecr-admission/break-glass is ignored: this request does not change it; write the reason for this request as its value";
    for (old, new, warning) in [
        (pod("pay:1", Some("outage 7")), pod("web:1", Some("outage 7")), Some(ignored)),
        (Value::Null, pod("web:1", Some("outage 7")), Some(ignored)),
        (pod("pay:1", Some("outage 6")), pod("web:1", Some("outage 7")), None),
        (pod("pay:1", None), pod("web:1", Some("outage 7")), None),
    ] {
        let response = answer(document, &updated(&old, &new)).await;
        assert_eq!(response["allowed"], warning.is_none(), "{response}");
        assert_eq!(response["auditAnnotations"].get("break-glass").is_some(), warning.is_none());
        if let Some(warning) = warning {
            assert_eq!(response["warnings"], json!([warning]));
        }
    }
}

/// Their subresource takes no annotation: who debugs gives the reason by a variable.
#[tokio::test]
async fn every_ephemeral_container_that_is_added_must_give_the_reason() {
    let document = "breakGlass: {groups: [oncall]}";
    let debug = |name: &str, reason: Option<&str>| {
        let env =
            reason.map(|reason| json!([{"name": "ECR_ADMISSION_BREAK_GLASS", "value": reason}]));
        json!({"name": name, "image": format!("{REGISTRY}/web:1"), "env": env})
    };
    let pod = |ephemeral: &[Value]| {
        let mut pod = create(&[&format!("{REGISTRY}/pay:1")])["request"]["object"].clone();
        // A tenant may have put it there.
        pod["metadata"]["annotations"] = json!({"ecr-admission/break-glass": "outage 1"});
        pod["spec"]["ephemeralContainers"] = json!(ephemeral);
        pod
    };
    let annotation = "annotation ecr-admission/break-glass is ignored: it does not count for an ephemeral container; set variable ECR_ADMISSION_BREAK_GLASS to the reason, as with kubectl debug --env";
    let variable = "variable ECR_ADMISSION_BREAK_GLASS is ignored: it gives no reason; write one as its value in every ephemeral container that you add";
    let broken = |reason: &str| {
        format!(
            "admitted by break-glass, as \"oncall\" may: \"{reason}\"; this was counted and logged"
        )
    };
    for (old, new, allowed, warning) in [
        (vec![], vec![debug("a", Some("outage 7"))], true, broken("outage 7")),
        (
            vec![],
            vec![debug("a", Some("outage 7")), debug("b", Some("outage 8"))],
            true,
            broken("outage 7; outage 8"),
        ),
        (
            vec![debug("a", None)],
            vec![debug("a", None), debug("b", Some(" x "))],
            true,
            broken("x"),
        ),
        (vec![], vec![debug("a", None)], false, annotation.to_owned()),
        (
            vec![debug("a", Some("outage 7"))],
            vec![debug("a", Some("outage 7")), debug("b", None)],
            false,
            annotation.to_owned(),
        ),
        (vec![], vec![debug("a", Some("outage 7")), debug("b", None)], false, variable.to_owned()),
        (vec![], vec![debug("a", Some(" "))], false, variable.to_owned()),
    ] {
        let mut review = updated(&pod(&old), &pod(&new));
        review["request"]["subResource"] = json!("ephemeralcontainers");
        let response = answer(document, &review).await;
        assert_eq!(
            (&response["allowed"], &response["warnings"][0]),
            (&json!(allowed), &json!(warning)),
            "{review}"
        );
    }
    // Of anybody else it is ignored.
    let mut review = updated(&pod(&[]), &pod(&[debug("a", Some("outage 7"))]));
    review["request"]["subResource"] = json!("ephemeralcontainers");
    review["request"]["userInfo"]["groups"] = json!(["dev"]);
    let response = answer(document, &review).await;
    assert_eq!(response["allowed"], false);
    assert_eq!(
        response["warnings"][0],
        "variable ECR_ADMISSION_BREAK_GLASS is ignored: you are in none of the groups that may break the glass"
    );
}

/// What a tenant must not learn, the audit log keeps.
#[tokio::test]
async fn short_denials_leave_the_whole_to_the_audit_annotations() {
    let narrow = "registries: [{repositories: [other-team/secret]}]\n";
    let short = answer(&format!("{narrow}denials: short"), &web()).await;
    let full = answer(narrow, &web()).await;
    let message = short["status"]["message"].as_str().unwrap();
    assert!(message.ends_with("is not allowed; use an allowed repository or add this one to registries of the policy document [ecr-registry]"), "{message}");
    assert!(!message.contains("other-team"), "{message}");
    let whole = &full["status"]["message"];
    assert!(whole.as_str().unwrap().contains("other-team/secret"), "{whole}");
    assert_eq!(
        (&short["auditAnnotations"]["denial"], &full["auditAnnotations"]["denial"]),
        (whole, &Value::Null)
    );

    let warn = format!("{narrow}mode: warn\n");
    let short = answer(&format!("{warn}denials: short"), &web()).await;
    let full = answer(&warn, &web()).await;
    assert_eq!(short["allowed"], true);
    assert!(!short["warnings"].to_string().contains("other-team"), "{short}");
    let whole = full["warnings"][0].as_str().unwrap();
    assert!(whole.contains("other-team/secret"), "{whole}");
    let warned = short["auditAnnotations"]["warned"].as_str().unwrap();
    assert!(
        warned.contains("(allowed: every account in every Region: other-team/secret)"),
        "{warned}"
    );
    assert_eq!(short["auditAnnotations"].get("denial"), None);
}

#[tokio::test]
async fn without_a_good_copy_every_review_is_denied_and_nothing_else_changes() {
    let secret = Secret::of("mode: sometimes");
    let handler = under(&secret);
    handler.prepare().await;
    let pay = create(&[&format!("{REGISTRY}/pay:1")]);
    let advice = "see the function's log, and check the document with deploy/policy check";
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
