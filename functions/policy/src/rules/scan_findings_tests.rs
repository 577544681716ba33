use super::*;
use crate::facts::Inspection;
use crate::index::Platform;
use crate::testing::{case, clean, digest, platform as platform_facts, scan, tagged};

fn reasons(content: Content) -> Vec<String> {
    let mut facts = clean();
    facts.content = content;
    match case(&tagged("1.2"), &Inspection::Inspected(facts.into()), check) {
        Outcome::Judged(reasons) => reasons.iter().map(Reason::to_string).collect(),
        Outcome::NotApplicable | Outcome::Unjudged => panic!("an inspected image is judged"),
    }
}

fn child(architecture: &str, scan: Option<ImageScan>) -> Child {
    let platform =
        Platform { os: "linux".into(), architecture: architecture.into(), ..Platform::default() };
    Child { platform, digest: digest('b'), facts: scan.map(platform_facts) }
}

#[test]
fn only_a_result_without_findings_at_the_limit_passes() {
    const STATUS: &str = "has no scan result (scan status";
    for (status, findings, expected) in [
        ("COMPLETE", &[][..], None),
        ("COMPLETE", &[("HIGH", 9), ("LOW", 1)], None),
        ("COMPLETE", &[("CRITICAL", 0)], None),
        (
            "COMPLETE",
            &[("CRITICAL", 1)],
            Some("has 1 CRITICAL finding (severity limit CRITICAL); "),
        ),
        ("COMPLETE", &[("SEVERE", 2)], Some(r#"has 2 "SEVERE" findings (severity limit"#)),
        ("COMPLETE", &[("UNDEFINED", 2)], Some("has 2 UNDEFINED findings, which nobody has rated")),
        ("ACTIVE", &[], Some("has no scan result yet (ACTIVE); ")),
        ("ACTIVE", &[("LOW", 1)], None),
        ("ACTIVE", &[("CRITICAL", 3)], Some("has 3 CRITICAL findings")),
        ("PENDING", &[], Some(STATUS)),
        ("IN_PROGRESS", &[], Some(STATUS)),
        ("FAILED", &[], Some(STATUS)),
        ("UNSUPPORTED_IMAGE", &[], Some(STATUS)),
        ("SCAN_ELIGIBILITY_EXPIRED", &[], Some(STATUS)),
        ("FINDINGS_UNAVAILABLE", &[], Some(STATUS)),
        ("LIMIT_EXCEEDED", &[], Some(STATUS)),
        ("IMAGE_ARCHIVED", &[], Some(STATUS)),
        ("IMAGE_SIZE_EXCEEDED", &[], Some(STATUS)),
        ("complete", &[], Some(r#"(scan status "complete")"#)),
        ("", &[], Some(r#"(scan status "")"#)),
    ] {
        let told = reasons(Content::Image(platform_facts(scan(status, findings))));
        assert_eq!(told.len(), usize::from(expected.is_some()), "{status} {findings:?}: {told:?}");
        assert!(told.concat().contains(expected.unwrap_or_default()), "{status}: {told:?}");
    }
}

#[test]
fn an_active_scan_that_has_completed_once_needs_no_findings() {
    let ImageScan::Found(mut scan) = scan("ACTIVE", &[]) else { panic!("a scan") };
    scan.completed_at = Some(crate::testing::NOW);
    assert_eq!(reasons(Content::Image(platform_facts(ImageScan::Found(scan)))), [] as [&str; 0]);
}

#[test]
fn a_complete_scan_without_any_result_is_none_yet() {
    let ImageScan::Found(mut scan) = scan("COMPLETE", &[]) else { panic!("a scan") };
    scan.counted = false;
    let told =
        |scan: &Scan| reasons(Content::Image(platform_facts(ImageScan::Found(scan.clone()))));
    assert_eq!(told(&scan), ["has no scan result yet (COMPLETE); wait for its first scan"]);
    scan.completed_at = Some(crate::testing::NOW);
    assert_eq!(told(&scan), [] as [&str; 0]);
}

#[test]
fn an_image_that_was_never_scanned_is_told_so() {
    assert_eq!(
        reasons(Content::Image(platform_facts(ImageScan::NotFound))),
        ["was never scanned; start a scan or push it again"]
    );
}

#[test]
fn every_platform_of_an_index_is_judged() {
    let good = || child("amd64", Some(scan("COMPLETE", &[])));
    let index = |children| Content::Index(Index::Children(children));
    assert!(reasons(index(vec![good(), good()])).is_empty());
    let told = reasons(index(vec![
        good(),
        child("arm64", Some(scan("COMPLETE", &[("CRITICAL", 2)]))),
        child("s390x", Some(ImageScan::NotFound)),
        child("ppc64le", None),
    ]));
    assert_eq!(told.len(), 3, "{told:?}");
    for (text, start) in told.iter().zip([
        r#"platform "linux/arm64" (sha256:bbbbbbbbbbbb…) has 2 CRITICAL findings"#,
        r#"platform "linux/s390x" (sha256:bbbbbbbbbbbb…) was never scanned"#,
        r#"platform "linux/ppc64le" (sha256:bbbbbbbbbbbb…) is named by the image index but is not in"#,
    ]) {
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn an_index_that_cannot_be_judged_whole_is_denied() {
    for (index, expected) in [
        (Index::Children(vec![]), "is an image index that holds no image to judge"),
        (Index::TooDeep, "with more than 2 indexes in one another"),
        (Index::TooManyChildren, "with more than 32 images"),
    ] {
        let told = reasons(Content::Index(index));
        assert!(told.len() == 1 && told[0].contains(expected), "{told:?}");
    }
}

#[test]
fn the_worst_findings_are_named() {
    let finding = |name: Option<&str>,
                   severity: &str,
                   package: Option<&str>,
                   fixed_in: Option<&str>| Finding {
        vulnerability: name.map(str::to_owned),
        severity: severity.into(),
        package: package.map(str::to_owned),
        fixed_in: fixed_in.map(str::to_owned),
        fix: if fixed_in.is_some() { "YES".into() } else { "NO".into() },
        first_observed_at: None,
    };
    let ImageScan::Found(mut scan) = scan("COMPLETE", &[("CRITICAL", 5), ("HIGH", 1)]) else {
        panic!("a scan")
    };
    scan.findings = Findings::Some(vec![
        finding(Some("CVE-2026-9"), "HIGH", Some("bash"), Some("5.3")),
        finding(None, "CRITICAL", None, None),
        finding(Some("CVE-2026-3"), "CRITICAL", Some("zlib"), None),
        finding(Some("CVE-2026-2"), "CRITICAL", Some("open ssl"), Some("3.3.2")),
    ]);
    assert_eq!(
        reasons(Content::Image(platform_facts(ImageScan::Found(scan)))),
        [
            "has 5 CRITICAL findings (severity limit CRITICAL): CVE-2026-2 in \"open ssl\", fixed in 3.3.2; \
          unnamed, no fix yet; CVE-2026-3 in zlib, no fix yet; rebuild it with fixed packages and push it \
          under a new tag"
        ]
    );
}
