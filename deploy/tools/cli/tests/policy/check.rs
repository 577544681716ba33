//! What `deploy/policy check` says of documents that are good.

use crate::support::policy;

/// The sample of the project, from the folder of this crate.
const SAMPLE: &str = "../../samples/policy.yaml";

/// What is said of a good document, which must be fit for any terminal.
fn explained(arguments: &[&str]) -> String {
    let answer = policy(&[&["check"], arguments].concat());
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{arguments:?}");
    for line in answer.out.lines() {
        assert!(textwrap::core::display_width(line) <= 100, "{line}");
        assert!(line.chars().all(ecr_admission_policy::text::is_printable), "{line:?}");
        assert_eq!(line.trim_end(), line);
    }
    answer.out
}

#[test]
fn the_sample() {
    insta::assert_snapshot!(explained(&[SAMPLE, "--namespace", "shop", "--namespace", "team-a"]));
}

#[test]
fn a_document_that_leaves_all_to_the_parameters() {
    insta::assert_snapshot!(explained(&["tests/documents/minimal.yaml"]));
}

#[test]
fn the_same_with_the_parameters() {
    insta::assert_snapshot!(explained(&[
        "tests/documents/minimal.yaml",
        "--registry-ids",
        "123456789012,210987654321",
        "--registry-region",
        "us-east-1",
        "--severity-limit",
        "HIGH",
        "--pin-namespaces",
        "shop,web",
    ]));
}

#[test]
fn every_caution() {
    insta::assert_snapshot!(explained(&[
        "tests/documents/cautions.yaml",
        "--registry-ids",
        "123456789012",
        "--registry-region",
        "us-east-1",
    ]));
}

#[test]
fn text_that_a_terminal_would_act_on_and_names_without_end() {
    insta::assert_snapshot!(explained(&["tests/documents/hostile.yaml", "--namespace", "b-1"]));
}

/// The first line of a section in the page of a document with this text.
fn first_line(section: &str, document: &str, parameters: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.yaml");
    std::fs::write(&file, format!("apiVersion: ecr-admission/v1\n{document}\n")).unwrap();
    let page = explained(&[&[file.to_str().unwrap()], parameters].concat());
    let (_, section) = page.split_once(&format!("\n\n{section}\n")).unwrap();
    section.lines().next().unwrap().to_owned()
}

#[test]
fn pinning_is_explained_as_it_is_evaluated() {
    for (document, parameters, expected) in [
        ("", &[][..], "evaluated where the parameter PinNamespaces applies"),
        ("", &["--pin-namespaces", "*"], "evaluated everywhere"),
        ("", &["--pin-namespaces", "a,b"], "evaluated where PinNamespaces applies: a, b"),
        ("pin: {namespaces: [c]}", &["--pin-namespaces", "*"], "evaluated where pin applies: c"),
        ("pin: {namespaces: []}", &["--pin-namespaces", "*"], "off: pin names no namespace"),
        ("pin: {namespaces: ['*']}", &[], "evaluated everywhere"),
        ("rules: {pinned: {required: true}}", &[], "evaluated everywhere"),
    ] {
        let line = first_line("pinned", document, parameters);
        assert!(line.ends_with(expected), "{document} {parameters:?}: {line}");
    }
}

#[test]
fn a_group_of_nobody_and_a_word_for_no_switch() {
    for (section, document, expected) in [
        ("Break-glass", "breakGlass: {groups: []}", "  groups            none, so nobody"),
        (
            "image-config",
            "rules: {image-config: {forbiddenPorts: [22, 23]}}",
            "  forbidden ports   22, 23",
        ),
        ("image-config", "rules: {image-config: {nonRoot: true}}", "  forbidden ports   none"),
        ("Mutating webhook", "", "  pins in           as the parameter PinNamespaces says"),
    ] {
        assert_eq!(first_line(section, document, &[]), expected, "{document}");
    }
}

