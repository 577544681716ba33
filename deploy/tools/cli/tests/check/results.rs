//! The result of an object, and which Pods are reported together.

use ecr_admission_cli::check::object::{Content, Object};
use ecr_admission_cli::check::report::CheckResult;
use ecr_admission_policy::{Mode, Rule};
use ecr_admission_testing::as_named::AsNamed;
use serde_json::{Value, json};

use crate::support::{VARIABLES, check, deployment, image, pod, running, setup};

async fn result(image_name: &str, document: &str) -> CheckResult {
    let document = format!("apiVersion: ecr-admission/v1\n{document}");
    let object = deployment(&running("p", &[&image(image_name)]));
    let report = check(vec![object], setup(&VARIABLES, Some(&document)), AsNamed).await;
    report.objects[0].result.clone()
}

#[tokio::test]
async fn what_could_not_be_asked_is_unknown_unless_something_else_denies() {
    const SOFT: &str = "rules:\n  image-available: {mode: audit}\n";
    const WARN: &str = "mode: warn\n";
    for (name, document, expected) in [
        ("app:1", "", CheckResult::Admitted),
        ("mutable:1", "", CheckResult::Denied),
        ("mutable:1", WARN, CheckResult::Warned),
        ("mutable:1", "mode: audit\n", CheckResult::Audited),
        ("throttled:1", "", CheckResult::Unknown),
        // It would be admitted, but nobody knows what is wrong with it.
        ("throttled:1", WARN, CheckResult::Unknown),
        // The rules that find nothing to evaluate deny for the same reason.
        ("throttled:1", SOFT, CheckResult::Unknown),
        ("absent:1", "", CheckResult::Denied),
        ("absent:1", SOFT, CheckResult::Denied),
        ("moved:1", "", CheckResult::Denied),
    ] {
        assert_eq!(result(name, document).await, expected, "{name} {document}");
    }
}

#[tokio::test]
async fn what_denies_for_a_known_reason_counts_before_what_is_unknown() {
    let images = [image("throttled:1"), image("mutable:1")];
    let object = deployment(&running("p", &[&images[0], &images[1]]));
    let report = check(vec![object], setup(&VARIABLES, None), AsNamed).await;
    let object = &report.objects[0];
    assert_eq!(object.result, CheckResult::Denied);
    let found: Vec<(&str, Rule, bool)> = object
        .violations
        .iter()
        .map(|violation| (violation.path.as_str(), violation.rule, violation.unknown))
        .collect();
    assert_eq!(
        found,
        [
            ("spec.template.spec.containers[0].image", Rule::ImageAvailable, true),
            ("spec.template.spec.containers[1].image", Rule::TagImmutability, false),
        ]
    );
}

#[tokio::test]
async fn a_violation_has_the_image_of_the_file_and_the_text_of_the_webhook() {
    let setup = setup(&VARIABLES, Some("apiVersion: ecr-admission/v1\nmode: warn\n"));
    let mut object = deployment(&running("p", &["nginx-mutable:1"]));
    object.id.namespace = Some("pinned".to_owned());
    let report = check(vec![object], setup, AsNamed).await;
    assert_eq!(report.objects[0].violations, [], "pinned, a mutable tag is no longer one");
    let object = deployment(&running("p", &["nginx-mutable:1"]));
    let setup =
        crate::support::setup(&VARIABLES, Some("apiVersion: ecr-admission/v1\nmode: warn\n"));
    let report = check(vec![object], setup, AsNamed).await;
    let violation = &report.objects[0].violations[0];
    assert_eq!((violation.image.as_str(), violation.mode), ("nginx-mutable:1", Mode::Warn));
    assert_eq!(violation.repository, "nginx-mutable");
    let start = format!(
        "spec.template.spec.containers[0].image \"{}\": ",
        image("hub/library/nginx-mutable:1")
    );
    assert!(violation.text.starts_with(&start), "{}", violation.text);
    assert!(violation.text.ends_with(" [tag-immutability]"), "{}", violation.text);
}

