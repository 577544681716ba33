//! Every switch of a policy document: on, off, and what it does to a Pod.

use std::collections::BTreeMap;

use super::super::Document;
use crate::decide::decide;
use crate::facts::mutability::TagMutability;
use crate::facts::{
    ConfigFacts, Content, Finding, Findings, Fix, ImageConfig, ImageFacts, ImageScan, Inspection,
    SigningFacts, SigningState, SigningStatus,
};
use crate::image::{EcrImage, ImageReference};
use crate::mode::Mode;
use crate::plan::{FieldPath, plan};
use crate::policy::exemption::Requester;
use crate::testing::{NOW, clean, platform, policy, scan};
use crate::timestamp::Timestamp;
use crate::verdict::Verdict;

const OURS: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// A Pod with one image, of one namespace and user, at one instant.
pub(super) struct Pod<'a> {
    image: String,
    inspection: Inspection,
    pub(super) requester: Requester<'a>,
    now: Timestamp,
}

impl Pod<'_> {
    pub(super) fn of(facts: ImageFacts) -> Self {
        Pod {
            image: format!("{OURS}/payments/api:1.2"),
            inspection: Inspection::Inspected(facts.into()),
            requester: Requester {
                cluster: Some("blue"),
                namespace: Some("shop"),
                user: Some("alice"),
            },
            now: NOW,
        }
    }

    pub(super) fn verdict_by(&self, document: &str) -> Verdict {
        let text = format!("apiVersion: ecr-admission/v1\n{document}");
        let document = Document::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let policy = document.policy(policy(), &self.requester, self.now);
        let images = [(FieldPath::new("p"), self.image.clone())];
        let plan = plan(images, Mode::Deny, &policy);
        let found: BTreeMap<EcrImage, Inspection> =
            plan.lookups().into_iter().map(|image| (image, self.inspection.clone())).collect();
        decide(&plan, &found, &policy, self.now)
    }
}

/// `deny ecr-registry, warn scan-findings`, for what is violated.
fn modes_and_rules(verdict: &Verdict) -> String {
    let all = verdict.violations.iter().map(|it| format!("{} {}", it.mode, it.rule));
    all.collect::<Vec<_>>().join(", ")
}

fn with_scan(scan: ImageScan) -> ImageFacts {
    ImageFacts { content: Content::Image(platform(scan)), ..clean() }
}

pub(super) fn mutable() -> ImageFacts {
    let mut facts = clean();
    facts.repository.mutability = TagMutability::Mutable;
    facts
}

pub(super) fn finding(vulnerability: &str, severity: &str) -> Finding {
    Finding {
        vulnerability: Some(vulnerability.to_owned()),
        severity: severity.into(),
        package: Some("openssl".to_owned()),
        fixed_in: None,
        fix: Fix::Possible,
        first_observed_at: None,
    }
}

pub(super) fn with_findings(findings: &[Finding]) -> ImageFacts {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.severity.clone()).or_default() += 1;
    }
    let ImageScan::Found(mut found) = scan("COMPLETE", &[]) else { panic!("a scan") };
    found.counts = counts;
    found.findings = Findings::All(findings.to_vec());
    with_scan(ImageScan::Found(found))
}

pub(super) fn table(pod: &Pod<'_>, rows: &[(&str, &str)]) {
    for (document, expected) in rows {
        let verdict = pod.verdict_by(document);
        assert_eq!(modes_and_rules(&verdict), *expected, "{document}\n{:?}", verdict.message());
    }
}

