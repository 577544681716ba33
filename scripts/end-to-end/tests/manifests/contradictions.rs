//! Scans that contradict themselves, or say that they are complete and have no result.

use crate::asked::{catalogue, expect, over};
use end_to_end::outcome::{outcome, pod};

const CRITICAL: &str = "{name: CVE-2026-1, severity: CRITICAL, package: zlib";
const LOW: &str = "{name: CVE-2026-2, severity: LOW, package: xz";
const AT: &str = "completedAt: 1 day ago";

fn image(tag: &str, scan: &str) -> String {
    format!("{{tags: [{tag}], scan: {{{scan}}}}}")
}

#[tokio::test]
async fn the_larger_of_what_is_counted_and_what_is_listed_counts() {
    let images = [
        image(
            "listed",
            &format!("status: COMPLETE, {AT}, severityCounts: {{}}, findings: [{CRITICAL}}}]"),
        ),
        image(
            "listed-active",
            &format!("status: ACTIVE, {AT}, severityCounts: {{}}, findings: [{CRITICAL}}}]"),
        ),
        image(
            "counted",
            &format!("status: COMPLETE, {AT}, severityCounts: {{CRITICAL: 1}}, findings: []"),
        ),
        image("counted-alone", "status: COMPLETE, severityCounts: {CRITICAL: 1}"),
        image(
            "closed",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: {{}}, findings: [{CRITICAL}, status: CLOSED}}]"
            ),
        ),
        image(
            "suppressed",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: {{}}, findings: [{CRITICAL}, status: SUPPRESSED}}]"
            ),
        ),
        // Nothing is subtracted from what ECR counts.
        image(
            "closed-counted",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: {{CRITICAL: 1}}, findings: [{CRITICAL}, status: CLOSED}}]"
            ),
        ),
        image(
            "suppressed-counted",
            &format!("status: COMPLETE, {AT}, findings: [{CRITICAL}, status: SUPPRESSED}}]"),
        ),
        // Without counts every status but CLOSED counts.
        image(
            "closed-uncounted",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: false, findings: [{CRITICAL}, status: CLOSED}}]"
            ),
        ),
        image(
            "suppressed-uncounted",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: false, findings: [{CRITICAL}, status: SUPPRESSED}}]"
            ),
        ),
        image(
            "unknown-uncounted",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: false, findings: [{CRITICAL}, status: NEW}}]"
            ),
        ),
        image(
            "many",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: {{CRITICAL: 1}}, findings: [{CRITICAL}, repeat: 150}}]"
            ),
        ),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let found: &[&str] = &["scan-findings"];
    expect(
        &policed,
        "",
        &[
            ("field:listed", found),
            ("field:listed-active", found),
            ("field:counted", found),
            ("field:counted-alone", found),
            ("field:closed", &[]),
            ("field:suppressed", &[]),
            ("field:closed-counted", found),
            ("field:suppressed-counted", found),
            ("field:closed-uncounted", &[]),
            ("field:suppressed-uncounted", found),
            ("field:unknown-uncounted", found),
            ("field:many", found),
        ],
    )
    .await;
    // More than a page of them.
    let said = outcome(&policed.answer(&pod("field:many")).await);
    assert!(said.contains("has 150 CRITICAL findings"), "{said}");
    policed.stop().await;
}

#[tokio::test]
async fn a_complete_scan_has_a_result() {
    let images = [
        image("nothing", "status: COMPLETE"),
        image("empty", "status: COMPLETE, findings: []"),
        image("empty-active", "status: ACTIVE, findings: []"),
        image("source", "status: ACTIVE, vulnerabilitySourceUpdatedAt: 1 day ago, findings: []"),
        image("zero", "status: COMPLETE, severityCounts: {CRITICAL: 0, LOW: 0}, findings: []"),
        image(
            "closed",
            &format!("status: COMPLETE, severityCounts: {{}}, findings: [{LOW}, status: CLOSED}}]"),
        ),
        image(
            "suppressed",
            &format!(
                "status: COMPLETE, severityCounts: {{}}, findings: [{LOW}, status: SUPPRESSED}}]"
            ),
        ),
        image("time", &format!("status: COMPLETE, {AT}, findings: []")),
        image("time-alone", &format!("status: ACTIVE, {AT}")),
        image("count", "status: COMPLETE, severityCounts: {LOW: 1}, findings: []"),
        image("finding", &format!("status: COMPLETE, severityCounts: {{}}, findings: [{LOW}}}]")),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let none: &[&str] = &["scan-findings"];
    expect(
        &policed,
        "",
        &[
            ("field:nothing", none),
            ("field:empty", none),
            ("field:empty-active", none),
            ("field:source", none),
            ("field:zero", none),
            ("field:closed", none),
            ("field:suppressed", none),
            ("field:time", &[]),
            ("field:time-alone", &[]),
            ("field:count", &[]),
            ("field:finding", &[]),
        ],
    )
    .await;
    policed.stop().await;
}

#[tokio::test]
async fn filters_let_nothing_pass_that_is_counted_and_not_listed() {
    let fixable = "rules: {scan-findings: {fixableOnly: true}}";
    let images = [
        image("all", &format!("status: COMPLETE, {AT}, findings: [{CRITICAL}}}]")),
        image(
            "fewer",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: {{CRITICAL: 2}}, findings: [{CRITICAL}}}]"
            ),
        ),
        image(
            "closed",
            &format!(
                "status: COMPLETE, {AT}, severityCounts: {{CRITICAL: 2}}, findings: [{CRITICAL}}}, {CRITICAL}, status: CLOSED}}]"
            ),
        ),
    ];
    let policed = over(&catalogue("field", &images)).await;
    for name in ["field:fewer", "field:closed"] {
        let said = policed.under(fixable, &pod(name)).await;
        assert!(said.starts_with("denied: "), "{name}: {said}");
    }
    expect(&policed, fixable, &[("field:all", &[])]).await;
    policed.stop().await;
}
