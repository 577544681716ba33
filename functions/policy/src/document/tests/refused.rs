//! What a policy document may not say: refused when it is read, with its place.

use super::super::{Document, Kind};

type Row = (&'static str, (usize, usize), &'static str);

/// A document, the line and the column of what is wrong, and what is said of it.
const REFUSED: &[Row] = &[
    ("", (1, 1), "missing field `apiVersion`"),
    (
        "apiVersion: ecr-admission/v2",
        (1, 13),
        "unknown variant `ecr-admission/v2`, expected `ecr-admission/v1`",
    ),
    (
        "apiVersion: ecr-admission/v1\nmode: enforce",
        (2, 7),
        "mode: unknown variant `enforce`, expected one of `audit`, `warn`, `deny`",
    ),
    ("apiVersion: ecr-admission/v1\nmode: off", (2, 7), "mode: "),
    (
        "apiVersion: ecr-admission/v1\ndenials: none",
        (2, 10),
        "denials: unknown variant `none`, expected `full` or `short`",
    ),
    ("apiVersion: ecr-admission/v1\nmodes: deny", (2, 1), "unknown field `modes`"),
    ("apiVersion: ecr-admission/v1\nmode: deny\nmode: warn", (3, 1), "duplicate field `mode`"),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-finding: {mode: warn}",
        (3, 3),
        "rules: unknown field `scan-finding`",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  pinned: {mode: warn, mode: deny}",
        (3, 24),
        "rules.pinned: duplicate field `mode`",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {graceDays: 400}",
        (3, 30),
        "expected 0 to 365 days, got 400",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {maxScanAgeDays: 0}",
        (3, 35),
        "expected 1 to 365 days, got 0",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {accepted: [{cve: CVE-2026-1, reason: r, owner: o}]}",
        (3, 30),
        "missing field `expires`",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {accepted: [{cve: 'CVE-2026-*', reason: r, owner: o, expires: 2027-01-01}]}",
        (3, 36),
        "expected one name such as CVE-2026-1234, without a pattern, got \"CVE-2026-*\"",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {accepted: [{cve: CVE-2026-1, reason: ' ', owner: o, expires: 2027-01-01}]}",
        (3, 56),
        "expected 1 to 256 characters in one line, got \" \"",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  image-config: {forbiddenPorts: [0]}",
        (3, 35),
        "expected a nonzero u16",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: [[]]}]",
        (2, 26),
        "expected a string of 12 digits",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  signed: {mode: deny}",
        (3, 11),
        "rules.signed: missing field `profiles`",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  signed:",
        (3, 10),
        "rules.signed: missing field `profiles`",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  signed: {profiles: []}",
        (3, 11),
        "rules.signed: profiles is empty, which no image could pass; name a signing profile or leave out signed",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  signed: {profiles: [release]}",
        (3, 23),
        "expected the ARN of an AWS Signer signing profile, without a version, such as arn:aws:signer:us-east-1:123456789012:/signing-profiles/release, got \"release\"",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  signed: {profiles: ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/release/0a1B2c3D4e']}",
        (3, 23),
        "without a version",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  signed: {profiles: ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/*']}",
        (3, 23),
        "expected the ARN of an AWS Signer signing profile",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  signed: {profile: release}",
        (3, 12),
        "rules.signed: unknown field `profile`, expected `mode` or `profiles`",
    ),
    ("apiVersion: ecr-admission/v1\nregistries: []", (1, 1), "registries is empty"),
    ("apiVersion: ecr-admission/v1\nregistries:\n", (1, 1), "registries is empty"),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{}]",
        (2, 13),
        "needs accounts, regions or repositories",
    ),
    ("apiVersion: ecr-admission/v1\nregistries: [{accounts: []}]", (2, 13), "is empty"),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{inspect: false}]",
        (2, 13),
        "an entry of registries with inspect: false needs accounts, regions and repositories",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{regions: [us-east-1], repositories: [ab], inspect: false}]",
        (2, 13),
        "with inspect: false needs accounts, regions and repositories",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], repositories: [ab], inspect: false}]",
        (2, 13),
        "with inspect: false needs accounts, regions and repositories",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], regions: [us-east-1], inspect: false}]",
        (2, 13),
        "with inspect: false needs accounts, regions and repositories",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], regions: [us-east-1], repositories: ['eks/*', '*'], inspect: false}]",
        (2, 13),
        "with inspect: false has the repository *, which means every image of these accounts; name the repositories, such as eks/*",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['*'], regions: [us-east-1], repositories: [ab], inspect: false}]",
        (2, 26),
        "expected a string of 12 digits",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], regions: ['*'], repositories: [ab], inspect: false}]",
        (2, 53),
        "expected a Region code such as us-east-1",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], regions: [us-east-1], repositories: [], inspect: false}]",
        (2, 13),
        "a list in an entry of registries is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], regions: [us-east-1], repositories: [ab], inspect: false, namespaces: []}]",
        (2, 13),
        "a list in an entry of registries is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], regions: [us-east-1], repositories: [ab], inspect: false, namespaces: ~}]",
        (2, 113),
        "namespaces: ",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ['602401143452'], regions: [us-east-1], repositories: [ab], inspect: ~}]",
        (2, 94),
        "inspect: ",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{repositories: [ab], namespaces: [tools]}]",
        (2, 13),
        "an entry of registries has namespaces, which only those with inspect: false may have",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{inspect: true}]",
        (2, 13),
        "an entry of registries needs accounts, regions or repositories",
    ),
    (
        "apiVersion: ecr-admission/v1\nregistries: [{accounts: ~, regions: [us-east-1]}]",
        (2, 25),
        "accounts: ",
    ),
    (
        "apiVersion: ecr-admission/v1\nforeignLayerHosts: ['https://mcr.microsoft.com/']",
        (2, 21),
        "expected a DNS host name such as mcr.microsoft.com, without https://, port, path or *, got \"https://mcr.microsoft.com/\"",
    ),
    ("apiVersion: ecr-admission/v1\nforeignLayerHosts: [[]]", (2, 21), "expected a DNS host name"),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], mode: warn}, {names: [a], mode: deny}]",
        (2, 13),
        "\"a\" appears twice",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a]}]",
        (2, 13),
        "has no mode and no rules",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], rules: {pinned: warn, scan-on-pull: warn}}]",
        (2, 49),
        "unknown field `scan-on-pull`, expected one of ecr-registry, image-available, tag-immutability, pinned, scan-on-push, scan-findings, image-config, signed",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], rules: {pinned: warn, pinned: deny}}]",
        (2, 49),
        "duplicate field `pinned`",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], rules: {pinned: }}]",
        (2, 43),
        "unknown variant ``, expected one of `audit`, `warn`, `deny`",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: ['a*b'], mode: warn}]",
        (2, 23),
        "expected lower-case letters, digits and . _ / -, with at most one *, at the end, got \"a*b\"",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], clusters: ['b*', blue], mode: warn}, {names: [c, a], clusters: [green, blue], mode: deny}]",
        (2, 13),
        "\"a\" appears twice for cluster \"blue\"; name it in one entry only",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: ['a*'], clusters: ['b*', 'b*'], mode: warn}]",
        (2, 13),
        "\"a*\" appears twice for cluster \"b*\"; name it in one entry only",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], clusters: [blue]}]",
        (2, 13),
        "the entry for a has no mode and no rules; add one",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], clusters: [], mode: warn}]",
        (2, 37),
        "clusters is empty; name a cluster, or leave it out for all clusters",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], clusters: ~, mode: warn}]",
        (2, 37),
        "clusters: ",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces: [{names: [a], clusters: blue, mode: warn}]",
        (2, 37),
        "expected a list of names of clusters",
    ),
    (
        "apiVersion: ecr-admission/v1\nnamespaces:\n  - names: [a]\n    clusters: [blue, '*-prod']\n    mode: warn",
        (4, 22),
        "expected the name of a cluster, or the start of names and one * at the end: at most 255 visible ASCII characters that do not begin with a colon, got \"*-prod\"",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions:\n  - {rules: [pinned], clusters: ['*'], reason: r, owner: o, expires: 2027-01-01}",
        (3, 34),
        "expected names of clusters, since leaving out clusters means all, got \"*\"",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [pinned], users: [a], clusters: [], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 54),
        "clusters is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {accepted: [{cve: CVE-2026-1, clusters: ['a b'], reason: r, owner: o, expires: 2027-01-01}]}",
        (3, 59),
        "expected the name of a cluster",
    ),
    (
        "apiVersion: ecr-admission/v1\nbreakGlass: {groups: [oncall], clusters: []}",
        (2, 42),
        "clusters is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\nbreakGlass: {groups: [oncall], clusters: [':blue']}",
        (2, 43),
        "expected the name of a cluster",
    ),
    (
        "apiVersion: ecr-admission/v1\nbreakGlass: {groups: [oncall], cluster: blue}",
        (2, 32),
        "unknown field `cluster`",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [pinned], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 13),
        "it needs accounts, regions, repositories, clusters, namespaces or users; without them it would exempt everything",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [], users: [a], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 13),
        "its rules are empty",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [pinned], users: [], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 13),
        "one of its lists is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [ecr-registry], repositories: [a], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 13),
        "ecr-registry cannot be exempted by account, Region or repository",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [ecr-registry], accounts: ['123456789012'], users: [a], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 13),
        "ecr-registry cannot be exempted by account",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [pinned], regions: [], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 13),
        "one of its lists is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [pinned], accounts: [1], reason: r, owner: o, expires: 2027-01-01}]",
        (2, 43),
        "expected a string of 12 digits, got \"1\"",
    ),
    (
        "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {accepted: [{cve: CVE-2026-1, accounts: [], reason: r, owner: o, expires: 2027-01-01}]}",
        (3, 29),
        "CVE-2026-1: one of its lists is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\npullThroughCachePrefixes: [docker-hub/]",
        (2, 28),
        "joined by . _ __ - or /, got \"docker-hub/\"",
    ),
    (
        "apiVersion: ecr-admission/v1\npullThroughCachePrefixes: [{prefix: quay, account: '123456789012'}]",
        (2, 43),
        "unknown field `account`",
    ),
    (
        "apiVersion: ecr-admission/v1\npullThroughCachePrefixes: [quay, {accounts: ['123456789012']}]",
        (2, 34),
        "missing field `prefix`",
    ),
    (
        "apiVersion: ecr-admission/v1\npullThroughCachePrefixes: [{prefix: quay, accounts: []}]",
        (2, 27),
        "quay: one of its lists is empty",
    ),
    (
        "apiVersion: ecr-admission/v1\npullThroughCachePrefixes: [{prefix: quay, accounts: ~}]",
        (2, 53),
        "accounts: ",
    ),
    (
        "apiVersion: ecr-admission/v1\npullThroughCachePrefixes: [[quay]]",
        (2, 28),
        "expected a prefix such as docker-hub",
    ),
    (
        "apiVersion: ecr-admission/v1\nbreakGlass: {groups: ['system:serviceaccounts:kube-system']}",
        (2, 23),
        "of the system: groups only system:masters",
    ),
    (
        "apiVersion: ecr-admission/v1\nrewrites: [{from: docker.io/, to: quay.io/}]",
        (1, 1),
        "is not in an Amazon ECR private registry",
    ),
    ("apiVersion: [", (1, 13), "apiVersion: "),
];

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    for (text, place, problem) in REFUSED {
        let error = Document::from_yaml(text).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains(problem), "{text}\n{shown}");
        assert_eq!((error.line(), error.column()), *place, "{text}\n{shown}");
    }
}

/// A short document could otherwise fill the memory of the function.
#[test]
fn more_pairs_of_a_namespace_and_a_cluster_than_anybody_needs_are_refused() {
    let list = |start: &str, count: usize| {
        (0..count).map(|n| format!("{start}{n}")).collect::<Vec<_>>().join(", ")
    };
    let read = |names: usize, clusters: usize| {
        let (names, clusters) = (list("n", names), list("c", clusters));
        let entry = format!("{{names: [{names}], clusters: [{clusters}], mode: warn}}");
        Document::from_yaml(&format!("apiVersion: ecr-admission/v1\nnamespaces: [{entry}]"))
    };
    assert!(read(100, 100).is_ok());
    for (names, clusters) in [(101, 100), (4_000, 4_000)] {
        let error = read(names, clusters).unwrap_err();
        assert!(
            error.problem().contains("expected at most 10000 pairs of a name and a cluster"),
            "{error}"
        );
        assert_eq!((error.line(), error.column()), (2, 13));
    }
}

#[test]
fn a_document_that_no_secret_can_hold_is_refused() {
    let long = format!("apiVersion: ecr-admission/v1\n#{}", "x".repeat(65_536));
    assert!(
        Document::from_yaml(&long)
            .unwrap_err()
            .to_string()
            .contains("expected at most 65536 bytes")
    );
}

/// What the log says of a secret that is not a document: never its text.
#[test]
fn the_kind_of_a_problem_holds_no_text_of_the_document() {
    const VERSION: &str = "apiVersion: ecr-admission/v1\n";
    let secret = "hunter2";
    for (text, kind) in [
        ("hunter2".to_owned(), Kind::WrongType),
        (r#"{"username": "admin", "password": "hunter2"}"#.to_owned(), Kind::UnknownKey),
        ("hunter2: [".to_owned(), Kind::NotYaml),
        ("'hunter2".to_owned(), Kind::NotYaml),
        ("hunter2:\n\t- x".to_owned(), Kind::NotYaml),
        ("apiVersion: hunter2".to_owned(), Kind::UnknownWord),
        ("mode: warn\n".to_owned(), Kind::MissingKey),
        (format!("{VERSION}hunter2: 1"), Kind::UnknownKey),
        (format!("{VERSION}mode: hunter2"), Kind::UnknownWord),
        (format!("{VERSION}mode: deny\nmode: hunter2"), Kind::DuplicateKey),
        (format!("{VERSION}namespaces: hunter2"), Kind::WrongType),
        (format!("{VERSION}pin: {{namespaces: [Hunter2, hunter2]}}"), Kind::Refused),
        (format!("{VERSION}rewrites: [{{from: hunter2, to: hunter2}}]"), Kind::Refused),
        // A text of the document that reads as if it were serde's own.
        (format!("{VERSION}'missing field `hunter2': 1"), Kind::UnknownKey),
        ("--- hunter2\n--- hunter2\n".to_owned(), Kind::NotYaml),
        (format!("{VERSION}#hunter2{}", "x".repeat(65_536)), Kind::TooLong),
    ] {
        let error = Document::from_yaml(&text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text:.200}\n{error}");
        let logged = error.without_text();
        assert!(logged.starts_with(&format!("line {}, column {}: ", error.line(), error.column())));
        assert!(!logged.to_lowercase().contains(secret), "{logged}");
    }
}
