//! `deploy/policy check --require-deny`: what loosens a rule, in one line for another program.

use crate::support::policy;

/// The exit code, and what stderr says after the name of the file.
fn required(document: &str) -> (u8, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.yaml");
    std::fs::write(&file, format!("apiVersion: ecr-admission/v1\n{document}\n")).unwrap();
    let file = file.to_str().unwrap();
    let answer = policy(&["check", file, "--require-deny", "ecr-registry"]);
    assert_eq!(answer.out.is_empty(), answer.code != 0, "{document}: {}", answer.out);
    (answer.code, answer.err.replace(file, "FILE"))
}

/// An exemption from these rules until this date.
fn exemption(rules: &str, expires: &str) -> String {
    format!(
        "exemptions: [{{rules: [{rules}], namespaces: [a], reason: r, owner: o, expires: {expires}}}]"
    )
}

#[test]
fn a_document_under_which_the_rule_always_denies_is_explained() {
    for document in [
        "",
        "mode: warn\nrules: {ecr-registry: {mode: deny}}",
        "rules: {scan-findings: {mode: audit}}",
        "namespaces: [{names: [a], mode: warn, rules: {ecr-registry: deny}}]",
        "breakGlass: {groups: []}",
        &exemption("scan-findings", "2027-01-01"),
        &exemption("ecr-registry", "2026-01-01"),
    ] {
        assert_eq!(required(document), (0, String::new()), "{document}");
    }
}

#[test]
fn whatever_loosens_it_is_named() {
    for (document, loosened) in [
        ("mode: audit", "mode audit in namespace everywhere"),
        ("rules: {ecr-registry: {mode: warn}}", "mode warn in namespace everywhere"),
        (
            "namespaces: [{names: [a, 'b-*'], mode: audit}]",
            "mode audit in namespace a, mode audit in namespace b-*",
        ),
        (
            "namespaces: [{names: [a], clusters: [blue, 'dev-*'], mode: audit}]",
            "mode audit in namespace a of cluster blue, mode audit in namespace a of cluster dev-*",
        ),
        ("breakGlass: {groups: [oncall], clusters: [blue]}", "breakGlass"),
        ("breakGlass: {groups: [oncall]}", "breakGlass"),
        (&exemption("ecr-registry", "2027-01-01"), "exemption 1"),
        (
            &format!(
                "mode: warn\nbreakGlass: {{groups: [a]}}\n{}",
                exemption("ecr-registry", "2027-01-01")
            ),
            "mode warn in namespace everywhere, exemption 1, breakGlass",
        ),
    ] {
        let line = format!("FILE: ecr-registry does not always deny: {loosened}\n");
        assert_eq!(required(document), (1, line), "{document}");
    }
}

#[test]
fn the_sample_in_which_every_rule_is_in_audit_denies_nothing() {
    let sample = "../../samples/policy-audit.yaml";
    let answer = policy(&["check", sample]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
    let (_, modes) = answer.out.split_once("\n\nModes\n").unwrap();
    let (modes, _) = modes.split_once("\n\n").unwrap();
    for rule in ecr_admission_policy::Rule::ALL {
        let row = modes.lines().find(|line| line.trim_start().starts_with(rule.id())).unwrap();
        assert!(row.trim_end().ends_with(" audit"), "{row}");
        let answer = policy(&["check", sample, "--require-deny", rule.id()]);
        assert_eq!(answer.code, 1, "{}", answer.out);
    }
}

#[test]
fn another_rule_is_refused_on_the_command_line() {
    use clap::Parser;
    let arguments = ["ecr-admission", "policy", "check", "f", "--require-deny", "registry"];
    let error = ecr_admission_cli::options::Options::try_parse_from(arguments).unwrap_err();
    assert!(
        error.to_string().contains("expected one of ecr-registry, image-available, "),
        "{error}"
    );
}
