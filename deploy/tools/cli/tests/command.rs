//! The binary: what goes where, and how it ends.
#![cfg(test)]

use std::process::{Command, Output};

fn policy(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecr-admission"))
        .arg("policy")
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn it_exits_with_0_1_or_2() {
    let sample = "../../samples/policy.yaml";
    let cases = "../../samples/policy-cases.yaml";
    let minimal = "tests/documents/minimal.yaml";
    for (arguments, code, out, err) in [
        (&["check", sample][..], 0, "is a valid policy document", ""),
        (&["test", sample, cases], 0, " ok, 0 FAILED", ""),
        // The cases of the sample are not those of a document that says nothing.
        (
            &["test", minimal, cases],
            1,
            "FAILED  root is denied: expected deny [image-config], got admit\n",
            "",
        ),
        (&["check", cases], 1, "", "policy-cases.yaml:"),
        (&["check", "none"], 2, "", "expected a policy document"),
        (&["test", sample, sample], 2, "", "policy.yaml:"),
        (&[], 2, "", "Usage: ecr-admission policy"),
        (&["check"], 2, "", "<FILE>"),
        (&["test", sample], 2, "", "<CASES>"),
        (&["chekc", sample], 2, "", "unrecognized subcommand 'chekc'"),
        (&["check", sample, "--namespaces", "a"], 2, "", "unexpected argument '--namespaces'"),
        (&["check", sample, "--namespace", "A"], 2, "", "expected a namespace: 1 to 63 "),
        (&["check", sample, "--pin-namespaces", "a*"], 2, "", "expected * or namespaces"),
        (&["check", sample, "--registry-ids", "12"], 2, "", "expected a string of 12 digits"),
        (&["check", sample, "--registry-region", "east"], 2, "", "expected a Region code such as"),
        (&["check", sample, "--severity-limit", "high"], 2, "", "expected INFORMATIONAL, LOW, "),
        (&["check", "--help"], 0, "--severity-limit <WORD>", ""),
    ] {
        let output = policy(arguments);
        let message = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {message:?}");
        for (message, expected) in message.iter().zip([out, err]) {
            assert_eq!(message.is_empty(), expected.is_empty(), "{arguments:?} {message}");
            assert!(message.contains(expected), "{arguments:?} {message}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_nobody_reads_is_not_a_success() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecr-admission"));
    let status =
        command.args(["policy", "check", "tests/documents/minimal.yaml"]).stdout(full).status();
    assert_eq!(status.unwrap().code(), Some(2));
}
