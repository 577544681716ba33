use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use ecr_admission_policy::FieldPath;
use serde_json::{Value, json};

use super::super::testing::{deployment, mixed, unknown, violation};
use super::*;

const SCHEMA: &str = include_str!("../../../../tests/sarif/sarif-schema-2.1.0.json");

fn check_schema(log: &Value) -> Result<(), String> {
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    let schema = serde_json::from_str(SCHEMA).unwrap();
    compiler.add_resource("file:///sarif.json", schema).unwrap();
    let mut schemas = Schemas::new();
    let schema = compiler.compile("file:///sarif.json", &mut schemas).unwrap();
    schemas.validate(log, schema).map_err(|error| error.to_string())
}

/// What is written for `report`: valid, and with all that GitHub requires.
fn written(report: &Report) -> Value {
    let log: Value = serde_json::from_str(&write(report, "1.2.3")).unwrap();
    check_schema(&log).unwrap();
    let required = |value: &Value| match value {
        Value::String(text) => assert_ne!(text, ""),
        Value::Number(number) => assert_ne!(number.as_u64(), Some(0)),
        _ => panic!("GitHub requires a text or a number, got {value}"),
    };
    let run = &log["runs"][0];
    required(&run["tool"]["driver"]["name"]);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        required(&rule["id"]);
        required(&rule["help"]["text"]);
        for description in ["shortDescription", "fullDescription"] {
            required(&rule[description]["text"]);
            assert!(rule[description]["text"].as_str().unwrap().chars().count() <= 1024);
        }
    }
    for result in run["results"].as_array().unwrap() {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        required(&result["message"]["text"]);
        required(&result["partialFingerprints"]["primaryLocationLineHash"]);
        let place = &result["locations"][0]["physicalLocation"];
        required(&place["artifactLocation"]["uri"]);
        for number in ["startLine", "startColumn", "endLine", "endColumn"] {
            required(&place["region"][number]);
        }
    }
    log
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

fn invocation(log: &Value) -> &Value {
    &log["runs"][0]["invocations"][0]
}

/// A report of one Deployment.
fn report(violations: Vec<FoundViolation>) -> Report {
    Report { objects: vec![deployment(CheckResult::Denied, violations)], ..Report::default() }
}

#[test]
fn one_result_for_each_violation_and_a_notification_for_the_rest() {
    let text = write(&mixed(), "1.2.3");
    written(&mixed());
    insta::assert_snapshot!(text);
}

#[test]
fn the_schema_would_refuse() {
    let mut log = written(&mixed());
    log["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(check_schema(&log).unwrap_err().contains("/runs/0/results/0/level"));
    let mut log = written(&mixed());
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] =
        json!("a b");
    assert!(check_schema(&log).is_err());
}

#[test]
fn without_violations_the_results_are_an_empty_list_and_every_rule_is_declared() {
    let log = written(&Report::default());
    assert_eq!(log["runs"][0]["results"], json!([]));
    let expected = json!({"executionSuccessful": true, "toolExecutionNotifications": []});
    assert_eq!(invocation(&log), &expected);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, Rule::ALL.map(Rule::id));
}