#[test]
fn a_rule_is_cautioned_of_only_where_a_namespace_can_be() {
    let caution = |document: &str| first_line("Cautions", document, &[]);
    let audited = "rules: {scan-findings: {mode: audit}}";
    let nowhere = "  - scan-findings denies nowhere: ";
    assert_eq!(caution(""), "  none");
    assert!(caution(audited).starts_with(&format!("{nowhere}everywhere (audit).")));
    let all = "namespaces: [{names: ['*'], rules: {scan-findings: warn}}]";
    assert!(caution(all).starts_with(&format!("{nowhere}* (warn).")));
    let some = "namespaces: [{names: [a], rules: {scan-findings: deny}}]";
    assert_eq!(caution(&format!("{audited}\n{some}")), "  none");
    // Where no later rule denies, an earlier one that does not either lets in what it says.
    let lax = "namespaces: [{names: [a], mode: audit}]";
    assert_eq!(caution(lax), "  none");
    let later =
        "namespaces: [{names: [a], mode: audit, rules: {pinned: deny, image-config: deny}}]";
    assert_eq!(caution(later), "  none");
    for on in ["pinned: {required: true}", "image-config: {nonRoot: true}"] {
        let message = caution(&format!("{later}\nrules: {{{on}}}"));
        assert!(message.starts_with("  - ecr-registry does not deny in these"), "{on}: {message}");
    }
}

#[test]
fn a_document_that_nearly_fills_its_secret_gets_a_caution() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.yaml");
    for (bytes, cautioned) in [(58_977, false), (58_978, true), (65_536, true)] {
        let head = "apiVersion: ecr-admission/v1\n#";
        std::fs::write(&file, format!("{head}{}", "x".repeat(bytes - head.len()))).unwrap();
        let page = explained(&[file.to_str().unwrap()]);
        let caution = format!("It has {bytes} bytes. A secret holds 65536");
        assert_eq!(page.contains(&caution), cautioned, "{bytes}");
    }
}

/// The cautions about a document with this text, a line each.
fn cautions(document: &str, parameters: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.yaml");
    std::fs::write(&file, format!("apiVersion: ecr-admission/v1\n{document}\n")).unwrap();
    let page = explained(&[&[file.to_str().unwrap()], parameters].concat());
    let (_, cautions) = page.split_once("\n\nCautions\n").unwrap();
    if cautions == "  none\n" {
        return vec![];
    }
    let lines: Vec<&str> = cautions.lines().map(str::trim_start).collect();
    lines.join(" ").strip_prefix("- ").unwrap().split(" - ").map(ToOwned::to_owned).collect()
}

#[test]
fn what_applies_in_several_accounts_gets_a_caution() {
    const EXCUSE: &str = "reason: r, owner: o, expires: 2027-01-01";
    let accepted = |more: &str| {
        format!("rules: {{scan-findings: {{accepted: [{{cve: CVE-2026-1, {EXCUSE}{more}}}]}}}}")
    };
    let exempt =
        |selector: &str| format!("exemptions: [{{rules: [pinned], {selector}, {EXCUSE}}}]");
    let one = &["--registry-ids", "123456789012"][..];
    let two = &["--registry-ids", "123456789012,210987654321"][..];
    let caution = |entries: &str| {
        vec![format!(
            "Several accounts are allowed (123456789012, 210987654321), and these entries apply in all of them: {entries}. In each account, a repository of the same name may belong to somebody else; add accounts to an entry that is meant for one account."
        )]
    };
    for (document, entries) in [
        (accepted(""), "accepted CVE-2026-1"),
        (accepted(", repositories: ['a/*']"), "accepted CVE-2026-1"),
        (exempt("repositories: ['a/*']"), "exemption 1"),
        (exempt("repositories: ['a/*'], users: [u], regions: [us-east-1]"), "exemption 1"),
        (
            "pullThroughCachePrefixes: [hub, {prefix: quay}]".to_owned(),
            "pull-through prefix hub, pull-through prefix quay",
        ),
        (
            format!("{}\npullThroughCachePrefixes: [hub]", exempt("repositories: [ab]")),
            "exemption 1, pull-through prefix hub",
        ),
    ] {
        assert_eq!(cautions(&document, two), caution(entries), "{document}");
        assert_eq!(cautions(&document, one), [] as [&str; 0], "{document}");
        assert_eq!(cautions(&document, &[]), [] as [&str; 0], "{document}");
        // The document allows two by itself, or one of the two.
        let allows =
            |accounts: &str| format!("{document}\nregistries: [{{accounts: [{accounts}]}}]");
        let both = allows("'210987654321', '123456789012'");
        assert_eq!(cautions(&both, &[]), caution(entries), "{both}");
        assert_eq!(cautions(&allows("'123456789012'"), two), [] as [&str; 0], "{document}");
    }
    for document in [
        accepted(", accounts: ['123456789012']"),
        exempt("repositories: ['a/*'], accounts: ['123456789012']"),
        exempt("users: [u]"),
        exempt("namespaces: [a]"),
        "pullThroughCachePrefixes: [{prefix: quay, accounts: ['123456789012']}]".to_owned(),
    ] {
        assert_eq!(cautions(&document, two), [] as [&str; 0], "{document}");
    }
}

