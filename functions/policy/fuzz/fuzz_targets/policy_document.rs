//! Any text is a policy document that can be explained and applied, or is refused with its place.
//! None panics, and a control character of a document never reaches a message raw.
#![no_main]

use std::collections::BTreeMap;

use ecr_admission_policy::policy::exemption::Requester;
use ecr_admission_policy::text::is_printable;
use ecr_admission_policy::{
    Document, FieldPath, Mode, Policy, SeverityLimit, Timestamp, decide, plan,
};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_seconds(1_795_176_000);

fuzz_target!(|text: &str| {
    let document = match Document::from_yaml(text) {
        Ok(document) => document,
        Err(invalid) => {
            assert!(invalid.line() >= 1 && invalid.column() >= 1, "{invalid}");
            return;
        }
    };
    for entry in document.expiring() {
        assert!(entry.excuse.to_string().chars().all(is_printable));
    }
    let base = Policy::new(
        ["123456789012".parse().unwrap()].into(),
        ["us-east-1".parse().unwrap()].into(),
        SeverityLimit::Critical,
    );
    let requester =
        Requester { cluster: Some("blue"), namespace: Some("shop"), user: Some("alice") };
    let policy = document.policy(base, &requester, NOW);
    let images =
        ["docker.io/library/nginx:1", "123456789012.dkr.ecr.us-east-1.amazonaws.com/pay:1"]
            .map(|image| (FieldPath::new(image), image.to_owned()));
    let plan = plan(images, Mode::Deny, &policy);
    let verdict = decide(&plan, &BTreeMap::new(), &policy, NOW);
    // Nothing was looked up: something is always said of it.
    assert!(!verdict.violations.is_empty());
    let messages = verdict.message().into_iter().chain(verdict.warnings()).chain(verdict.audited());
    for text in messages.chain([policy.to_string()]) {
        assert!(text.chars().all(is_printable), "{text}");
    }
});
