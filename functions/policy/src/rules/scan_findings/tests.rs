use super::*;
use crate::facts::SeverityLimit;
use crate::facts::index::Platform;
use crate::facts::manifest::NotUnderstood;
use crate::facts::{Fix, ImageFacts, Inspection, NoFacts, Scanning};
use crate::policy::Policy;
use crate::policy::clusters::Clusters;
use crate::policy::excuse::Excuse;
use crate::policy::registry_scope::RegistryScope;
use crate::rules::testing::{case, evaluate};
use crate::testing::{NOW, clean, digest, platform as platform_facts, policy, scan, tagged};

fn reasons(content: Content) -> Vec<String> {
    let mut facts = clean();
    facts.content = content;
    match evaluate(&tagged("1.2"), &Inspection::Inspected(facts.into()), check) {
        Evaluation::Evaluated(reasons) => reasons.iter().map(Reason::to_string).collect(),
        Evaluation::NotApplicable | Evaluation::Skipped => {
            panic!("an inspected image is evaluated")
        }
    }
}

fn child(architecture: &str, scan: Option<ImageScan>) -> Child {
    let platform =
        Platform { os: "linux".into(), architecture: architecture.into(), ..Platform::default() };
    let facts = scan.map(platform_facts).ok_or(NoFacts::NotInRepository);
    Child { platform, digest: digest('b'), windows: false, artifact: false, facts }
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
        ("COMPLETE", &[("UNDEFINED", 2)], Some("has 2 UNDEFINED findings without a severity")),
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
        let messages = reasons(Content::Image(platform_facts(scan(status, findings))));
        assert_eq!(
            messages.len(),
            usize::from(expected.is_some()),
            "{status} {findings:?}: {messages:?}"
        );
        assert!(messages.concat().contains(expected.unwrap_or_default()), "{status}: {messages:?}");
    }
}

#[test]
fn a_result_is_a_time_or_an_open_finding() {
    for status in ["COMPLETE", "ACTIVE"] {
        for (completed_at, any_open) in [(None, false), (Some(NOW), false), (None, true)] {
            let ImageScan::Found(scan) = scan(status, &[("LOW", 0)]) else { panic!("a scan") };
            let scan = Scan { completed_at, any_open, ..scan };
            let messages = reasons(Content::Image(platform_facts(ImageScan::Found(scan))));
            let none = format!("has no scan result yet ({status}); wait for its first scan");
            let has_result = completed_at.is_some() || any_open;
            assert_eq!(messages, if has_result { vec![] } else { vec![none] });
        }
    }
}

fn finding(name: Option<&str>, severity: &str) -> Finding {
    Finding {
        vulnerability: name.map(str::to_owned),
        severity: severity.into(),
        package: None,
        fixed_in: None,
        fix: Fix::No,
        first_observed_at: None,
    }
}

/// What these switches make of a scan with these counts and all of these findings.
fn filtered(policy: ScanPolicy, counts: &[(&str, u64)], findings: Vec<Finding>) -> Vec<String> {
    let ImageScan::Found(scan) = scan("COMPLETE", counts) else { panic!("a scan") };
    let scan = ImageScan::Found(Scan { findings: Findings::All(findings), ..scan });
    let facts = ImageFacts { content: Content::Image(platform_facts(scan)), ..clean() };
    let policy = Policy { scan_findings: policy.into(), ..crate::testing::policy() };
    let (image, inspection) = (tagged("1.2"), Inspection::Inspected(facts.into()));
    let Evaluation::Evaluated(reasons) = check(&case(&image, &inspection, &policy)) else {
        panic!("an inspected image is evaluated")
    };
    reasons.iter().map(Reason::to_string).collect()
}

fn switches() -> ScanPolicy {
    ScanPolicy::new(SeverityLimit::Critical)
}

fn accepting(vulnerability: &str) -> Accepted {
    let (reason, owner) = ("we know".to_owned(), "us".to_owned());
    let excuse = Excuse { reason, owner, expires: NOW.plus_days(1) };
    let (scope, clusters) = (RegistryScope::default(), Clusters::default());
    Accepted { vulnerability: vulnerability.to_owned(), scope, clusters, excuse }
}

#[test]
fn findings_count_where_the_counts_leave_them_out() {
    for switches in [switches(), ScanPolicy { grace_days: 3, ..switches() }] {
        for counts in [&[][..], &[("CRITICAL", 0)], &[("CRITICAL", 1)]] {
            let found = vec![finding(None, "CRITICAL"), finding(None, "CRITICAL")];
            let messages = filtered(switches.clone(), counts, found).concat();
            assert!(
                messages.starts_with("has 2 CRITICAL findings (severity limit CRITICAL)"),
                "{messages}"
            );
        }
    }
}