/// An entry of `registries` that is not inspected.
fn uninspected(accounts: &str, regions: &str, more: &str) -> String {
    format!(
        "registries: [{{accounts: [{accounts}], regions: [{regions}], repositories: ['eks/*', ab], inspect: false{more}}}]"
    )
}

#[test]
fn what_nobody_inspects_gets_a_caution() {
    let any = |entry: &str| {
        format!(
            "registries does not inspect {entry}. Everybody who may create a Pod there may run any image of these repositories, old ones with known vulnerabilities, too."
        )
    };
    let aws = uninspected("'602401143452'", "us-east-1", "");
    let of_aws = any("602401143452 in us-east-1: eks/*, ab");
    assert_eq!(cautions(&aws, &[]), [of_aws.as_str()]);
    assert_eq!(cautions(&aws, &["--own-account", "123456789012"]), [of_aws.as_str()]);
    let narrow = uninspected("'602401143452'", "us-east-1", ", namespaces: [tools, 'a-*']");
    let narrow = cautions(&narrow, &[]);
    assert_eq!(narrow, [any("602401143452 in us-east-1: eks/*, ab; in namespaces tools, a-*")]);
    // A Region whose add-ons come from another account.
    let elsewhere = "registries names me-south-1, but not 558608220178, the account in which AWS keeps the images of Amazon EKS add-ons there.";
    let of = |accounts| cautions(&uninspected(accounts, "us-east-1, me-south-1", ""), &[]);
    assert_eq!(of("'602401143452'").last().map(String::as_str), Some(elsewhere));
    assert_eq!(of("'602401143452', '558608220178'").len(), 1);
    // Accounts that AWS does not list, and that of the stack.
    let other = uninspected("'602401143452', '210987654321'", "us-east-1", "");
    let by_digest = "registries does not inspect images of 210987654321, which AWS does not list as accounts of Amazon EKS add-ons. That holds for images by digest; those by tag are inspected, or denied where another entry narrows what is allowed.";
    let of_both = any("602401143452, 210987654321 in us-east-1: eks/*, ab");
    assert_eq!(cautions(&other, &[]), [of_both.as_str(), by_digest]);
    let own = "registries has an entry with inspect: false for 210987654321, the account of the stack. It has no effect there: the images of that account are always inspected.";
    let with_own = cautions(&other, &["--own-account", "210987654321"]);
    assert_eq!(with_own, [of_both.as_str(), by_digest, own]);
    // What the parameters do not allow, and names that no namespace can have.
    let parameters = ["--registry-ids", "123456789012", "--registry-region", "eu-west-1"];
    let beyond = cautions(&aws, &parameters);
    assert_eq!(
        beyond[1..],
        [
            ("602401143452", "RegistryIds"),
            ("us-east-1", "RegistryRegion"),
        ]
        .map(|(names, parameter)| format!("registries names {names}, which {parameter} does not. The document only narrows what the parameters allow, so no image from there passes."))
    );
    let impossible =
        cautions(&uninspected("'602401143452'", "us-east-1", ", namespaces: [a_b]"), &[]);
    let start = "registries lists names that no namespace can have, so they never apply: a_b.";
    assert!(impossible.iter().any(|it| it.starts_with(start)), "{impossible:?}");
}

/// Nobody but AWS can create a repository in these accounts.
#[test]
fn an_account_of_add_ons_is_not_one_of_several() {
    let document = "pullThroughCachePrefixes: [hub]";
    let with = |accounts| cautions(document, &["--registry-ids", accounts]);
    assert_eq!(with("123456789012,602401143452"), [] as [&str; 0]);
    assert_eq!(with("123456789012,210987654321,602401143452").len(), 1);
}

#[test]
fn the_sample_of_add_ons_is_good() {
    let page = explained(&["../../samples/eks-add-ons.yaml"]);
    assert!(page.contains("  of these          all; the document does not narrow them\n  not inspected     877085696533 in af-south-1: eks/*, "), "{page}");
}