#[test]
fn modes_and_what_comes_before_what() {
    table(
        &Pod::of(mutable()),
        &[
            ("", "deny tag-immutability"),
            ("mode: deny", "deny tag-immutability"),
            ("mode: warn", "warn tag-immutability"),
            ("mode: audit", "audit tag-immutability"),
            ("rules: {tag-immutability: {mode: warn}}", "warn tag-immutability"),
            ("mode: audit\nrules: {tag-immutability: {mode: deny}}", "deny tag-immutability"),
            ("rules: {scan-findings: {mode: warn}}", "deny tag-immutability"),
            // namespace rule > namespace default > global rule > global default
            ("namespaces: [{names: [shop], mode: warn}]", "warn tag-immutability"),
            ("namespaces: [{names: [other], mode: warn}]", "deny tag-immutability"),
            (
                "rules: {tag-immutability: {mode: audit}}\nnamespaces: [{names: [shop], mode: warn}]",
                "warn tag-immutability",
            ),
            (
                "namespaces: [{names: [shop], mode: warn, rules: {tag-immutability: deny}}]",
                "deny tag-immutability",
            ),
            (
                "mode: audit\nnamespaces: [{names: [shop], rules: {scan-findings: warn}}]",
                "audit tag-immutability",
            ),
            (
                "rules: {tag-immutability: {mode: warn}}\nnamespaces: [{names: [shop], rules: {scan-findings: audit}}]",
                "warn tag-immutability",
            ),
            // The most specific name alone applies.
            (
                "namespaces: [{names: ['*'], mode: audit}, {names: ['sh*'], mode: warn}, {names: ['s*'], mode: audit}]",
                "warn tag-immutability",
            ),
            (
                "namespaces: [{names: ['sho*'], mode: audit}, {names: [shop], mode: warn}]",
                "warn tag-immutability",
            ),
        ],
    );
    let mut pod = Pod::of(mutable());
    pod.requester.namespace = None;
    table(&pod, &[("namespaces: [{names: ['*'], mode: warn}]", "deny tag-immutability")]);
}

#[test]
fn what_an_earlier_rule_leaves_to_be_skipped() {
    let mut pod = Pod::of(clean());
    pod.image = "docker.io/library/nginx:1".to_owned();
    table(
        &pod,
        &[
            ("", "deny ecr-registry"),
            ("rules: {ecr-registry: {mode: warn}}", "warn ecr-registry, deny image-available"),
            (
                "rules: {ecr-registry: {mode: warn}, image-available: {mode: audit}}",
                "warn ecr-registry, audit image-available, deny tag-immutability",
            ),
            (
                "mode: warn\nrules: {scan-findings: {mode: deny}, pinned: {required: true}, image-config: {nonRoot: true}, signed: {profiles: ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/a1']}}",
                "warn ecr-registry, warn image-available, warn tag-immutability, warn pinned, warn scan-on-push, deny scan-findings",
            ),
        ],
    );
    let message = pod.verdict_by("rules: {ecr-registry: {mode: warn}}").message().unwrap();
    assert!(
        message.contains("could not be evaluated because ecr-registry failed; fix that"),
        "{message}"
    );
    let mut pod = Pod::of(clean());
    pod.inspection = Inspection::ImageNotFound;
    table(
        &pod,
        &[
            ("", "deny image-available"),
            (
                "rules: {image-available: {mode: warn}, scan-on-push: {mode: audit}}",
                "warn image-available, deny tag-immutability",
            ),
        ],
    );
    pod.image = format!("{OURS}/payments/api@{}", clean().digest);
    table(
        &pod,
        &[("rules: {image-available: {mode: warn}}", "warn image-available, deny scan-on-push")],
    );
}

#[test]
fn severity_limit() {
    table(
        &Pod::of(with_scan(scan("COMPLETE", &[("MEDIUM", 1)]))),
        &[
            ("", ""),
            ("rules: {scan-findings: {severityLimit: HIGH}}", ""),
            ("rules: {scan-findings: {severityLimit: MEDIUM}}", "deny scan-findings"),
            ("rules: {scan-findings: {severityLimit: LOW}}", "deny scan-findings"),
        ],
    );
}

#[test]
fn fixable_only_ignores_exactly_no() {
    let unfixable = Finding { fix: "NO".into(), ..finding("CVE-1", "CRITICAL") };
    let on = "rules: {scan-findings: {fixableOnly: true}}";
    table(
        &Pod::of(with_findings(std::slice::from_ref(&unfixable))),
        &[("", "deny scan-findings"), (on, "")],
    );
    for word in ["YES", "PARTIAL", "", "no", "SOON"] {
        let fixable = Finding { fix: word.into(), ..finding("CVE-1", "CRITICAL") };
        table(
            &Pod::of(with_findings(&[unfixable.clone(), fixable])),
            &[(on, "deny scan-findings")],
        );
    }
}