#[test]
fn no_filter_lets_a_finding_through_that_is_counted_and_not_listed() {
    const NOT_LISTED: &str =
        "still counted by Amazon ECR, although listed as suppressed or closed)";
    let fixable = ScanPolicy { fixable_only: true, ..switches() };
    let graceful = ScanPolicy { grace_days: 365, ..switches() };
    let accepted = ScanPolicy { accepted: vec![accepting("CVE-2026-1")], ..switches() };
    for switches in [&fixable, &graceful, &accepted] {
        let open =
            || Finding { first_observed_at: Some(NOW), ..finding(Some("CVE-2026-1"), "CRITICAL") };
        let messages = |counts, open| filtered(switches.clone(), counts, open);
        let passes = messages(&[("CRITICAL", 1)], vec![open()]).concat();
        assert!(!passes.contains("severity limit"), "{passes}");
        for (counts, open, expected) in [
            (
                &[("CRITICAL", 2)][..],
                vec![open()],
                "has 1 CRITICAL finding (severity limit CRITICAL; 1 ",
            ),
            (&[("CRITICAL", 2)], vec![], "has 2 CRITICAL findings (severity limit CRITICAL; 2 "),
            // A severity does not stand in for another.
            (&[("NEW", 1)], vec![open()], "has 1 \"NEW\" finding (severity limit CRITICAL; 1 "),
        ] {
            let messages = messages(counts, open).concat();
            assert!(messages.contains(&format!("{expected}{NOT_LISTED}")), "{messages}");
        }
    }
    // What denies by itself is counted with them.
    let other =
        vec![finding(Some("CVE-2026-1"), "CRITICAL"), finding(Some("CVE-2026-2"), "CRITICAL")];
    let messages = filtered(accepted, &[("CRITICAL", 3)], other).concat();
    let expected =
        format!("has 2 CRITICAL findings (severity limit CRITICAL; 1 {NOT_LISTED}: CVE-2026-2,");
    assert!(messages.contains(&expected), "{messages}");
}

