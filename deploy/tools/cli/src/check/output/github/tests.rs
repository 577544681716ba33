use ecr_admission_policy::Rule;

use super::super::testing::{deployment, mixed, unknown, violation};
use super::*;
use crate::check::report::CheckResult;

fn report(violations: Vec<FoundViolation>) -> Report {
    let objects = vec![deployment(CheckResult::Denied, violations)];
    Report { objects, images: 1, ..Report::default() }
}

#[test]
fn each_violation_is_a_command_and_the_last_line_counts() {
    insta::assert_snapshot!(write(&mixed()));
}

#[test]
fn nothing_found_is_one_line() {
    let objects = vec![deployment(CheckResult::Admitted, Vec::new())];
    let text = write(&Report { objects, images: 1, ..Report::default() });
    let expected = "1 object, 1 image: 0 denied, 1 admitted\n";
    assert_eq!(text, expected);
}

#[test]
fn foreign_text_begins_no_command_and_ends_no_property() {
    let mut found = violation(Rule::EcrRegistry, Mode::Deny);
    found.text = "50%\r\n::error::x".to_owned();
    let mut report = report(vec![found]);
    for object in &mut report.objects {
        object.id.file = "a,b:c%\n.yaml".to_owned();
        object.id.name = "we\u{1b}b\n::set-output name=x::y".to_owned();
    }
    assert_eq!(
        write(&report).lines().next().unwrap(),
        "::error file=a%2Cb%3Ac%25%0A.yaml,line=19,endLine=19,col=18,endColumn=66,title=would be denied by ecr-registry::\
         Deployment prod/web::set-output name=x::y: 50%25%0D%0A::error::x"
    );
}

#[test]
fn an_image_over_several_lines_has_no_columns() {
    let span = Span { line: 19, column: 18, end_line: 20, end_column: 30 };
    let found = FoundViolation { span: Some(span), ..violation(Rule::Pinned, Mode::Warn) };
    let text = write(&report(vec![found]));
    let expected =
        "::warning file=deploy/web.yaml,line=19,endLine=20,title=would be warned about by pinned::";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn what_github_does_not_show_is_said() {
    let hint = "(GitHub shows 10 errors, 10 warnings and 10 notices of a step beside the code; this log has all)\n";
    let with = |count| write(&report(vec![unknown(Mode::Deny); count]));
    assert!(with(11).ends_with(hint), "{}", with(11));
    assert!(!with(10).ends_with(hint), "{}", with(10));
}
