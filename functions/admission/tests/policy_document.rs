//! Reviews under a policy document: the exact answers, and what happens with a bad document.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::cell::RefCell;

use ecr_admission::handler::Handler;
use ecr_admission::policy_secret::{PolicyVersion, ReadPolicy, Unreadable, UnreadableCause};
use ecr_admission_policy::facts::Cause;
use ecr_admission_testing::{
    NOW_MS, REGISTRY, Registries, create, digest, handler_with, post, registries, scan, validate,
    validate_from,
};
use serde_json::{Value, json};
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
                       tag-immutability warn; cluster \"blue\"; document v1",
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

#[tokio::test]
async fn the_document_tells_clusters_apart_by_the_name_that_the_authorizer_knows() {
    let mut glass = with_glass(&json!(["oncall"]), "outage 7");
    // What the author of a Pod writes names no cluster.
    glass["request"]["object"]["metadata"]["labels"] = json!({"cluster": "blue"});
    glass["request"]["userInfo"]["extra"] = json!({"cluster": ["blue"]});
    for (document, review) in [
        ("namespaces: [{names: [shop], clusters: [blue], mode: warn}]", web()),
        (
            "exemptions: [{rules: [tag-immutability], clusters: ['bl*'], reason: r, owner: o, expires: 2126-05-01}]",
            web(),
        ),
        ("breakGlass: {groups: [oncall], clusters: [blue]}", glass),
    ] {
        let secret = Secret::of(document);
        let handler = under(&secret);
        // One sandbox, called by one cluster after the other.
        for (cluster, admitted) in
            [(Some("blue"), true), (Some("green"), false), (None, false), (Some("blue"), true)]
        {
            let answer = validate_from(&handler, cluster, &review).await;
            assert_eq!(answer["allowed"], admitted, "{document} {cluster:?}: {answer}");
            let policy = answer["auditAnnotations"]["policy"].as_str().unwrap();
            let shown = cluster.map_or(String::new(), |name| format!("; cluster \"{name}\""));
            assert!(
                policy.ends_with(&format!("severity limit CRITICAL{shown}; document v1"))
                    || document.starts_with("namespaces"),
                "{policy}"
            );
        }
    }
    // Without a name, a document is never less strict than it is for any cluster.
    let secret =
        Secret::of("mode: audit\nnamespaces: [{names: [shop], clusters: [prod], mode: deny}]");
    let handler = under(&secret);
    for (cluster, admitted) in [(Some("blue"), true), (Some("prod"), false), (None, false)] {
        let answer = validate_from(&handler, cluster, &web()).await;
        assert_eq!(answer["allowed"], admitted, "{cluster:?}: {answer}");
    }
}

#[tokio::test]
async fn break_glass_elsewhere_says_that_it_is_not_for_this_cluster() {
    let secret = Secret::of("breakGlass: {groups: [oncall], clusters: [prod]}");
    let glass = with_glass(&json!(["oncall"]), "outage 7");
    let answer = validate_from(&under(&secret), Some("blue"), &glass).await;
    assert_eq!(
        (&answer["allowed"], &answer["warnings"]),
        (
            &json!(false),
            &json!([
                "annotation ecr-admission/break-glass is ignored: the policy allows nobody to use break-glass in this cluster"
            ])
        )
    );
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
    let text =
        "admitted by break-glass (group \"oncall\"): \"outage 7\"; this was counted and logged";
    assert_eq!(admitted["allowed"], true);
    assert_eq!(admitted["warnings"], json!([text, format!("{} [tag-immutability]", mutable())]));
    assert_eq!(admitted["auditAnnotations"]["break-glass"], text);

    let ignored = answer(document, &with_glass(&json!(["dev"]), "outage 7")).await;
    assert_eq!(ignored["allowed"], false);
    let text = ignored["warnings"][0].as_str().unwrap();
    assert!(text.starts_with("annotation ecr-admission/break-glass is ignored: "), "{text}");
    assert_eq!(ignored["auditAnnotations"].get("break-glass"), None);
    // A request that is admitted anyway does not use break-glass.
    let mut review = with_glass(&json!(["oncall"]), "outage 7");
    review["request"]["object"]["spec"]["containers"][0]["image"] =
        json!(format!("{REGISTRY}/pay:1"));
    let admitted = answer(document, &review).await;
    assert_eq!((&admitted["allowed"], &admitted["warnings"]), (&json!(true), &Value::Null));
}

/// Anyone who may edit a Pod may have written its annotation, long ago or for another request.
#[tokio::test]
async fn of_an_update_only_an_annotation_that_it_changes_breaks_the_glass() {
    let annotated = |reason: &str| with_glass(&json!(["oncall"]), reason);
    for (before, allowed) in [("outage 6", true), ("outage 7", false)] {
        let mut review = annotated("outage 7");
        review["request"]["operation"] = json!("UPDATE");
        let mut old = annotated(before)["request"]["object"].clone();
        old["spec"]["containers"][0]["image"] = json!(format!("{REGISTRY}/pay:1"));
        review["request"]["oldObject"] = old;
        let response = answer("breakGlass: {groups: [oncall]}", &review).await;
        assert_eq!(response["allowed"], allowed, "{response}");
    }
}