#[test]
fn many_findings_and_many_accepted_ones_are_weighed_quickly() {
    let name = |n: usize| format!("CVE-2026-{n:05}");
    let accepted = (0..600).map(|n| accepting(&name(n))).collect();
    let findings: Vec<Finding> =
        (0..100_000).map(|n| finding(Some(&name(n % 600)), "CRITICAL")).collect();
    let started = std::time::Instant::now();
    let messages =
        filtered(ScanPolicy { accepted, ..switches() }, &[("CRITICAL", 100_000)], findings);
    assert_eq!(messages.len(), 600, "each acceptance expires soon, and is named once");
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn an_image_that_was_never_scanned_says_so() {
    assert_eq!(
        reasons(Content::Image(platform_facts(ImageScan::NotFound))),
        [
            "was never scanned; start a scan or push it again, or wait a minute if it was just pushed"
        ]
    );
}

#[test]
fn enhanced_scans_of_another_account_cannot_be_seen() {
    let messages = |content, own_account: Option<&str>| {
        let mut facts = ImageFacts { content, ..clean() };
        facts.repository.scanning = Scanning::RepositoryFlag(true);
        let own_account = own_account.map(|account| account.parse().unwrap());
        let policy = Policy { own_account, ..policy() };
        let (image, inspection) = (tagged("1.2"), Inspection::Inspected(facts.into()));
        let Evaluation::Evaluated(reasons) = check(&case(&image, &inspection, &policy)) else {
            panic!("an inspected image is evaluated")
        };
        reasons.iter().map(Reason::to_string).collect::<String>()
    };
    let image = || Content::Image(platform_facts(ImageScan::NotFound));
    let index = || Content::Index(Index::Children(vec![child("arm64", Some(ImageScan::NotFound))]));
    let seen = |who: &str, todo: &str| {
        format!(
            "was never scanned as far as another account can see: {who}, and Amazon ECR shows enhanced scans only to the owner; with enhanced scanning, {todo}; with basic scanning, push it again, or wait a minute if it was just pushed"
        )
    };
    let stack = seen(
        "the stack is not in account 123456789012, which owns the registry",
        "deploy the stack in account 123456789012",
    );
    // Facts that were read with credentials of another account than the stack's.
    let credentials = seen(
        "the credentials are not of account 123456789012, which owns the registry",
        "use credentials of account 123456789012",
    );
    for (own_account, expected) in
        [(Some("210987654321"), &stack), (None, &stack), (Some("123456789012"), &credentials)]
    {
        assert_eq!(messages(image(), own_account), *expected);
        let message = messages(index(), own_account);
        assert!(message.starts_with("platform ") && message.ends_with(expected), "{message}");
    }
}

#[test]
fn the_advice_fits_the_fixes() {
    let none = || finding(Some("CVE-2026-1"), "CRITICAL");
    let unknown = || Finding { fix: Fix::Possible, ..none() };
    let fixed = || Finding { fixed_in: Some("2".into()), ..unknown() };
    for (found, expected) in [
        (vec![], "; rebuild it with fixed packages and push"),
        (vec![unknown()], "; rebuild it with fixed packages and push"),
        (vec![fixed(), unknown()], "; rebuild it with fixed packages and push"),
        (vec![none()], "; replace or remove these packages and push"),
        (vec![none(), none(), none(), none()], "; replace or remove these packages and push"),
        (vec![none(), unknown()], "; rebuild it with the versions that have the fix, replace"),
        (vec![none(), fixed()], "; rebuild it with the versions that have the fix, replace"),
        // Of four, the one that cannot be fixed is not named.
        (vec![fixed(), fixed(), fixed(), none()], "; rebuild it with fixed packages and push"),
    ] {
        let messages = filtered(switches(), &[("CRITICAL", 4)], found).concat();
        assert!(messages.contains(expected), "{messages}");
        let beside =
            messages.contains("no fix yet") && messages.contains("rebuild it with fixed packages");
        assert!(!beside, "{messages}");
    }
}

#[test]
fn every_platform_of_an_index_is_evaluated() {
    let good = || child("amd64", Some(scan("COMPLETE", &[])));
    let index = |children| Content::Index(Index::Children(children));
    assert!(reasons(index(vec![good(), good()])).is_empty());
    let messages = reasons(index(vec![
        good(),
        child("arm64", Some(scan("COMPLETE", &[("CRITICAL", 2)]))),
        child("s390x", Some(ImageScan::NotFound)),
        child("ppc64le", None),
    ]));
    assert_eq!(messages.len(), 3, "{messages:?}");
    for (text, start) in messages.iter().zip([
        r#"platform "linux/arm64" (sha256:bbbbbbbbbbbb…) has 2 CRITICAL findings"#,
        r#"platform "linux/s390x" (sha256:bbbbbbbbbbbb…) was never scanned"#,
        r#"platform "linux/ppc64le" (sha256:bbbbbbbbbbbb…) is named by the image index but is not in"#,
    ]) {
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn an_index_without_an_image_is_denied() {
    let messages = |children| reasons(Content::Index(Index::Children(children)));
    let expected =
        ["is an image index without an image to evaluate; push an image for at least one platform"];
    assert_eq!(messages(vec![]), expected);
    let artifact = Child { artifact: true, ..child("amd64", Some(scan("COMPLETE", &[]))) };
    assert_eq!(messages(vec![artifact]), expected);
}

#[test]
fn an_artifact_counts_only_in_a_volume() {
    let artifact = Child { artifact: true, ..child("amd64", Some(ImageScan::NotFound)) };
    let good = child("amd64", Some(scan("COMPLETE", &[])));
    let facts =
        ImageFacts { content: Content::Index(Index::Children(vec![good, artifact])), ..clean() };
    let (inspection, image) = (Inspection::Inspected(facts.into()), tagged("1.2"));
    for (volume, expected) in [(false, 0), (true, 1)] {
        let policy = policy();
        let case = Case { volume, ..case(&image, &inspection, &policy) };
        let Evaluation::Evaluated(reasons) = check(&case) else { panic!("an image is evaluated") };
        assert_eq!(reasons.len(), expected, "{reasons:?}");
    }
}

#[test]
fn what_image_available_denies_is_not_evaluated() {
    for content in [
        Content::Index(Index::TooDeep),
        Content::Index(Index::TooManyChildren),
        Content::Index(Index::TooManyDescriptors),
        Content::NotUnderstood(NotUnderstood::TooLong { limit: 1 }),
    ] {
        let facts = ImageFacts { content, ..clean() };
        let outcome = evaluate(&tagged("1.2"), &Inspection::Inspected(facts.into()), check);
        assert_eq!(outcome, Evaluation::Skipped);
    }
    let odd = NoFacts::NotUnderstood(NotUnderstood::TooLong { limit: 1 });
    let child = Child { facts: Err(odd), ..child("amd64", None) };
    let facts = ImageFacts { content: Content::Index(Index::Children(vec![child])), ..clean() };
    let outcome = evaluate(&tagged("1.2"), &Inspection::Inspected(facts.into()), check);
    let expected = Reason::NotEvaluated { earlier: crate::Rule::ImageAvailable };
    assert_eq!(outcome, Evaluation::Evaluated(vec![expected]));
}

#[test]
fn the_worst_findings_are_named() {
    let finding = |name: Option<&str>, severity, package: Option<&str>, fixed_in: Option<&str>| {
        let (package, fixed_in) = (package.map(str::to_owned), fixed_in.map(str::to_owned));
        let fix = if fixed_in.is_some() { "YES".into() } else { "NO".into() };
        Finding { package, fixed_in, fix, ..finding(name, severity) }
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
          CVE-2026-3 in zlib, no fix yet; unnamed, no fix yet; rebuild it with the versions \
          that have the fix, replace or remove the packages without one, and push it under a new tag"
        ]
    );
}