#[test]
fn what_is_unreadable_is_a_failed_run_that_says_where() {
    let unreadable = Unreadable {
        file: "deploy/bad.yaml".to_owned(),
        place: None,
        problem: "is not UTF-8".to_owned(),
    };
    let log = written(&Report { unreadable: vec![unreadable], ..Report::default() });
    assert_eq!(log["runs"][0]["results"], json!([]));
    let region = json!({"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1});
    let place = json!({"artifactLocation": {"uri": "deploy/bad.yaml"}, "region": region});
    let expected = json!({
        "executionSuccessful": false,
        "toolExecutionNotifications": [{
            "level": "error",
            "message": {"text": "is not UTF-8"},
            "locations": [{"physicalLocation": place}],
        }],
    });
    assert_eq!(invocation(&log), &expected);
}

#[test]
fn what_could_not_be_evaluated_is_not_a_result() {
    let log = written(&report(vec![unknown(Mode::Warn), violation(Rule::Pinned, Mode::Deny)]));
    assert_eq!(results(&log).len(), 1);
    assert_eq!(invocation(&log)["executionSuccessful"], false);
    let notification = &invocation(&log)["toolExecutionNotifications"][0];
    assert_eq!(notification["level"], "warning");
    assert_eq!(notification["associatedRule"], json!({"id": "image-available", "index": 1}));
}

#[test]
fn without_the_place_of_the_image_a_result_is_at_its_object() {
    let found = FoundViolation { span: None, ..violation(Rule::Pinned, Mode::Deny) };
    let log = written(&report(vec![found]));
    let region = json!({"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 1});
    assert_eq!(results(&log)[0]["locations"][0]["physicalLocation"]["region"], region);
}

#[test]
fn a_manifest_cannot_put_a_link_into_an_alert() {
    let mut found = violation(Rule::EcrRegistry, Mode::Deny);
    found.text = "spec.containers[0].image \"[fix](https://example.com)\": is bad".to_owned();
    let log = written(&report(vec![found]));
    let text = results(&log)[0]["message"]["text"].as_str().unwrap();
    let expected =
        "Deployment prod/web: spec.containers[0].image \"[fix] (https://example.com)\": is bad";
    assert_eq!(text, expected);
}

fn fingerprints(report: &Report) -> Vec<String> {
    let log = written(report);
    let fingerprint =
        |result: &Value| result["partialFingerprints"]["primaryLocationLineHash"].clone();
    results(&log).iter().map(|result| fingerprint(result).as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_fingerprint_survives_a_move_and_another_version() {
    let before = report(vec![violation(Rule::ScanFindings, Mode::Deny)]);
    let mut after = report(vec![FoundViolation {
        span: Some(place::at(90, 7)),
        image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.5".to_owned(),
        mode: Mode::Warn,
        text: "has other findings".to_owned(),
        ..violation(Rule::ScanFindings, Mode::Deny)
    }]);
    after.objects[0].id.span = None;
    after.objects[0].id.api_version = "apps/v2".to_owned();
    after.objects[0].id.file = "deploy//web.yaml".to_owned();
    assert_eq!(fingerprints(&before), fingerprints(&after));
    assert_eq!(fingerprints(&before), ["c62a5d273f97f398:1"]);
}

#[test]
fn whatever_is_another_violation_has_another_fingerprint() {
    let first = || report(vec![violation(Rule::ScanFindings, Mode::Deny)]);
    let object = |change: fn(&mut CheckedObject)| {
        let mut report = first();
        change(&mut report.objects[0]);
        report
    };
    let changed = [
        first(),
        object(|object| object.id.file = "deploy/shop.yaml".to_owned()),
        object(|object| object.id.kind = "StatefulSet".to_owned()),
        object(|object| object.id.namespace = Some("test".to_owned())),
        object(|object| object.id.namespace = None),
        object(|object| object.id.name = "web-2".to_owned()),
        object(|object| {
            object.violations[0].path = FieldPath::new("spec.template.spec.containers[1].image");
        }),
        object(|object| object.violations[0].rule = Rule::Pinned),
        object(|object| object.violations[0].repository += "/x"),
        // The same text, divided otherwise.
        object(|object| {
            (object.id.kind, object.id.name) = ("Deploymentprod".to_owned(), "web".to_owned());
        }),
    ];
    let all: BTreeSet<_> = changed.iter().flat_map(fingerprints).collect();
    assert_eq!(all.len(), changed.len());
}

#[test]
fn violations_that_nothing_distinguishes_are_numbered() {
    let found = violation(Rule::ScanFindings, Mode::Deny);
    let numbered = fingerprints(&report(vec![found.clone(), found]));
    let (hash, _) = numbered[0].split_once(':').unwrap();
    assert_eq!(numbered, [format!("{hash}:1"), format!("{hash}:2")]);
}

#[test]
fn more_results_than_github_accepts_are_left_out_and_said() {
    let mut violations = vec![violation(Rule::Pinned, Mode::Audit); MOST_RESULTS];
    violations.push(violation(Rule::ScanFindings, Mode::Deny));
    violations.push(violation(Rule::TagImmutability, Mode::Warn));
    let log: Value = serde_json::from_str(&write(&report(violations), "1.2.3")).unwrap();
    assert_eq!(results(&log).len(), MOST_RESULTS);
    let levels: Vec<_> = results(&log).iter().take(3).map(|result| &result["level"]).collect();
    assert_eq!(levels, ["error", "warning", "note"]);
    assert_eq!(
        invocation(&log)["toolExecutionNotifications"][0]["message"]["text"],
        "2 more violations are not in this file, since GitHub accepts 25000 results of a run; `--output json` lists all"
    );
}
