//! What `deploy/policy test` makes of tables of cases.

use crate::support::policy;
use ecr_admission_cli::Answer;

/// The sample of the project, from the folder of this crate.
const SAMPLE: &str = "../../samples/policy.yaml";

/// The results of the cases in this text, each with an image of an allowed registry, under a document.
fn evaluated(document: &str, cases: &str, parameters: &[&str]) -> Answer {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let document = write("policy.yaml", format!("apiVersion: ecr-admission/v1\n{document}\n"));
    let image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/payments/api:1";
    let cases = write("cases.yaml", format!("image: {image}\ncases:\n{cases}\n"));
    policy(&[&["test", &document, &cases], parameters].concat())
}

#[test]
fn the_sample_is_as_it_says() {
    let answer = policy(&["test", SAMPLE, "../../samples/policy-cases.yaml"]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{}", answer.out);
    let line = |line: &&str| line.starts_with("ok      ");
    let cases = answer.out.lines().take_while(line).count();
    assert!(
        answer.out.contains(&format!("\n{cases} cases: {cases} ok, 0 FAILED\n")),
        "{}",
        answer.out
    );
}

#[test]
fn a_case_that_fails_says_what_was_expected_and_what_happened() {
    let document = "mode: warn\nrules: {tag-immutability: {mode: deny}, image-config: {mode: audit, nonRoot: true}}";
    let answer = evaluated(
        document,
        r#"
  - {name: good, expect: admit}
  - {name: "other\e[1m effect", expect: warn, facts: {tagMutability: MUTABLE}}
  - {name: other rules, expect: deny, rules: [pinned, scan-findings], facts: {tagMutability: MUTABLE}}
  - {name: no rule, expect: warn, rules: [], facts: {scanFrequency: MANUAL}}
  - {name: audited, expect: deny, facts: {config: {user: root}}}
"#,
        &[],
    );
    assert_eq!(answer.code, 1);
    insta::assert_snapshot!(answer.out);
}

#[test]
fn every_fact_reaches_the_rules() {
    let document = "rules: {image-config: {nonRoot: true, forbiddenPorts: [22]}, scan-findings: {fixableOnly: true, graceDays: 10, maxScanAgeDays: 30, maxFeedAgeDays: 30}, signed: {profiles: ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/release', 'arn:aws:signer:us-east-1:123456789012:/signing-profiles/hotfix']}}";
    let finding = |rest: &str| format!("scan: {{findings: [{{severity: CRITICAL{rest}}}]}}");
    let signing = |profile: &str, rest: &str| {
        format!(
            "signing: [{{profile: 'arn:aws:signer:us-east-1:123456789012:/signing-profiles/{profile}'{rest}}}]"
        )
    };
    for (facts, expected) in [
        ("found: true".to_owned(), "admit"),
        ("signing: []".to_owned(), "deny [signed]"),
        (signing("release", ""), "admit"),
        (signing("hotfix", ", status: COMPLETE"), "admit"),
        (signing("other", ""), "deny [signed]"),
        (signing("release", ", status: IN_PROGRESS"), "deny [signed]"),
        (signing("release", ", status: FAILED, failureCode: a, failureReason: b"), "deny [signed]"),
        ("found: false".to_owned(), "deny [image-available]"),
        ("found: repository".to_owned(), "deny [image-available]"),
        ("found: unknown".to_owned(), "deny [image-available]"),
        ("tagMutability: IMMUTABLE".to_owned(), "admit"),
        ("tagMutability: MUTABLE".to_owned(), "deny [tag-immutability]"),
        ("scanFrequency: CONTINUOUS_SCAN".to_owned(), "admit"),
        ("scanFrequency: MANUAL".to_owned(), "deny [scan-on-push]"),
        ("scan: {status: ACTIVE}".to_owned(), "admit"),
        ("scan: {status: ACTIVE, completedAt: null}".to_owned(), "deny [scan-findings]"),
        ("scan: {status: FAILED}".to_owned(), "deny [scan-findings]"),
        ("scan: {status: NOT_SCANNED}".to_owned(), "deny [scan-findings]"),
        ("scan: {completedAt: 2026-10-22}".to_owned(), "admit"),
        ("scan: {completedAt: 2026-10-20}".to_owned(), "deny [scan-findings]"),
        ("scan: {completedAt: null}".to_owned(), "deny [scan-findings]"),
        (
            "scan: {completedAt: null, findings: [{severity: LOW}]}".to_owned(),
            "deny [scan-findings]",
        ),
        ("scan: {feedUpdatedAt: 2026-10-20}".to_owned(), "deny [scan-findings]"),
        ("scan: {feedUpdatedAt: null}".to_owned(), "deny [scan-findings]"),
        (finding(""), "deny [scan-findings]"),
        (finding(", fixAvailable: NO"), "admit"),
        (finding(", fixAvailable: PARTIAL"), "deny [scan-findings]"),
        (finding(", fixAvailable: YES, firstObservedAt: 2026-11-19"), "warn [scan-findings]"),
        (finding(", firstObservedAt: 2026-11-01"), "deny [scan-findings]"),
        ("scan: {findings: [{severity: UNTRIAGED}]}".to_owned(), "warn [scan-findings]"),
        ("scan: {findings: [{severity: HIGH}]}".to_owned(), "admit"),
        ("config: {user: app}".to_owned(), "admit"),
        ("config: {user: ''}".to_owned(), "deny [image-config]"),
        ("config: {exposedPorts: [22/udp]}".to_owned(), "deny [image-config]"),
    ] {
        // One that cannot be as expected tells what came.
        let case =
            format!("  - {{name: n, expect: admit, rules: [ecr-registry], facts: {{{facts}}}}}");
        let answer = evaluated(document, &case, &[]);
        let line = answer.out.lines().next().unwrap();
        let message = line.strip_prefix("FAILED  n: expected admit [ecr-registry], got ").unwrap();
        assert_eq!(message.split(" | ").next().unwrap(), expected, "{facts}");
    }
}

#[test]
fn who_asks_where_and_when_is_taken_from_the_case_or_from_the_top() {
    let document = "exemptions: [{rules: [tag-immutability], users: [alice], namespaces: [shop], reason: r, owner: o, expires: 2026-12-01}]\nbreakGlass: {groups: [oncall]}";
    let mutable = "facts: {tagMutability: MUTABLE}";
    let cases = format!(
        "
  - {{name: a, {mutable}, expect: deny}}
  - {{name: b, {mutable}, user: alice, expect: deny}}
  - {{name: c, {mutable}, user: alice, namespace: shop, expect: admit, rules: [tag-immutability]}}
  - {{name: d, {mutable}, user: alice, namespace: shop, at: 2026-12-01, expect: deny}}
  - {{name: e, {mutable}, groups: [oncall], breakGlass: outage, expect: warn}}
  - {{name: f, {mutable}, groups: [oncall], expect: deny}}
  - {{name: g, {mutable}, groups: [other], breakGlass: outage, expect: deny}}"
    );
    let answer = evaluated(document, &cases, &[]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    let top = |top: &str, case: &str| {
        evaluated(document, &format!("  - {{name: n, {mutable}, {case}}}\n{top}"), &[]).code
    };
    let all = "user: alice\nnamespace: shop\ngroups: [oncall]\nat: 2026-11-21";
    assert_eq!(top(all, "expect: admit"), 0);
    assert_eq!(top(all, "expect: deny, user: bob"), 0);
    assert_eq!(top(all, "expect: deny, namespace: web"), 0);
    assert_eq!(top(all, "expect: deny, at: 2026-12-01"), 0);
    assert_eq!(top(all, "expect: warn, at: 2026-12-01, breakGlass: outage"), 0);
    assert_eq!(top(all, "expect: deny, at: 2026-12-01, breakGlass: outage, groups: []"), 0);
}

#[test]
fn the_cluster_is_that_of_the_case_or_of_the_top_and_default_without_one() {
    let document = "exemptions: [{rules: [tag-immutability], clusters: [default, 'prod-*'], reason: r, owner: o, expires: 2026-12-01}]\nbreakGlass: {groups: [oncall], clusters: [edge]}";
    let mutable = "facts: {tagMutability: MUTABLE}";
    let glass = "groups: [oncall], breakGlass: outage";
    let cases = format!(
        "
  - {{name: a, {mutable}, expect: admit}}
  - {{name: b, {mutable}, cluster: prod-eu, expect: admit}}
  - {{name: c, {mutable}, cluster: green, expect: deny}}
  - {{name: d, {mutable}, cluster: edge, {glass}, expect: warn}}
  - {{name: e, {mutable}, cluster: green, {glass}, expect: deny}}"
    );
    let answer = evaluated(document, &cases, &[]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    let top = |case: &str| {
        evaluated(document, &format!("  - {{name: n, {mutable}, {case}}}\ncluster: green"), &[])
            .code
    };
    assert_eq!(top("expect: deny"), 0);
    assert_eq!(top("expect: admit, cluster: prod-eu"), 0);
    let refused = evaluated(document, "  - {name: n, cluster: ':a', expect: deny}", &[]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.ends_with("cases.yaml:3:24: cases[0].cluster: expected the name of a cluster: 1 to 255 visible ASCII characters that do not begin with a colon, got \":a\"\n"),
        "{}", refused.err
    );
}

#[test]
fn what_is_not_inspected_is_marked_and_has_no_facts() {
    let document = "registries: [{accounts: ['602401143452', '123456789012'], regions: [us-east-1], repositories: ['eks/*', 'payments/*'], inspect: false}]";
    let image = "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1";
    let case = format!(
        "  - {{name: add-on, image: {image}, facts: {{found: unknown}}, expect: admit, rules: []}}"
    );
    let answer = evaluated(document, &case, &[]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    assert!(answer.out.starts_with("ok      add-on: admit | not inspected\n"), "{}", answer.out);
    // That of the stack is inspected.
    let digest = "1".repeat(64);
    let ours =
        format!("image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/payments/api@sha256:{digest}");
    let case =
        |expect| format!("  - {{name: n, {ours}, facts: {{found: false}}, expect: {expect}}}");
    let own = ["--own-account", "123456789012"];
    assert_eq!(evaluated(document, &case("admit"), &[]).code, 0);
    assert_eq!(evaluated(document, &case("deny"), &own).code, 0);
}

#[test]
fn parameters_are_those_of_the_image_unless_they_are_given() {
    let elsewhere = "image: 210987654321.dkr.ecr.eu-west-1.amazonaws.com/payments/api:1";
    let case = |case: &str, expect: &str| format!("  - {{name: n, {case}, expect: {expect}}}");
    let finding = "facts: {scan: {findings: [{severity: HIGH}]}}";
    for (case, parameters, message) in [
        (case(elsewhere, "admit"), &[][..], "RegistryIds: that of each case's image"),
        (case("image: nginx", "deny"), &[], "RegistryRegion: that of each case's image"),
        (case("image: ''", "deny"), &[], "SeverityLimit: CRITICAL; PinNamespaces: none."),
        (
            case(elsewhere, "deny"),
            &["--registry-ids", "123456789012"],
            "RegistryIds: 123456789012;",
        ),
        (
            case(elsewhere, "deny"),
            &["--registry-region", "us-east-1,us-west-2"],
            "RegistryRegion: us-east-1, us-west-2;",
        ),
        (case(finding, "admit"), &[], "SeverityLimit: CRITICAL"),
        (case(finding, "deny"), &["--severity-limit", "HIGH"], "SeverityLimit: HIGH"),
        (
            case("namespace: shop", "deny"),
            &["--pin-namespaces", "web,shop"],
            "PinNamespaces: web, shop.",
        ),
        (case("namespace: shop", "deny"), &["--pin-namespaces", "*"], "PinNamespaces: *."),
        (case("namespace: shop", "admit"), &["--pin-namespaces", "web"], "1 case: 1 ok, 0 FAILED"),
    ] {
        let answer = evaluated("", &case, parameters);
        assert_eq!(answer.code, 0, "{case} {parameters:?} {}", answer.out);
        let out = answer.out.replace('\n', " ");
        assert!(out.contains(message), "{out}");
    }
    // What the document says of pinning takes the parameter's place.
    let pin = |document: &str, expect: &str| {
        evaluated(document, &case("namespace: shop", expect), &["--pin-namespaces", "*"]).code
    };
    assert_eq!(pin("pin: {namespaces: [web]}", "admit"), 0);
    assert_eq!(pin("pin: {namespaces: [shop]}", "deny"), 0);
}
