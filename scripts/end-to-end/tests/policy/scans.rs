//! The switches of `scan-findings` that are about the scan: its age, that of what it knew, its status.

use end_to_end::outcome::{ADMITTED, audited, denied, warned};
use end_to_end::policed::Policed;

fn switch(text: &str) -> String {
    format!("rules: {{scan-findings: {{{text}}}}}")
}

#[tokio::test]
async fn a_scan_and_what_it_knew_may_be_so_old() {
    let policed = Policed::open().await;
    let (scan, feed) = (switch("maxScanAgeDays: 30"), switch("maxFeedAgeDays: 7"));
    let old_scan = "was scanned at 2025-01-05T08:00:00Z, more than 30 days ago; scan it again or push \
        it again [scan-findings]";
    let old_feed = "was scanned with vulnerability data of 2025-01-04T08:00:00Z, more than 7 days old; \
        scan it again [scan-findings]";
    policed
        .expect(&[
            (&scan, "ages:fresh", ADMITTED.to_owned()),
            (&scan, "ages:old", denied("ages:old", old_scan)),
            (&feed, "ages:fresh", ADMITTED.to_owned()),
            (&feed, "ages:old", denied("ages:old", old_feed)),
        ])
        .await;
    policed.stop().await;
}

#[tokio::test]
async fn a_status_without_a_result_has_a_mode_of_its_own() {
    let policed = Policed::open().await;
    let name = "statuses:PENDING";
    let reason =
        "has no scan result (scan status PENDING); wait for the scan to end [scan-findings]";
    let warn = switch("statuses: {PENDING: warn}");
    policed
        .expect(&[
            ("", name, denied(name, reason)),
            (&warn, name, warned(name, reason)),
            // The mode of the rule is the maximum of what a status does.
            (&format!("{warn}\nmode: audit"), name, audited(name, reason)),
        ])
        .await;
    policed.stop().await;
}
