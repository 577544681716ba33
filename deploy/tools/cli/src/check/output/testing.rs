//! Reports for the tests of the outputs.

use ecr_admission_policy::{FieldPath, Mode, Rule};

use crate::check::object::{ObjectId, Span, Unreadable};
use crate::check::report::{CheckResult, CheckedObject, FoundViolation, Report};

/// Where the image of [`violation`] is written.
pub(super) const IMAGE: Span = Span { line: 19, column: 18, end_line: 19, end_column: 66 };

fn id() -> ObjectId {
    ObjectId {
        file: "./deploy/web.yaml".to_owned(),
        rendered: false,
        span: Some(Span { line: 3, column: 1, end_line: 24, end_column: 12 }),
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: Some("prod".to_owned()),
        name: "web".to_owned(),
    }
}

/// A Deployment of the file `deploy/web.yaml`.
pub(super) fn deployment(result: CheckResult, violations: Vec<FoundViolation>) -> CheckedObject {
    CheckedObject {
        id: id(),
        pods: 1,
        owner: None,
        result,
        refusal: None,
        break_glass: None,
        violations,
    }
}

/// What the first image of the Deployment violates.
pub(super) fn violation(rule: Rule, mode: Mode) -> FoundViolation {
    let path = "spec.template.spec.containers[0].image";
    let repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web";
    FoundViolation {
        path: FieldPath::new(path),
        span: Some(IMAGE),
        image: format!("{repository}:1.4"),
        repository: repository.to_owned(),
        rule,
        mode,
        unknown: false,
        text: format!("{path} \"{repository}:1.4\": is bad; fix it [{rule}]"),
    }
}

/// The same as something that could not be asked.
pub(super) fn unknown(mode: Mode) -> FoundViolation {
    let found = violation(Rule::ImageAvailable, mode);
    let text = format!(
        "{} \"{}\": could not be evaluated: Amazon ECR throttles DescribeRepositories; try again [image-available]",
        found.path, found.image
    );
    FoundViolation { unknown: true, text, ..found }
}

/// An object without a Pod template.
pub(super) fn config_map() -> CheckedObject {
    CheckedObject {
        id: ObjectId { kind: "ConfigMap".to_owned(), name: "settings".to_owned(), ..id() },
        ..deployment(CheckResult::NotEvaluated("no Pod template".to_owned()), Vec::new())
    }
}

/// A report of all that there can be.
pub(super) fn mixed() -> Report {
    let denied = violation(Rule::ScanFindings, Mode::Deny);
    let warned = violation(Rule::TagImmutability, Mode::Warn);
    let audited = violation(Rule::ImageConfig, Mode::Audit);
    let rendered = CheckedObject {
        id: ObjectId {
            file: "shop/templates/cron.yaml".to_owned(),
            rendered: true,
            kind: "CronJob".to_owned(),
            name: "nightly".to_owned(),
            ..id()
        },
        ..deployment(CheckResult::Audited, vec![audited])
    };
    let running = CheckedObject {
        id: ObjectId {
            file: "stdin".to_owned(),
            span: None,
            kind: "Pod".to_owned(),
            name: "web-6d4f-x7k2p".to_owned(),
            ..id()
        },
        pods: 12,
        owner: Some("ReplicaSet web-6d4f".to_owned()),
        ..deployment(
            CheckResult::Unknown,
            vec![FoundViolation { span: None, ..unknown(Mode::Deny) }],
        )
    };
    let refused = CheckedObject {
        id: ObjectId { name: "crowded".to_owned(), ..id() },
        refusal: Some(
            "the Pod has 120 distinct images to look up, more than the 100 allowed".to_owned(),
        ),
        ..deployment(CheckResult::Denied, Vec::new())
    };
    Report {
        objects: vec![
            deployment(CheckResult::Denied, vec![denied, warned]),
            refused,
            rendered,
            running,
            config_map(),
            config_map(),
            deployment(CheckResult::Admitted, Vec::new()),
            deployment(CheckResult::Ignored, Vec::new()),
        ],
        unreadable: vec![Unreadable {
            file: "deploy/bad, 100%.yaml".to_owned(),
            place: Some((7, 3)),
            problem: "has a tab as indentation; expected spaces".to_owned(),
        }],
        notices: vec!["evaluated with credentials of account 123456789012".to_owned()],
        images: 4,
        policy: "none".to_owned(),
    }
}
