//! What deploy/runbook.md says, played on a running stack: its commands, word for word.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::time::Duration;

use end_to_end::outcome::{audited, denied, findings, outcome, pod};
use end_to_end::policed::{Keep, Policed};
use local_cloud::build::project;

mod operator;

use operator::Operator;

const DOCUMENT: &str = "\
# Decided in March.
rules:
  scan-findings:
    severityLimit: HIGH # as the parameter was
namespaces:
  - {names: [\"dev-*\"], mode: warn}
";

/// How the image is denied.
const HIGH: &str = "1 HIGH finding (severity limit HIGH): CVE-2026-1001 in openssl, fixed in 3.3.2";

/// The commands of the page that begin with these words, in its order.
fn commands(start: &str) -> Vec<String> {
    let page = std::fs::read_to_string(project().join("deploy/runbook.md")).unwrap();
    let mut is_code = false;
    let mut found = vec![];
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code && line.starts_with(start) {
            found.push(line.to_owned());
        }
    }
    assert!(!found.is_empty(), "the page has no command {start}");
    found
}

/// The command that the tool printed for undoing what it did.
fn undo(said: &str) -> String {
    let command = said.lines().skip_while(|line| *line != "to undo it:").nth(1);
    command.unwrap_or_else(|| panic!("{said}")).trim().to_owned()
}

async fn answer(policed: &Policed) -> String {
    outcome(&policed.answer(&pod("found:high")).await)
}

#[tokio::test]
async fn a_denied_namespace_is_exempted_and_denies_again_when_that_is_undone_or_ends() {
    let policed = Policed::start(DOCUMENT, Keep::Never, &[]).await;
    let denied = denied("found:high", &findings(HIGH));
    assert_eq!(answer(&policed).await, denied);

    let operator = Operator::of(&policed.stack).await;
    let exempt = commands("deploy/policy exempt ").remove(0);
    let shown = operator.run(&format!("{exempt} --dry-run")).await;
    assert!(shown.contains("\n+    reason: INC-1\n"), "{shown}");
    assert_eq!(answer(&policed).await, denied);

    let said = operator.run(&exempt).await;
    assert!(said.contains(", for every review from now on (CacheSeconds is 0)\n"), "{said}");
    assert!(said.contains("\n namespaces:\n"), "{said}");
    // The comments are there as before.
    let document = policed.document().await;
    let before = format!("apiVersion: ecr-admission/v1\n{DOCUMENT}exemptions:\n");
    assert!(document.starts_with(&before), "{document}");
    let owner = "arn:aws:iam::123456789012:user/oncall";
    let until = document.lines().find_map(|line| line.trim().strip_prefix("expires: ")).unwrap();
    let reason =
        format!("; exempt: owner \"{owner}\", until {until}, reason \"INC-1\" [scan-findings]");
    let exempted = findings(HIGH).replace(" [scan-findings]", &reason);
    // It ends within a week, so its author reads a warning.
    let answered = answer(&policed).await;
    assert!(answered.starts_with("warned: "), "{answered}");
    assert!(answered.ends_with(&audited("found:high", &exempted)), "{answered}");
    // Another namespace is denied as before.
    let mut elsewhere = pod("found:high");
    elsewhere["request"]["namespace"] = "payments".into();
    assert_eq!(outcome(&policed.answer(&elsewhere).await), denied);

    let said = operator.run(&undo(&said)).await;
    assert!(said.contains("\n-    reason: INC-1\n"), "{said}");
    assert_eq!(answer(&policed).await, denied);
    assert_eq!(policed.document().await, format!("apiVersion: ecr-admission/v1\n{DOCUMENT}"));

    // Where nobody undoes it, it ends.
    let short = exempt.replace(" --for 4h ", " --for 10s ");
    assert_ne!(short, exempt);
    operator.run(&short).await;
    assert_ne!(answer(&policed).await, denied);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(answer(&policed).await, denied);
    let history = operator.run(&commands("deploy/policy history ").remove(0)).await;
    assert_eq!(history.lines().count(), 4, "{history}");
    policed.stop().await;
}

#[tokio::test]
async fn a_bad_document_is_replaced_by_the_one_before() {
    let policed = Policed::start(DOCUMENT, Keep::Never, &[]).await;
    let denied = denied("found:high", &findings(HIGH));
    assert_eq!(answer(&policed).await, denied);
    // Somebody puts a document without checking it.
    let operator = Operator::of(&policed.stack).await;
    policed.write("rules: {scan-findings: {severityLimt: LOW}}");
    answer(&policed).await;
    // A line is there a moment after the answer.
    while policed.logged("policy_unreadable").is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(policed.logged("policy_unreadable").len(), 1);
    let refused = operator.refused(&commands("deploy/policy exempt ").remove(0)).await;
    assert!(refused.contains("is not a valid policy document: line 2, column 25: "), "{refused}");

    let said = operator.run(&commands("deploy/policy restore ").remove(0)).await;
    assert!(said.contains(" is in force, "), "{said}");
    assert_eq!(policed.document().await, format!("apiVersion: ecr-admission/v1\n{DOCUMENT}"));
    let before = policed.logged("policy_unreadable").len();
    assert_eq!(answer(&policed).await, denied);
    assert_eq!(policed.logged("policy_unreadable").len(), before);
    policed.stop().await;
}
