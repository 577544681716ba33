//! What `scripts/policy check` says of documents that are good.
#![cfg(test)]

mod support;

use support::policy;

/// The sample of the project, from the folder of this crate.
const SAMPLE: &str = "../../deploy/samples/policy.yaml";

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
fn pinning_is_told_as_it_is_judged() {
    for (document, parameters, expected) in [
        ("", &[][..], "judged where the parameter PinNamespaces has images pinned"),
        ("", &["--pin-namespaces", "*"], "judged everywhere"),
        ("", &["--pin-namespaces", "a,b"], "judged where PinNamespaces has images pinned: a, b"),
        ("pin: {namespaces: [c]}", &["--pin-namespaces", "*"], "has images pinned: c"),
        ("pin: {namespaces: []}", &["--pin-namespaces", "*"], "off: pin names no namespace"),
        ("pin: {namespaces: ['*']}", &[], "judged everywhere"),
        ("rules: {pinned: {required: true}}", &[], "judged everywhere"),
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
        ("Mutating half", "", "  pins in           as the parameter PinNamespaces says"),
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
        let told = caution(&format!("{later}\nrules: {{{on}}}"));
        assert!(told.starts_with("  - ecr-registry does not deny in these"), "{on}: {told}");
    }
}

#[test]
fn a_document_that_nearly_fills_its_secret_is_cautioned_of() {
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