#[test]
fn a_filter_needs_every_finding() {
    let mut facts = with_findings(&[Finding { fix: Fix::No, ..finding("CVE-1", "CRITICAL") }]);
    let on = "rules: {scan-findings: {fixableOnly: true}}";
    let Content::Image(image) = &mut facts.content else { panic!("an image") };
    let ImageScan::Found(found) = &mut image.scan else { panic!("a scan") };
    let complete = found.clone();
    found.findings = Findings::Some(complete.findings.read().to_vec());
    let some = facts.clone();
    assert!(
        Pod::of(some).verdict_by(on).message().unwrap().contains("not all findings could be read")
    );
    // Fewer than ECR counts: of the other nothing is known that would let it through.
    let Content::Image(image) = &mut facts.content else { panic!("an image") };
    let mut found = complete;
    found.counts = [("CRITICAL".into(), 2)].into();
    image.scan = ImageScan::Found(found);
    let message = Pod::of(facts).verdict_by(on).message().unwrap();
    assert!(message.contains("has 1 CRITICAL finding (severity limit CRITICAL; 1 still counted"));
}

#[test]
fn accepted_vulnerabilities() {
    let one = with_findings(&[finding("CVE-2026-1", "CRITICAL")]);
    let accepted = |more: &str| {
        format!(
            "rules: {{scan-findings: {{accepted: [{{cve: CVE-2026-1, reason: r, owner: o, {more}}}]}}}}"
        )
    };
    table(
        &Pod::of(one),
        &[
            (&accepted("expires: 2027-01-01"), ""),
            (&accepted("expires: 2026-11-20T12:00:01Z"), "warn scan-findings"),
            (&accepted("expires: 2026-11-20T12:00:00Z"), "deny scan-findings"),
            (&accepted("expires: 2026-11-20"), "deny scan-findings"),
            (&accepted("expires: 2026-11-27"), "warn scan-findings"),
            (&accepted("expires: 2026-11-27T12:00:01Z"), ""),
            (&accepted("expires: 2027-01-01, repositories: ['payments/*']"), ""),
            (&accepted("expires: 2027-01-01, repositories: [payments]"), "deny scan-findings"),
            (&accepted("expires: 2027-01-01, accounts: ['123456789012']"), ""),
            (&accepted("expires: 2027-01-01, accounts: ['210987654321']"), "deny scan-findings"),
            (&accepted("expires: 2027-01-01, regions: [us-east-1, eu-west-1]"), ""),
            (&accepted("expires: 2027-01-01, regions: [eu-west-1]"), "deny scan-findings"),
            (
                &accepted("expires: 2027-01-01, accounts: ['210987654321'], repositories: ['*']"),
                "deny scan-findings",
            ),
            (&accepted("expires: 2027-01-01").replace("CVE-2026-1", "cve-2026-1"), ""),
            (
                &accepted("expires: 2027-01-01").replace("CVE-2026-1", "CVE-2026-10"),
                "deny scan-findings",
            ),
        ],
    );
    let two =
        with_findings(&[finding("CVE-2026-1", "CRITICAL"), finding("CVE-2026-2", "CRITICAL")]);
    let verdict = Pod::of(two).verdict_by(&accepted("expires: 2027-01-01"));
    let message = verdict.message().unwrap();
    assert!(
        message
            .contains("has 1 CRITICAL finding (severity limit CRITICAL): CVE-2026-2 in openssl; "),
        "{message}"
    );
}

#[test]
fn grace_days() {
    let at = |text: &str| Some(text.parse().unwrap());
    let on = "rules: {scan-findings: {graceDays: 10}}";
    for (first_observed_at, expected) in [
        (None, "deny scan-findings"),
        (at("2026-11-10T11:59:59Z"), "deny scan-findings"),
        (at("2026-11-10T12:00:00Z"), "deny scan-findings"),
        (at("2026-11-10T12:00:01Z"), "warn scan-findings"),
        (at("2026-11-20"), "warn scan-findings"),
    ] {
        let found = Finding { first_observed_at, ..finding("CVE-1", "CRITICAL") };
        let pod = Pod::of(with_findings(&[found]));
        table(&pod, &[(on, expected), ("", "deny scan-findings")]);
    }
}

