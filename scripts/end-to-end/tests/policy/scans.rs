//! The switches of `scan-findings` that are about the scan: its age, that of what it knew, its status.

use end_to_end::policed::Policed;
use end_to_end::told::{ADMITTED, audited, denied, pod, warned};

fn switch(text: &str) -> String {
    format!("rules: {{scan-findings: {{{text}}}}}")
}

#[tokio::test]
async fn a_scan_and_what_it_knew_may_be_so_old() {
    let policed = Policed::open().await;
    let (scan, feed) = (switch("maxScanAgeDays: 30"), switch("maxFeedAgeDays: 7"));
    let both = switch("maxScanAgeDays: 365, maxFeedAgeDays: 365");
    let old_scan = "was scanned at 2025-01-05T08:00:00Z, more than 30 days ago; scan it again or push \
        it again [scan-findings]";
    let old_feed = "was scanned with vulnerability data of 2025-01-04T08:00:00Z, more than 7 days old; scan it again [scan-findings]";
    let no_scan = "does not say when it was scanned (maximum age 30 days); scan it again \
        [scan-findings]";
    let no_feed = "does not say when its vulnerability data was updated (maximum age 7 days); scan it again [scan-findings]";
    policed
        .expect(&[
            ("", "ages:old", ADMITTED.to_owned()),
            ("", "ages:unknown", ADMITTED.to_owned()),
            (&scan, "ages:fresh", ADMITTED.to_owned()),
            (&scan, "ages:old", denied("ages:old", old_scan)),
            (&scan, "ages:unknown", denied("ages:unknown", no_scan)),
            (&feed, "ages:fresh", ADMITTED.to_owned()),
            (&feed, "ages:old", denied("ages:old", old_feed)),
            (&feed, "ages:unknown", denied("ages:unknown", no_feed)),
            (&both, "ages:fresh", ADMITTED.to_owned()),
        ])
        .await;
    // Six days old.
    let answer = policed.under(&switch("maxFeedAgeDays: 5"), &pod("ages:fresh")).await;
    assert!(answer.ends_with(", more than 5 days old; scan it again [scan-findings]"), "{answer}");
    let answer = policed.under(&both, &pod("ages:old")).await;
    assert_eq!(answer.matches("[scan-findings]").count(), 2, "{answer}");
    policed.stop().await;
}

#[tokio::test]
async fn each_status_without_a_result_has_a_mode_of_its_own() {
    let policed = Policed::open().await;
    for (status, todo) in [
        ("PENDING", "wait for the scan to end"),
        ("IN_PROGRESS", "wait for the scan to end"),
        ("FAILED", "start the scan again"),
        ("UNSUPPORTED_IMAGE", "build it on a base image that the scanner supports"),
        ("SCAN_ELIGIBILITY_EXPIRED", "push it again or extend how long the registry scans images"),
    ] {
        let name = format!("statuses:{status}");
        let reason = format!("has no scan result (scan status {status}); {todo} [scan-findings]");
        let mode = |mode: &str| switch(&format!("statuses: {{{status}: {mode}}}"));
        policed
            .expect(&[
                ("", &name, denied(&name, &reason)),
                (&mode("deny"), &name, denied(&name, &reason)),
                (&mode("warn"), &name, warned(&name, &reason)),
                (&mode("audit"), &name, audited(&name, &reason)),
                // The mode of the rule is the most that any status does.
                (&format!("{}\nmode: audit", mode("warn")), &name, audited(&name, &reason)),
            ])
            .await;
    }
    // Another status has no switch, and those of others are not its own.
    let others = switch("statuses: {PENDING: audit, IN_PROGRESS: audit, FAILED: audit}");
    let limit = "has no scan result (scan status LIMIT_EXCEEDED); wait a day: the registry's scan \
        limit was reached [scan-findings]";
    policed
        .expect(&[(&others, "statuses:LIMIT_EXCEEDED", denied("statuses:LIMIT_EXCEEDED", limit))])
        .await;
    policed.stop().await;
}