#[test]
fn names_that_no_namespace_can_have_get_a_caution() {
    let long = "a".repeat(64);
    let as_long_as_can_be = "a".repeat(63);
    for (name, possible) in [
        ("shop", true),
        ("s", true),
        ("0-a", true),
        ("*", true),
        ("team-*", true),
        (&as_long_as_can_be, true),
        ("shop_a", false),
        ("shop.a", false),
        ("a/b", false),
        ("-shop", false),
        ("shop-", false),
        ("-*", false),
        ("shop.*", false),
        (&long, false),
        (&format!("{long}*"), false),
        (&format!("{as_long_as_can_be}*"), true),
        (&format!("{}-*", "a".repeat(62)), false),
    ] {
        for (place, document) in [
            ("namespaces", format!("namespaces: [{{names: ['{name}'], rules: {{pinned: warn}}}}]")),
            ("pin", format!("pin: {{namespaces: ['{name}']}}")),
            (
                "exemption 1",
                format!(
                    "exemptions: [{{rules: [pinned], namespaces: ['{name}'], users: [u], reason: r, owner: o, expires: 2027-01-01}}]"
                ),
            ),
        ] {
            let message = cautions(&document, &[]);
            assert_eq!(message.is_empty(), possible, "{document}: {message:?}");
            let start = format!("{place} lists names that no namespace can have");
            assert!(message.iter().all(|caution| caution.starts_with(&start)), "{message:?}");
        }
    }
}

#[test]
fn an_exemption_of_everything_gets_a_caution() {
    const ALL: &str = "ecr-registry, image-available, tag-immutability, pinned, scan-on-push, scan-findings, image-config, signed";
    let exempt = |rules: &str, selector: &str| {
        let document = format!(
            "exemptions: [{{rules: [{rules}], {selector}, reason: r, owner: o, expires: 2027-01-01}}]"
        );
        cautions(&document, &[])
    };
    for (rules, selector, expected) in [
        (
            ALL,
            "namespaces: ['*']",
            "exemption 1 covers all rules, every namespace and every image: nothing is denied until 2027-01-01.",
        ),
        (
            ALL,
            "namespaces: [a, '*'], users: [u]",
            "exemption 1 covers all rules, every namespace and every image: until 2027-01-01, nothing that these users request is denied: \"u\".",
        ),
        (
            "scan-findings",
            "namespaces: ['*']",
            "exemption 1 covers every namespace and every image: until 2027-01-01, these rules deny nothing: scan-findings.",
        ),
        (
            "scan-findings",
            "repositories: ['*']",
            "exemption 1 covers every namespace and every image: until 2027-01-01, these rules deny nothing: scan-findings.",
        ),
    ] {
        assert_eq!(exempt(rules, selector), [expected], "{selector}");
    }
    for (rules, selector) in [
        (ALL, "namespaces: ['a*']"),
        ("scan-findings", "namespaces: ['*'], users: [u]"),
        ("scan-findings", "namespaces: ['*'], repositories: ['a/*']"),
        ("scan-findings", "repositories: ['*'], accounts: ['123456789012']"),
    ] {
        assert_eq!(exempt(rules, selector), [] as [&str; 0], "{selector}");
    }
    let modes = cautions("namespaces: [{names: ['*'], mode: audit}]", &[]);
    let message = "the entry for * in namespaces has no mode deny: nothing is denied in a namespace that no other entry names.";
    assert_eq!(modes.last().map(String::as_str), Some(message), "{modes:?}");
}

#[test]
fn an_expiry_beyond_ten_years_gets_a_caution() {
    let expiring = |expires: &str| {
        let document = format!(
            "rules: {{scan-findings: {{accepted: [{{cve: CVE-2026-1, reason: r, owner: o, expires: '{expires}'}}]}}}}"
        );
        cautions(&document, &[])
    };
    assert_eq!(expiring("2036-11-20T12:00:00Z"), [] as [&str; 0]);
    let message = expiring("2036-11-22");
    assert_eq!(message.len(), 1, "{message:?}");
    assert!(message[0].starts_with("accepted CVE-2026-1 expires at 2036-11-22, more than ten years from now (3654 days left). "), "{message:?}");
}

#[test]
fn modes_by_cluster_have_a_row_for_the_cluster() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.yaml");
    let document = "apiVersion: ecr-admission/v1
namespaces:
  - {names: [shop], mode: audit}
  - {names: [shop, '*'], clusters: ['prod-*', blue], mode: deny}
  - {names: ['*'], clusters: ['p*'], mode: warn}