#[test]
fn the_age_of_the_scan_and_of_its_feed() {
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    for (instant, expected) in [
        (None, "deny scan-findings"),
        (at("2026-10-21T11:59:59Z"), "deny scan-findings"),
        (at("2026-10-21T12:00:00Z"), ""),
        (at("2026-11-20"), ""),
    ] {
        // A scan that does not say when it was has a finding at least, or there is no result.
        let ImageScan::Found(mut found) = scan("COMPLETE", &[("LOW", 1)]) else { panic!("a scan") };
        found.completed_at = instant;
        let pod = Pod::of(with_scan(ImageScan::Found(found.clone())));
        table(&pod, &[("rules: {scan-findings: {maxScanAgeDays: 30}}", expected), ("", "")]);
        (found.completed_at, found.source_updated_at) = (None, instant);
        let pod = Pod::of(with_scan(ImageScan::Found(found)));
        table(&pod, &[("rules: {scan-findings: {maxFeedAgeDays: 30}}", expected), ("", "")]);
    }
}

#[test]
fn what_a_status_without_a_result_means() {
    const WORDS: [&str; 5] =
        ["PENDING", "IN_PROGRESS", "FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED"];
    for word in WORDS {
        let pod = Pod::of(with_scan(scan(word, &[])));
        for (switch, expected) in [
            ("deny", "deny scan-findings"),
            ("warn", "warn scan-findings"),
            ("audit", "audit scan-findings"),
        ] {
            for other in WORDS {
                let document =
                    format!("rules: {{scan-findings: {{statuses: {{{other}: {switch}}}}}}}");
                let expected = if other == word { expected } else { "deny scan-findings" };
                table(&pod, &[(&document, expected)]);
            }
        }
    }
    let pod = Pod::of(with_scan(scan("IMAGE_ARCHIVED", &[])));
    table(&pod, &[("rules: {scan-findings: {statuses: {FAILED: warn}}}", "deny scan-findings")]);
}

#[test]
fn image_config() {
    let mut facts = clean();
    let Content::Image(image) = &mut facts.content else { panic!("an image") };
    image.config = ConfigFacts::Read(ImageConfig {
        user: "root".to_owned(),
        exposed_ports: vec!["22/tcp".to_owned()],
        os: String::new(),
    });
    table(
        &Pod::of(facts),
        &[
            ("", ""),
            ("rules: {image-config: {mode: deny}}", ""),
            ("rules: {image-config: {nonRoot: true}}", "deny image-config"),
            ("rules: {image-config: {forbiddenPorts: [22]}}", "deny image-config"),
            ("rules: {image-config: {forbiddenPorts: [2222]}}", ""),
            (
                "rules: {image-config: {mode: warn, nonRoot: true, forbiddenPorts: [22]}}",
                "warn image-config, warn image-config",
            ),
        ],
    );
}

#[test]
fn signed() {
    const RELEASE: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release";
    let signed = |state| {
        let status = SigningStatus { profile: RELEASE.to_owned(), state };
        Pod::of(ImageFacts { signing: SigningFacts::Read(vec![status]), ..clean() })
    };
    let rule = |rest: &str| format!("rules: {{signed: {{profiles: ['{RELEASE}']{rest}}}}}");
    let other = rule("").replace("release", "other");
    let both = format!("rules: {{signed: {{profiles: ['{RELEASE}', '{RELEASE}_2']}}}}");
    table(
        &signed(SigningState::Complete),
        &[("", ""), (&rule(""), ""), (&both, ""), (&other, "deny signed")],
    );
    let exempt = |rest: &str| {
        format!(
            "{}\nexemptions: [{{rules: [signed], {rest}, reason: r, owner: o, expires: 2027-11-20}}]",
            rule("")
        )
    };
    table(
        &signed(SigningState::InProgress),
        &[
            ("", ""),
            (&rule(""), "deny signed"),
            (&rule(", mode: warn"), "warn signed"),
            (&rule(", mode: audit"), "audit signed"),
            (&format!("mode: warn\n{}", rule("")), "warn signed"),
            (&format!("mode: warn\n{}", rule(", mode: deny")), "deny signed"),
            (
                &format!("{}\nnamespaces: [{{names: [shop], rules: {{signed: audit}}}}]", rule("")),
                "audit signed",
            ),
            (
                &format!("{}\nnamespaces: [{{names: [else], rules: {{signed: audit}}}}]", rule("")),
                "deny signed",
            ),
            // A mode alone switches nothing on.
            ("namespaces: [{names: [shop], rules: {signed: deny}}]", ""),
            (&exempt("namespaces: [shop]"), "audit signed"),
            (&exempt("repositories: ['payments/*']"), "audit signed"),
            (&exempt("repositories: [other]"), "deny signed"),
        ],
    );
}

