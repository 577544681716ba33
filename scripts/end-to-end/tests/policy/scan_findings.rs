//! The switches of `scan-findings` that say which findings count.

use end_to_end::outcome::{ADMITTED, denied, findings, outcome, pod, warned};
use end_to_end::policed::{Keep, Policed};

/// A document with these switches of `scan-findings`.
fn switch(text: &str) -> String {
    format!("rules: {{scan-findings: {{{text}}}}}")
}

#[tokio::test]
async fn the_limit_decides_which_findings_count() {
    let policed = Policed::open().await;
    let high = "1 HIGH finding (severity limit HIGH): CVE-2026-1001 in openssl, fixed in 3.3.2";
    let limit = |limit: &str| switch(&format!("severityLimit: {limit}"));
    policed
        .expect(&[
            ("", "found:high", ADMITTED.to_owned()),
            (&limit("HIGH"), "found:high", denied("found:high", &findings(high))),
        ])
        .await;
    policed.stop().await;
}

#[tokio::test]
async fn what_the_document_leaves_out_the_parameters_say() {
    let limit = ["--admission-env", "SEVERITY_LIMIT=HIGH"];
    let policed = Policed::start("", Keep::Never, &limit).await;
    let high = "1 HIGH finding (severity limit HIGH): CVE-2026-1001 in openssl, fixed in 3.3.2";
    let denied = denied("found:high", &findings(high));
    policed
        .expect(&[
            ("", "found:high", denied.clone()),
            // Other switches of the same rule leave it.
            (&switch("graceDays: 1"), "found:high", denied),
            (&switch("severityLimit: CRITICAL"), "found:high", ADMITTED.to_owned()),
        ])
        .await;
    policed.stop().await;
}

#[tokio::test]
async fn findings_without_a_fix_are_ignored_only_where_that_is_said() {
    let policed = Policed::open().await;
    let fixable = switch("fixableOnly: true");
    let cases = [
        // Three pages of findings: all must be read, and the one at the end counts.
        (fixable.as_str(), "fixes:no", ADMITTED.to_owned()),
        (
            &fixable,
            "fixes:last",
            denied(
                "fixes:last",
                &findings(
                    "1 CRITICAL finding (severity limit CRITICAL): CVE-2026-2999 in zlib, fixed in 1.3.2",
                ),
            ),
        ),
    ];
    policed.expect(&cases).await;
    policed.stop().await;
}

#[tokio::test]
async fn a_page_that_cannot_be_read_denies() {
    let document = switch("fixableOnly: true");
    let fault = ["--fault", "DescribeImageScanFindings@fixes:no=slow:1", "--fault"];
    let fault = [&fault[..], &["DescribeImageScanFindings@fixes:no=access-denied"]].concat();
    let policed = Policed::start(&document, Keep::Seconds(60), &fault).await;
    let answer = outcome(&policed.answer(&pod("fixes:no")).await);
    let reason = "could not be evaluated: ecr:DescribeImageScanFindings was denied access; \
        allow it for the admission function's role and, for a registry of another account, in the \
        repository policy [image-available]";
    assert_eq!(answer, denied("fixes:no", reason));
    policed.stop().await;
}

/// For clusters whose tenants must not learn what others run, and how it can be attacked.
#[tokio::test]
async fn short_denials_name_no_vulnerability_and_log_and_audit_annotations_do() {
    let policed = Policed::start("denials: short", Keep::Never, &[]).await;
    let answer = policed.answer(&pod("found:four")).await;
    let counted = "3 CRITICAL findings (severity limit CRITICAL)";
    assert_eq!(outcome(&answer), denied("found:four", &findings(counted)));
    let whole = answer["auditAnnotations"]["denial"].as_str().unwrap();
    assert!(
        whole.contains(&format!("{counted}: CVE-2026-1002 in zlib, fixed in 1.3.2")),
        "{whole}"
    );
    assert_eq!(policed.logged("review")[0]["denial"], whole);

    policed.write("denials: short\nmode: warn");
    let answer = policed.answer(&pod("found:four")).await;
    assert_eq!(outcome(&answer), warned("found:four", &findings(counted)));
    let whole = answer["auditAnnotations"]["warned"].as_str().unwrap();
    assert!(whole.contains("CVE-2026-1002"), "{whole}");
    policed.stop().await;
}