";
    std::fs::write(&file, document).unwrap();
    let file = file.to_str().unwrap();
    let asked = ["--namespace", "shop", "--namespace", "web"];
    let rows = |cluster: &[&str]| {
        let page = explained(&[&[file], &asked[..], cluster].concat());
        let (_, modes) = page.split_once("\n\nModes\n").unwrap();
        let (modes, rest) = modes.split_once("\n\n").unwrap();
        let (asked, _) = rest.split_once("\n\n").unwrap();
        let some = |section: &str| {
            let some = ["namespace", "cluster", "of cluster", "by the entry", "pinned"];
            let is_one = |line: &&str| some.iter().any(|it| line.trim_start().starts_with(it));
            section.lines().filter(is_one).map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        assert!(modes.contains("The first column that matches both"), "{modes}");
        (some(modes), asked.lines().next().unwrap().to_owned(), some(asked))
    };
    let (modes, title, asked) = rows(&["--cluster", "prod-eu"]);
    assert_eq!(
        modes,
        [
            "  namespace         shop  shop    shop   *     *       *     elsewhere",
            "  cluster           blue  prod-*  any    blue  prod-*  p*    any",
            "  pinned            deny  deny    audit  deny  deny    warn  deny",
        ]
    );
    assert_eq!(title, "Modes in the namespaces that you asked for in cluster \"prod-eu\"");
    assert_eq!(
        asked,
        [
            "  namespace         shop    web",
            "  by the entry      shop    *",
            "  of cluster        prod-*  prod-*",
            "  pinned            deny    deny",
        ]
    );
    // A cluster that nobody named is that of a new stack's token.
    let (_, title, asked) = rows(&[]);
    assert_eq!(title, "Modes in the namespaces that you asked for in cluster \"default\"");
    assert_eq!(
        asked,
        [
            "  namespace         shop   web",
            "  by the entry      shop   none",
            "  of cluster        any    any",
            "  pinned            audit  deny",
        ]
    );
}

#[test]
fn the_clusters_of_an_entry_are_named() {
    let accepted = "rules: {scan-findings: {accepted: [{cve: CVE-2026-1, clusters: [blue, 'prod-*'], reason: r, owner: o, expires: 2027-01-01}]}}";
    let exempt = "exemptions: [{rules: [pinned], clusters: [blue], namespaces: [shop], reason: r, owner: o, expires: 2027-01-01}]";
    for (document, expected) in [
        (accepted, "in every repository for clusters blue, prod-*; owner"),
        (exempt, "from pinned, for clusters blue and namespaces shop; owner"),
        (
            "breakGlass: {groups: [oncall], clusters: [blue]}",
            "groups \"oncall\" clusters only blue A Pod",
        ),
    ] {
        let page = explained_text(document);
        assert!(page.contains(expected), "{expected}\n{page}");
    }
}

#[test]
fn a_broad_exemption_of_some_clusters_says_which() {
    let exemption = |rules: &str, more: &str| {
        format!(
            "exemptions: [{{rules: [{rules}], clusters: [blue, 'dev-*']{more}, reason: r, owner: o, expires: 2027-01-01}}]"
        )
    };
    let all = "ecr-registry, image-available, tag-immutability, pinned, scan-on-push, scan-findings, image-config, signed";
    let of = "every namespace and every image of clusters blue, dev-*:";
    assert_eq!(
        cautions(&exemption(all, ""), &[]),
        [format!("exemption 1 covers all rules, {of} nothing is denied there until 2027-01-01.")]
    );
    assert_eq!(
        cautions(&exemption("pinned", ""), &[]),
        [format!(
            "exemption 1 covers {of} until 2027-01-01, these rules deny nothing there: pinned."
        )]
    );
    assert_eq!(
        cautions(&exemption(all, ", users: [ci]"), &[]),
        [format!(
            "exemption 1 covers all rules, {of} until 2027-01-01, nothing that these users request there is denied: \"ci\"."
        )]
    );
    assert_eq!(cautions(&exemption("pinned", ", namespaces: [shop]"), &[]), [] as [&str; 0]);
}

#[test]
fn an_entry_that_denies_nothing_in_a_cluster_is_cautioned_of() {
    let document = "namespaces: [{names: ['*'], clusters: [dev], mode: audit}]";
    let cautions = cautions(document, &[]);
    let expected = "the entry for * of cluster dev in namespaces has no mode deny: nothing is denied in a namespace that no other entry names.";
    assert_eq!(cautions, [expected]);
    // A name that no namespace can have is named once, whatever the number of its clusters.
    let document = "namespaces: [{names: [a_b], clusters: [dev, test], mode: warn}]";
    let page = explained_text(document);
    assert_eq!(page.matches("a_b.").count(), 1, "{page}");
}

/// The page of a document with this text, in one line.
fn explained_text(document: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.yaml");
    std::fs::write(&file, format!("apiVersion: ecr-admission/v1\n{document}\n")).unwrap();
    explained(&[file.to_str().unwrap()]).split_whitespace().collect::<Vec<_>>().join(" ")
}