#[test]
fn pinned() {
    let mut pod = Pod::of(clean());
    let required = "rules: {pinned: {required: true}}";
    table(&pod, &[("", ""), ("rules: {pinned: {required: false}}", ""), (required, "deny pinned")]);
    pod.image = format!("{OURS}/payments/api:1.2@{}", clean().digest);
    table(&pod, &[(required, "")]);
}

#[test]
fn registries_narrow_what_the_parameters_allow() {
    let pod = Pod::of(clean());
    table(
        &pod,
        &[
            ("registries: [{accounts: ['123456789012']}]", ""),
            ("registries: [{accounts: [123456789012]}]", ""),
            ("registries: [{accounts: ['210987654321']}]", "deny ecr-registry"),
            ("registries: [{regions: [us-east-1]}]", ""),
            ("registries: [{regions: [eu-west-1]}]", "deny ecr-registry"),
            ("registries: [{repositories: ['payments/*']}]", ""),
            ("registries: [{repositories: [payments/api]}]", ""),
            ("registries: [{repositories: [payments]}]", "deny ecr-registry"),
            ("registries: [{repositories: [x]}, {repositories: ['*'], regions: [us-east-1]}]", ""),
            (
                "registries: [{repositories: ['*'], regions: [eu-west-1]}, {repositories: [x]}]",
                "deny ecr-registry",
            ),
        ],
    );
    let message = pod.verdict_by("registries: [{repositories: [base]}]").message().unwrap();
    assert!(
        message.contains("repository \"payments/api\" of account 123456789012 in us-east-1 is not allowed (expected every account in every Region: base)"),
        "{message}"
    );
    let mut elsewhere = Pod::of(clean());
    elsewhere.image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/payments/api:1".to_owned();
    table(&elsewhere, &[("registries: [{accounts: ['210987654321']}]", "deny ecr-registry")]);
}

