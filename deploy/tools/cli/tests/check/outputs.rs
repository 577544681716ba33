//! What is written of a report.

use ecr_admission_cli::check::object::{Content, Object, Span, Unreadable};
use ecr_admission_cli::check::output::{json, text};
use ecr_admission_cli::check::report::Report;
use ecr_admission_policy::FieldPath;
use ecr_admission_policy::text::is_printable;
use ecr_admission_testing::as_named::AsNamed;
use serde_json::{Value, json};

use crate::support::{VARIABLES, check, deployment, image, pod, running, setup};

fn at(line: usize, column: usize, end_column: usize) -> Span {
    Span { line, column, end_line: line, end_column }
}

/// An object that is written in a file, with its first image at line 12.
fn written(mut object: Object, file: &str) -> Object {
    file.clone_into(&mut object.id.file);
    object.id.span = Some(at(2, 1, 11));
    if let Content::Pod(pod) = &mut object.content {
        pod.images.insert(FieldPath::new("spec.containers[0].image"), at(12, 16, 40));
    }
    object
}

fn not_evaluated(kind: &str, name: &str) -> Object {
    let mut object = pod(&running(name, &[]));
    "v1".clone_into(&mut object.id.api_version);
    kind.clone_into(&mut object.id.kind);
    object.content = Content::NotEvaluated("no Pod template".to_owned());
    object
}

/// A report with something of everything.
async fn report() -> Report {
    let document = "apiVersion: ecr-admission/v1\nrules:\n  scan-on-push: {mode: warn}\n  scan-findings: {mode: audit}\n";
    let mut rendered =
        written(deployment(&running("p", &["quay.io/team/app:1"])), "chart/templates/web.yaml");
    rendered.id.rendered = true;
    let owned = |name: &str| {
        let mut object = running(name, &[&image("throttled:1")]);
        object["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "web-6d4f"}]);
        pod(&object)
    };
    let mut ignored = pod(&running("dns", &[&image("dns:1")]));
    ignored.id.namespace = Some("kube-system".to_owned());
    let mut objects = vec![
        written(deployment(&running("p", &[&image("mutable-manual:1")])), "web.yaml"),
        written(deployment(&running("p", &[&image("app-critical:1")])), "web.yaml"),
        rendered,
        owned("web-6d4f-a"),
        owned("web-6d4f-b"),
        ignored,
        pod(&running("hostile\u{1b}[2J\u{202e}", &["ngi\u{9b}nx\n"])),
        pod(&running("good", &[&image("app:1")])),
        not_evaluated("Service", "web"),
    ];
    objects.extend((0..7).map(|n| not_evaluated("ConfigMap", &format!("settings{n}"))));
    let mut report = check(objects, setup(&VARIABLES, Some(document)), AsNamed).await;
    report.unreadable = vec![Unreadable {
        file: "bad.yaml".to_owned(),
        place: Some((3, 7)),
        problem: "expected a value, got {{; render it first".to_owned(),
    }];
    report.notices = vec!["the policy document is policy.yaml".to_owned()];
    report
}

#[tokio::test]
async fn as_text() {
    insta::assert_snapshot!(text::write(&report().await, false));
}

#[tokio::test]
async fn as_text_in_color() {
    let report = report().await;
    let colored = text::write(&report, true);
    let plain = ["31", "33", "35", "36"].iter().fold(colored.clone(), |text, color| {
        text.replace(&format!("\u{1b}[1;{color}m"), "").replace("\u{1b}[0m", "")
    });
    assert_ne!(colored, plain);
    assert_eq!(plain, text::write(&report, false));
}

#[tokio::test]
async fn as_json() {
    let json = json::write(&report().await);
    insta::assert_snapshot!(json);
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["objects"][5]["name"], "hostile\u{1b}[2J\u{202e}");
}

#[tokio::test]
async fn nothing_that_a_terminal_acts_on_is_written() {
    let report = report().await;
    for written in [text::write(&report, false), json::write(&report)] {
        assert!(written.chars().all(|c| c == '\n' || is_printable(c)), "{written:?}");
    }
}
