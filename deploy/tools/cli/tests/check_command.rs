//! The command `check`: what it writes where, and how it exits. The facts are those of the sample catalogue.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");

fn sample(name: &str) -> String {
    format!("{SAMPLES}/{name}")
}

/// Runs the command as somebody who has no account at AWS.
fn check(args: &[&str], stdin: &str) -> Output {
    let stack = ["--region", "us-east-1", "--own-account", "123456789012"];
    check_anywhere(&[&stack, args].concat(), stdin)
}

/// The same where nothing says where the stack is.
fn check_anywhere(args: &[&str], stdin: &str) -> Output {
    let facts = sample("registry.yaml");
    let fixed = ["check", "--facts", &facts];
    let mut child = Command::new(env!("CARGO_BIN_EXE_ecr-admission"))
        .args(fixed)
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn code(args: &[&str], stdin: &str) -> i32 {
    check(args, stdin).status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_exit_code_is_0_1_or_2_whatever_the_output() {
    let good = sample("pods/compliant.yaml");
    let bad = sample("pods/docker-hub.yaml");
    let warned = sample("pods/unrated-finding.yaml");
    let nothing = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    for output in ["text", "json", "sarif", "github"] {
        for (args, stdin, expected) in [
            (vec![good.as_str()], "", 0),
            (vec![&bad], "", 1),
            (vec![&good, &bad], "", 1),
            (vec![&warned], "", 0),
            (vec![&warned, "--fail-on", "warn"], "", 1),
            (vec!["-"], nothing, 2),
            (vec!["-", "--allow-empty"], nothing, 0),
            (vec![&good, "-"], "kind: {{ .Values.kind }}\n", 2),
            (vec![&bad, "-"], "kind: {{ .Values.kind }}\n", 1),
            (vec!["no/such/file.yaml"], "", 2),
        ] {
            let args = [&args[..], &["-o", output]].concat();
            assert_eq!(code(&args, stdin), expected, "{args:?}");
        }
    }
}

#[test]
fn the_allowed_registry_says_where_the_stack_is() {
    let good = sample("pods/compliant.yaml");
    let allowed = ["--registry-ids", "123456789012", "--registry-region", "us-east-1,eu-west-1"];
    let output = check_anywhere(&[&[good.as_str()][..], &allowed].concat(), "");
    assert_eq!(out(&output), "1 object, 1 image: 0 denied, 1 admitted\n");
    for (given, expected) in [
        (&allowed[..2], "--region is missing; expected an AWS Region, as in us-east-1\n"),
        (
            &allowed[2..],
            "--own-account is missing; expected the account of the stack, of 12 digits\n",
        ),
    ] {
        let output = check_anywhere(&[&[good.as_str()][..], given].concat(), "");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    }
}

#[test]
fn what_cannot_be_used_is_one_line_on_stderr() {
    let good = sample("pods/compliant.yaml");
    for (args, expected) in [
        (
            vec!["--severity-limit", "huge"],
            "--severity-limit: expected INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL, got \"huge\"\n",
        ),
        (
            vec!["-o", "json", "-o", "sarif"],
            "--output: expected one output for stdout and a file for every other, as in -o text -o json=report.json\n",
        ),
    ] {
        let output = check(&[&[good.as_str()][..], &args].concat(), "");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            (out(&output).as_str(), String::from_utf8(output.stderr).unwrap().as_str()),
            ("", expected)
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.yaml");
    std::fs::write(&policy, "apiVersion: ecr-admission/v1\nmode: lax\n").unwrap();
    let policy = policy.to_str().unwrap();
    let output = check(&[&good, "--policy", policy], "");
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.starts_with(&format!("{policy}:2:7: ")) && err.lines().count() == 1, "{err}");
}

#[test]
fn each_output_goes_to_its_file_and_the_text_to_stdout() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let to = |format: &str, file: &PathBuf| format!("{format}={}", file.display());
    let (json, sarif) = (file("report.json"), file("report.sarif"));
    let bad = sample("pods/docker-hub.yaml");
    let output = check(&[&bad, "-o", &to("json", &json), "-o", &to("sarif", &sarif)], "");
    assert_eq!(output.status.code(), Some(1));
    let text = out(&output);
    assert!(text.starts_with(&format!("{bad}:")), "{text}");
    assert!(text.ends_with("\n1 object, 1 image: 1 denied\n"), "{text}");
    let read = |file| serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap();
    let report = read(json);
    assert_eq!(
        (&report["apiVersion"], &report["summary"]["denied"]),
        (&"ecr-admission/check/v1".into(), &1.into())
    );
    assert_eq!(read(sarif)["runs"][0]["results"][0]["ruleId"], "ecr-registry");

    let nowhere = file("no/such/folder/report.json");
    let output = check(&[&bad, "-o", &to("json", &nowhere)], "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn color_is_for_terminals_and_those_who_ask_for_it() {
    let bad = sample("pods/docker-hub.yaml");
    let colored =
        |args: &[&str]| out(&check(&[&[bad.as_str()][..], args].concat(), "")).contains('\u{1b}');
    assert!(!colored(&[]));
    assert!(!colored(&["--color", "never"]));
    assert!(colored(&["--color", "always"]));
}

#[test]
fn the_cluster_is_that_of_the_option_and_default_without_one() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.yaml");
    let document = "apiVersion: ecr-admission/v1\nnamespaces: [{names: [default], clusters: [default, 'dev-*'], mode: audit}]\n";
    std::fs::write(&policy, document).unwrap();
    let policy = policy.to_str().unwrap();
    let (file, registries) = (sample("pods/docker-hub.yaml"), ["--registry-ids", "123456789012"]);
    for (cluster, code) in [
        (&[][..], 0),
        (&["--cluster", "dev-1"], 0),
        (&["--cluster", "prod"], 1),
        (&["--cluster", ":a"], 2),
    ] {
        let args = [&["--policy", policy], &registries[..], cluster, &[&file]].concat();
        let output = check(&args, "");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{cluster:?}\n{text}");
        if code == 2 {
            assert!(text.contains("expected the name of a cluster: 1 to 255 visible"), "{text}");
        }
    }
}