/// Their subresource takes no annotation, so the reason is in a variable.
#[tokio::test]
async fn an_ephemeral_container_breaks_the_glass_by_its_variable() {
    for (variable, allowed) in [("ECR_ADMISSION_BREAK_GLASS", true), ("ECR_ADMISSION_OTHER", false)]
    {
        let mut review = with_glass(&json!(["oncall"]), "outage 1");
        let old = review["request"]["object"].clone();
        review["request"]["operation"] = json!("UPDATE");
        review["request"]["subResource"] = json!("ephemeralcontainers");
        review["request"]["oldObject"] = old;
        review["request"]["object"]["spec"]["ephemeralContainers"] = json!([{
            "name": "debug",
            "image": format!("{REGISTRY}/web:1"),
            "env": [{"name": variable, "value": "outage 7"}],
        }]);
        let response = answer("breakGlass: {groups: [oncall]}", &review).await;
        assert_eq!(response["allowed"], allowed, "{response}");
    }
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
}

/// Neither webhook looks it up, and the audit log and the function's log name it.
#[tokio::test]
async fn what_the_document_does_not_inspect_is_admitted_and_audited() {
    const ADD_ON: &str = "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1";
    let entry = |account: &str, repository: &str| {
        Secret::of(&format!(
            "pin: {{namespaces: [shop]}}\nregistries: [{{accounts: ['{account}'], regions: [us-east-1], repositories: ['{repository}'], inspect: false}}]"
        ))
    };
    let settings = [("CACHE_SECONDS", "0"), ("REGISTRY_IDS", "123456789012,602401143452")];
    let secret = entry("602401143452", "eks/*");
    let handler = handler_with(registries(), &settings, Some(&secret));
    let web = format!("{REGISTRY}/web:1");
    let admitted = validate(&handler, &create(&[ADD_ON])).await;
    assert_eq!((&admitted["allowed"], &admitted["warnings"]), (&json!(true), &Value::Null));
    assert_eq!(
        admitted["auditAnnotations"],
        json!({
            "decision": "admitted",
            "policy": "registry ids 123456789012, 602401143452; Regions us-east-1; severity limit \
                       CRITICAL; pinned; cluster \"blue\"; document v1",
            "not-inspected": format!("spec.containers[0].image \"{ADD_ON}\""),
        })
    );
    // Beside an image that is denied, too.
    let denied = validate(&handler, &create(&[&web, ADD_ON])).await;
    assert_eq!(denied["allowed"], false);
    let annotation = &denied["auditAnnotations"]["not-inspected"];
    assert_eq!(annotation, &json!(format!("spec.containers[1].image \"{ADD_ON}\"")));
    let (_, body) = post(&handler, "POST /mutate", &create(&[ADD_ON]).to_string()).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((answer["response"].get("patch"), answer["response"].get("warnings")), (None, None));

    // The account of the function is always inspected.
    let secret = entry("123456789012", "web");
    let pinned = format!("web@{}", digest('b'));
    let holding = registries().image(&pinned, 'b', scan("COMPLETE", &[]));
    let handler = handler_with(holding, &settings, Some(&secret));
    let inspected = validate(&handler, &create(&[&format!("{REGISTRY}/{pinned}")])).await;
    assert_eq!(inspected["auditAnnotations"]["spec.containers.0"], digest('b').as_str());
    assert_eq!(inspected["auditAnnotations"].get("not-inspected"), None);
}

#[tokio::test]
async fn without_a_good_copy_every_review_is_denied_and_nothing_else_changes() {
    let secret = Secret::of("mode: sometimes");
    let handler = under(&secret);
    handler.prepare(NOW_MS).await;
    let pay = create(&[&format!("{REGISTRY}/pay:1")]);
    let advice = "see the function's log, and check the document with deploy/policy check";
    let denied = validate(&handler, &pay).await;
    assert_eq!(denied["allowed"], false);
    assert_eq!(
        denied["status"]["message"],
        format!("policy unavailable: it is not a policy document; {advice}")
    );
    secret.take();
    let denied = validate(&handler, &pay).await;
    assert_eq!(
        denied["status"]["message"],
        format!("policy unavailable: access to its secret was denied; {advice}")
    );
    // What is never evaluated is not evaluated now either.
    let mut ignored = pay.clone();
    ignored["request"]["namespace"] = json!("kube-system");
    assert_eq!(validate(&handler, &ignored).await["allowed"], true);
    let mut gone = pay.clone();
    gone["request"]["operation"] = json!("DELETE");
    assert_eq!(validate(&handler, &gone).await["allowed"], true);
    // The mutating webhook leaves everything alone.
    let (status, body) = post(&handler, "POST /mutate", &pay.to_string()).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &answer["response"]["allowed"]), (200, &json!(true)));
    assert_eq!(answer["response"].get("patch"), None);

    secret.put("mode: warn");
    assert_eq!(validate(&handler, &web()).await["allowed"], true);
}

#[tokio::test]
async fn the_last_good_copy_is_in_force_while_the_secret_is_bad() {
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
async fn a_document_that_changed_is_in_force_for_the_review_in_which_it_was_read() {
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
async fn the_document_says_what_the_mutating_webhook_does() {
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
