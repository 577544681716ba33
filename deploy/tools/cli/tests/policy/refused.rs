//! What `deploy/policy` says of files that it cannot use, and how it then ends.

use crate::support::policy;

/// The sample of the project, from the folder of this crate.
const SAMPLE: &str = "../../samples/policy.yaml";

/// The one line about a file with these bytes, without its folder, and the exit code.
fn refused(command: &str, bytes: &[u8]) -> (String, u8) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.yaml");
    std::fs::write(&file, bytes).unwrap();
    let file = file.to_str().unwrap();
    let answer = match command {
        "check" => policy(&["check", file]),
        "test" => policy(&["test", file, "../../samples/policy-cases.yaml"]),
        _ => policy(&["test", SAMPLE, file]),
    };
    assert_eq!(answer.out, "");
    let folder = format!("{}/", directory.path().display());
    let line = answer.err.strip_prefix(&folder).unwrap().strip_suffix('\n').unwrap().to_owned();
    assert!(line.chars().all(ecr_admission_policy::text::is_printable), "{line:?}");
    (line, answer.code)
}

#[test]
fn a_bad_document_is_one_line_with_its_place() {
    let long = format!("apiVersion: ecr-admission/v1\n#{}", "x".repeat(65_536));
    for (document, expected) in [
        (&b""[..], "1:1: missing field `apiVersion`"),
        (
            b"apiVersion: ecr-admission/v1\nmode: enforce\n",
            "2:7: mode: unknown variant `enforce`, expected one of `audit`, `warn`, `deny`",
        ),
        (
            b"apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {graceDays: 400}\n",
            "3:30: rules.scan-findings.graceDays: expected 0 to 365 days, got 400",
        ),
        (
            b"apiVersion: ecr-admission/v1\n\"a\\e[31m\\nb\": 1\n",
            "2:1: unknown field `a[31mb`, expected ",
        ),
        (
            b"apiVersion: ecr-admission/v1\nmode:\xc3\xa9\xff\n",
            "2:7: expected text in UTF-8, got a byte that is not text",
        ),
        (b"\xff", "1:1: expected text in UTF-8, got a byte that is not text"),
        (
            long.as_bytes(),
            "1:1: expected at most 65536 bytes, the limit of a secret, got 65566 bytes",
        ),
    ] {
        for (command, code) in [("check", 1), ("test", 2)] {
            let (line, ended) = refused(command, document);
            assert!(line.starts_with(&format!("file.yaml:{expected}")), "{line}");
            assert_eq!(ended, code, "{line}");
        }
    }
}

#[test]
fn bad_cases_are_one_line_with_their_place() {
    let one = |case: &str| format!("image: a\ncases:\n  - {{name: n, {case}}}\n");
    for (cases, expected) in [
        (String::new(), "1:1: missing field `cases`"),
        ("cases: []".to_owned(), "1:1: cases is empty; expected at least one case"),
        ("case: []".to_owned(), "1:1: unknown field `case`, expected one of `image`, "),
        (
            one("expect: allow"),
            "3:23: cases[0].expect: unknown variant `allow`, expected one of `admit`, `warn`, `deny`",
        ),
        (one("expects: deny"), "3:15: cases[0]: unknown field `expects`, expected one of `name`, "),
        (one("rules: []"), "3:5: cases[0]: missing field `expect`"),
        (one("expect: deny, rules: [scan]"), "3:37: cases[0].rules[0]: unknown variant `scan`"),
        (one("expect: deny, rules:"), "3:34: found unexpected ':'"),
        (one("expect: deny, at: ~"), "3:33: cases[0].at: expected a date such as"),
        (one("expect: deny, expect: warn"), "3:29: cases[0]: duplicate field `expect`"),
        (
            one("expect: deny, expects: warn").replace("image", "\u{feff}image"),
            "3:29: cases[0]: unk",
        ),
        (
            one("expect: deny, at: soon"),
            "3:33: cases[0].at: expected a date such as 2026-12-31 (its start in UTC) or a time such as 2026-12-31T08:00:00Z, got \"soon\"",
        ),
        (
            one("expect: deny, facts: {found: maybe}"),
            "3:44: cases[0].facts.found: expected true, false, repository",
        ),
        (
            one("expect: deny, facts: {found: 1}"),
            "3:44: cases[0].facts.found: invalid type: integer `1`, expected true, false, repository",
        ),
        (
            one("expect: deny, facts: {tagMutability: Mutable}"),
            "3:52: cases[0].facts.tagMutability: expected IMMUTABLE, MUTABLE, got \"Mutable\"",
        ),
        (
            one("expect: deny, facts: {scanFrequency: WEEKLY}"),
            "3:52: cases[0].facts.scanFrequency: expected SCAN_ON_PUSH, CONTINUOUS_SCAN, MANUAL, got \"WEEKLY\"",
        ),
        (
            one("expect: deny, facts: {scan: {status: DONE}}"),
            "3:52: cases[0].facts.scan.status: expected COMPLETE, ",
        ),
        (
            one("expect: deny, facts: {scan: {findings: [{cve: X}]}}"),
            "3:55: cases[0].facts.scan.findings[0]: missing field `severity`",
        ),
        (
            one("expect: deny, facts: {scan: {findings: [{severity: SEVERE}]}}"),
            "3:66: cases[0].facts.scan.findings[0].severity: expected CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNTRIAGED, UNDEFINED, got \"SEVERE\"",
        ),
        (
            one("expect: deny, facts: {scan: {findings: [{severity: LOW, fixAvailable: no}]}}"),
            "3:85: cases[0].facts.scan.findings[0].fixAvailable: expected YES, NO, PARTIAL, got \"no\"",
        ),
        (
            one("expect: deny, facts: {config: {users: root}}"),
            "3:46: cases[0].facts.config: unknown field `users`",
        ),
        (
            one("expect: deny, facts: {signing: [{status: COMPLETE}]}"),
            "3:47: cases[0].facts.signing[0]: missing field `profile`",
        ),
        (
            one("expect: deny, facts: {signing: [{profile: release}]}"),
            "3:57: cases[0].facts.signing[0].profile: expected the ARN of an AWS Signer signing profile",
        ),
        (
            "cases: [{name: n, image: a, expect: deny}, {name: m, expect: deny}]".to_owned(),
            "1:1: case 2 (m) has no image; expected one in the case or at the top of the file",
        ),
    ] {
        let (line, code) = refused("cases", cases.as_bytes());
        assert!(line.starts_with(&format!("file.yaml:{expected}")), "{line}");
        assert_eq!(code, 2, "{line}");
    }
}

#[test]
fn a_file_that_cannot_be_read_says_what_is_accepted() {
    for (arguments, expected) in [
        (
            &["check", "no/such\u{1b}file"][..],
            "no/suchfile: No such file or directory (os error 2); expected a policy document, YAML of at most 65536 bytes\n",
        ),
        (&["check", "tests"], "tests: Is a directory (os error 21); expected a policy document"),
        (
            &["test", "none", "none"],
            "none: No such file or directory (os error 2); expected a policy document",
        ),
        (
            &["test", SAMPLE, "none"],
            "none: No such file or directory (os error 2); expected a table of cases such as deploy/samples/policy-cases.yaml\n",
        ),
    ] {
        let answer = policy(arguments);
        assert!(answer.err.starts_with(expected), "{}", answer.err);
        assert_eq!((answer.out.as_str(), answer.code), ("", 2));
    }
}