#[tokio::test]
async fn as_written_leaves_the_mutating_webhook_out() {
    let mut setup = setup(&VARIABLES, None);
    setup.circumstances.mutate = false;
    setup.namespace = "pinned".to_owned();
    let objects = vec![deployment(&running("p", &[&image("app:1")]))];
    let report = check(objects, setup, AsNamed).await;
    let rules: Vec<Rule> = report.objects[0].violations.iter().map(|it| it.rule).collect();
    assert_eq!(rules, [Rule::Pinned]);
}

#[tokio::test]
async fn too_many_images_deny_without_a_rule() {
    let images: Vec<String> = (0..3).map(|n| image(&format!("app:{n}"))).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let variables = [&VARIABLES[..], &[("MAX_IMAGES", "2")]].concat();
    let report = check(vec![pod(&running("p", &images))], setup(&variables, None), AsNamed).await;
    let object = &report.objects[0];
    assert_eq!((object.result.clone(), object.violations.len()), (CheckResult::Denied, 0));
    let refusal = object.refusal.as_deref().unwrap();
    assert!(refusal.starts_with("the Pod has 3 distinct images to look up"), "{refusal}");
}

#[tokio::test]
async fn break_glass_counts_for_a_group_of_the_user() {
    let document = "apiVersion: ecr-admission/v1\nbreakGlass: {groups: [sre]}\n";
    let mut broken = running("p", &["nginx:1"]);
    broken["metadata"]["annotations"] = json!({"ecr-admission/break-glass": "outage 7"});
    for (groups, expected) in [(vec![], CheckResult::Denied), (vec!["sre"], CheckResult::Warned)] {
        let variables = [("REGISTRY_IDS", "123456789012")];
        let mut setup = setup(&variables, Some(document));
        setup.circumstances.groups = groups.into_iter().map(ToOwned::to_owned).collect();
        let report = check(vec![pod(&broken)], setup, AsNamed).await;
        assert_eq!(report.objects[0].result, expected);
    }
}

fn owned(name: &str, owner: &str, image: &str) -> Object {
    let mut object: Value = running(name, &[image]);
    object["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": owner}]);
    pod(&object)
}

#[tokio::test]
async fn pods_of_one_owner_with_the_same_images_are_one_object() {
    let (good, bad) = (image("app:1"), image("mutable:1"));
    let alone = pod(&running("alone", &[&bad]));
    let objects = vec![
        owned("web-1", "web", &bad),
        alone,
        owned("web-2", "web", &bad),
        // Another image, as while it is rolled out.
        owned("web-3", "web", &good),
        owned("api-1", "api", &bad),
        owned("web-4", "web", &bad),
        pod(&running("alone", &[&bad])),
    ];
    let report = check(objects, setup(&VARIABLES, None), AsNamed).await;
    let found: Vec<(&str, usize, Option<&str>)> = report
        .objects
        .iter()
        .map(|object| (object.id.name.as_str(), object.pods, object.owner.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("web-1", 3, Some("ReplicaSet web")),
            ("alone", 1, None),
            ("web-3", 1, Some("ReplicaSet web")),
            ("api-1", 1, Some("ReplicaSet api")),
            ("alone", 1, None),
        ]
    );
}

#[tokio::test]
async fn what_makes_no_pod_is_said_not_to_be_evaluated() {
    let mut object = pod(&running("settings", &[]));
    object.id.kind = "ConfigMap".to_owned();
    object.content = Content::NotEvaluated("no Pod template".to_owned());
    let report = check(vec![object], setup(&VARIABLES, None), AsNamed).await;
    let object = &report.objects[0];
    assert_eq!(object.result, CheckResult::NotEvaluated("no Pod template".to_owned()));
    assert_eq!((object.id.namespace.clone(), report.images), (None, 0));
}