#[test]
fn foreign_layer_hosts_are_a_set_of_lower_case_names_and_empty_by_default() {
    let hosts = |text: &str| {
        let document =
            Document::from_yaml(&format!("apiVersion: ecr-admission/v1\n{text}")).unwrap();
        let policy = document.policy(policy(), &Requester::default(), NOW);
        policy.foreign_layer_hosts.iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(hosts(""), [] as [&str; 0]);
    assert_eq!(hosts("foreignLayerHosts: []"), [] as [&str; 0]);
    assert_eq!(
        hosts("foreignLayerHosts: [MCR.microsoft.com, go.microsoft.com, mcr.microsoft.com]"),
        ["go.microsoft.com", "mcr.microsoft.com"]
    );
    assert_eq!(*policy().foreign_layer_hosts, [].into());
}

#[test]
fn pull_through_cache_prefixes() {
    let cache = "pullThroughCachePrefixes: [payments]";
    table(
        &Pod::of(mutable()),
        &[
            (cache, ""),
            ("pullThroughCachePrefixes: [pay]", "deny tag-immutability"),
            ("pullThroughCachePrefixes: [payments/api]", "deny tag-immutability"),
            ("pullThroughCachePrefixes: [{prefix: payments}]", ""),
            ("pullThroughCachePrefixes: [{prefix: payments, accounts: ['123456789012']}]", ""),
            (
                "pullThroughCachePrefixes: [{prefix: payments, accounts: ['210987654321']}]",
                "deny tag-immutability",
            ),
            (
                "pullThroughCachePrefixes: [{prefix: payments, accounts: ['123456789012'], regions: [eu-west-1]}]",
                "deny tag-immutability",
            ),
            ("pullThroughCachePrefixes: [pay, {prefix: payments, regions: [us-east-1]}]", ""),
        ],
    );
    for inspection in [Inspection::ImageNotFound, Inspection::RepositoryNotFound] {
        let mut pod = Pod::of(clean());
        pod.inspection = inspection;
        let message = pod.verdict_by(cache).message().unwrap();
        assert!(
            message.contains("not imported yet; pull it once and wait for its scan"),
            "{message}"
        );
        assert!(!pod.verdict_by("").message().unwrap().contains("imported"));
        // ECR imports nothing by digest, so that pulling it as it is named does not help.
        pod.image = format!("{OURS}/payments/api:1.2@{}", clean().digest);
        let message = pod.verdict_by(cache).message().unwrap();
        assert!(
            message.contains("not imported yet; pull it once by its tag, since Amazon ECR imports nothing by digest, and wait for its scan"),
            "{message}"
        );
    }
}

pub(super) const EXEMPT: &str = "audit tag-immutability";
pub(super) const DENIED: &str = "deny tag-immutability";

#[test]
fn exemptions() {
    let exempt = |selector: &str| {
        format!(
            "exemptions: [{{rules: [tag-immutability], {selector}, reason: r, owner: o, expires: 2027-01-01}}]"
        )
    };
    for (selector, expected) in [
        ("repositories: ['payments/*']", EXEMPT),
        ("repositories: [payments]", DENIED),
        ("namespaces: [shop]", EXEMPT),
        ("namespaces: ['s*']", EXEMPT),
        ("namespaces: [other]", DENIED),
        ("users: [alice]", EXEMPT),
        ("users: [bob]", DENIED),
        ("users: [ali*]", DENIED),
        ("accounts: ['123456789012']", EXEMPT),
        ("accounts: ['210987654321', '123456789012']", EXEMPT),
        ("accounts: ['210987654321']", DENIED),
        ("regions: [us-east-1]", EXEMPT),
        ("regions: [eu-west-1]", DENIED),
        ("accounts: ['210987654321'], repositories: ['payments/*']", DENIED),
        ("accounts: ['123456789012'], repositories: ['payments/*']", EXEMPT),
        ("accounts: ['123456789012'], regions: [eu-west-1], users: [alice]", DENIED),
        ("repositories: ['payments/*'], namespaces: [shop], users: [alice]", EXEMPT),
        ("repositories: ['payments/*'], namespaces: [shop], users: [bob]", DENIED),
        ("repositories: ['payments/*'], namespaces: [other], users: [alice]", DENIED),
        ("repositories: [other], namespaces: [shop], users: [alice]", DENIED),
    ] {
        table(&Pod::of(mutable()), &[(&exempt(selector), expected)]);
    }
    let verdict = Pod::of(mutable()).verdict_by(&exempt("users: [alice]"));
    let audited = verdict.audited().unwrap();
    assert!(
        audited
            .ends_with(r#"; exempt: owner "o", until 2027-01-01, reason "r" [tag-immutability]"#),
        "{audited}"
    );
    // Only the rules that it names.
    let other = "exemptions: [{rules: [scan-findings, pinned], users: [alice], reason: r, owner: o, expires: 2027-01-01}]";
    table(&Pod::of(mutable()), &[(other, DENIED)]);
}

#[test]
fn an_exemption_ends_at_its_instant_and_warns_seven_days_before() {
    for (expires, expected) in [
        ("2026-11-20T12:00:00Z", "deny tag-immutability"),
        ("2026-11-20T12:00:01Z", "audit tag-immutability, warn tag-immutability"),
        ("2026-11-27T12:00:00Z", "audit tag-immutability, warn tag-immutability"),
        ("2026-11-27T12:00:01Z", "audit tag-immutability"),
    ] {
        let document = format!(
            "exemptions: [{{rules: [tag-immutability], users: [alice], reason: r, owner: o, expires: {expires}}}]"
        );
        table(&Pod::of(mutable()), &[(&document, expected)]);
    }
}

#[test]
fn an_exempt_missing_fact_switches_no_other_rule_off() {
    let mut pod = Pod::of(clean());
    pod.image = "docker.io/library/nginx:1".to_owned();
    let exempt = |rules: &str| {
        format!(
            "exemptions: [{{rules: [{rules}], users: [alice], reason: r, owner: o, expires: 2027-01-01}}]"
        )
    };
    table(
        &pod,
        &[
            (&exempt("ecr-registry"), "audit ecr-registry, deny image-available"),
            (
                &exempt(
                    "ecr-registry, image-available, tag-immutability, scan-on-push, scan-findings",
                ),
                "audit ecr-registry, audit image-available, audit tag-immutability, audit scan-on-push, audit scan-findings",
            ),
        ],
    );
}

#[test]
fn pin_and_rewrites_take_the_place_of_the_parameters() {
    let document =
        |text: &str| Document::from_yaml(&format!("apiVersion: ecr-admission/v1\n{text}")).unwrap();
    let none = document("");
    assert!(none.pins(Some("shop")).is_none() && none.rewrites().is_none());
    let some = document(
        "pin: {namespaces: [shop, 'team-*']}\nrewrites: [{from: docker.io/, to: 123456789012.dkr.ecr.us-east-1.amazonaws.com/hub/}]",
    );
    assert_eq!(
        [Some("shop"), Some("team-a"), Some("other"), None].map(|namespace| some.pins(namespace)),
        [Some(true), Some(true), Some(false), Some(false)]
    );
    assert_eq!(document("pin: {namespaces: ['*']}").pins(None), Some(true));
    assert_eq!(document("pin: {namespaces: []}").pins(Some("shop")), Some(false));
    let table = some.rewrites().unwrap();
    assert_eq!(table.rewrite("nginx:1").unwrap(), format!("{OURS}/hub/library/nginx:1"));
    let Ok(ImageReference::Ecr(_)) = format!("{OURS}/hub/library/nginx:1").parse() else {
        panic!()
    };
}

/// What the author of a Pod reads under `denials: short`, beside what is logged.
#[test]
fn short_denials_name_no_vulnerability_and_nobody_elses_registry() {
    const SHORT: &str = "denials: short";
    let messages = |pod: &Pod<'_>, document: &str| {
        let text = format!("apiVersion: ecr-admission/v1\n{document}");
        let policy = Document::from_yaml(&text).unwrap().policy(policy(), &pod.requester, NOW);
        let verdict = pod.verdict_by(document);
        let short = verdict.denial(policy.denials).into_iter();
        let short: Vec<String> = short.chain(verdict.warnings_in(policy.denials)).collect();
        let whole: Vec<String> = verdict.message().into_iter().chain(verdict.warnings()).collect();
        (short.join("\n"), whole.join("\n"))
    };
    let path = |image: &str| format!("p \"{image}\": ");
    let pod = Pod::of(with_findings(&[finding("CVE-2026-1", "CRITICAL")]));
    let (short, whole) = messages(&pod, SHORT);
    let image = path(&pod.image);
    assert_eq!(
        short,
        format!(
            "{image}has 1 CRITICAL finding (severity limit CRITICAL); rebuild it with fixed packages and push it under a new tag [scan-findings]"
        )
    );
    assert!(whole.contains("CVE-2026-1 in openssl"), "{whole}");
    // Full is the default.
    for full in ["", "denials: full"] {
        let (short, whole) = messages(&pod, full);
        assert_eq!(short, whole);
    }
    // Warned of.
    let (short, whole) = messages(&pod, "denials: short\nmode: warn");
    assert!(short.contains("has 1 CRITICAL finding") && !short.contains("CVE"), "{short}");
    assert!(whole.contains("CVE-2026-1 in openssl"), "{whole}");
    let ending = "denials: short\nrules: {scan-findings: {accepted: [{cve: CVE-2026-1, reason: not for payments, owner: web, expires: 2026-11-21}]}}";
    let (short, whole) = messages(&pod, ending);
    assert_eq!(
        short,
        format!(
            "{image}passes only by an exemption or acceptance, which expires soon (2026-11-21); fix the image or ask for an extension [scan-findings]"
        )
    );
    assert!(
        whole.contains("the acceptance of CVE-2026-1") && whole.contains("payments"),
        "{whole}"
    );

    // Registries and repositories of others.
    let registries = "denials: short\nregistries: [{accounts: ['123456789012'], repositories: ['other-team/*', shared]}]";
    let (short, whole) = messages(&Pod::of(clean()), registries);
    assert_eq!(
        short,
        format!(
            "{image}repository \"payments/api\" of account 123456789012 in us-east-1 is not allowed; use an allowed repository or add this one to registries of the policy document [ecr-registry]"
        )
    );
    assert!(
        whole.contains("(expected 123456789012 in every Region: other-team/*, shared)"),
        "{whole}"
    );
    let mut elsewhere = Pod::of(clean());
    elsewhere.image = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/payments/api:1".to_owned();
    let (short, whole) = messages(&elsewhere, SHORT);
    assert_eq!(
        short,
        format!(
            "{}is in a registry that is not allowed: account 210987654321 and Region eu-west-1 (expected us-east-1); use an allowed registry or add this one to the RegistryIds and RegistryRegion parameters [ecr-registry]",
            path(&elsewhere.image)
        )
    );
    assert!(whole.contains("account 210987654321 (expected 123456789012)"), "{whole}");
}
