//! What a start writes and says, and how it fails.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{options, seen, stack, stack_with};
use local_cloud::door::Door;
use local_cloud::stack::{Stack, StackError};

fn files(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn read(stack: &Stack, file: &str) -> String {
    std::fs::read_to_string(stack.directory().join(file)).unwrap()
}

async fn refused(arguments: &[&str]) -> String {
    match options().args(arguments).start().await {
        Err(StackError::NotReady { log }) => log,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn all_files_are_there_when_it_is_ready() {
    let stack = stack(&["--ignored-namespaces", "kube-system,flux"]).await;
    let expected = [
        "admission-configuration.yaml",
        "ca.pem",
        "mutating-webhook.yaml",
        "tls.key",
        "tls.pem",
        "token",
        "urls.json",
        "validating-webhook.yaml",
        "webhook-kubeconfig.yaml",
    ];
    assert_eq!(files(stack.directory()), expected.map(ToOwned::to_owned).into());
    let webhook = read(&stack, "validating-webhook.yaml");
    assert!(
        webhook.contains(&format!("{}/validate", stack.url())) && webhook.contains("flux"),
        "{webhook}"
    );
    let token = stack.directory().canonicalize().unwrap().join("token");
    assert!(read(&stack, "webhook-kubeconfig.yaml").contains(token.to_str().unwrap()));
    for (file, mode) in [("token", 0o600), ("tls.key", 0o600), ("ca.pem", 0o644)] {
        let metadata = stack.directory().join(file).metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{file}");
    }
    assert_eq!(read(&stack, "token"), stack.token());
    assert!(
        stack.token().len() == 64 && stack.token().bytes().all(|byte| byte.is_ascii_alphanumeric())
    );
    assert_eq!(seen(&stack).await["count"], 1);
}

#[tokio::test]
async fn with_url_keys_there_are_webhooks_with_the_key_in_their_urls() {
    let stack = stack_with(Door::Url, &["--ignored-namespaces", "kube-system,flux"]).await;
    let folder = stack.directory().join("eks");
    let expected = ["mutating-webhook.yaml", "validating-webhook.yaml"];
    assert_eq!(files(&folder), expected.map(ToOwned::to_owned).into());
    assert_eq!(files(stack.directory()).len(), 10);
    let key = Door::Url.credential(stack.token());
    for (file, route) in
        [("validating-webhook.yaml", "validate"), ("mutating-webhook.yaml", "mutate")]
    {
        let path = folder.join(file);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        let text = std::fs::read_to_string(path).unwrap();
        let url = format!("{}/{route}/{key}", stack.url());
        assert!(text.contains(&url) && text.contains("flux"), "{file}");
        assert!(!text.contains(stack.token()), "{file}");
    }
}

#[tokio::test]
async fn a_directory_keeps_what_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("mine"), "kept").unwrap();
    let first = options().directory(directory.path()).start().await.unwrap();
    let (token, authority) = (first.token().to_owned(), read(&first, "ca.pem"));
    first.stop().await.unwrap();
    let second = options().directory(directory.path()).start().await.unwrap();
    assert_eq!((second.token(), read(&second, "ca.pem")), (token.as_str(), authority));
    assert_eq!(read(&second, "mine"), "kept");
    assert_eq!(seen(&second).await["count"], 1, "and it works");
}

#[tokio::test]
async fn the_certificate_satisfies_a_strict_verifier() {
    let stack = stack(&[]).await;
    let program = "
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
context.verify_flags |= ssl.VERIFY_X509_STRICT
print(urllib.request.urlopen(sys.argv[1] + '/_local/calls', context=context).status)
";
    for host in ["127.0.0.1", "localhost"] {
        let url = stack.url().replace("127.0.0.1", host);
        let ca = stack.directory().join("ca.pem");
        let output = Command::new("python3").args(["-c", program, &url]).arg(ca).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "200\n", "{output:?}");
    }
}

#[tokio::test]
async fn what_it_cannot_start_with_is_named() {
    let occupied = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = occupied.local_addr().unwrap().port().to_string();
    let program = Command::new(env!("CARGO_BIN_EXE_local-cloud"))
        .args([
            "--port",
            &port,
            "--admission-binary",
            "/bin/sh",
            "--authorizer-binary",
            "/bin/sh",
            "--registry",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/front_door/registry.yaml"))
        .current_dir(tempfile::tempdir().unwrap().path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&program.stderr).into_owned();
    assert!(
        said.contains(&format!("cannot listen on 127.0.0.1:{port}")) && said.contains("--port"),
        "{said}"
    );
    assert_eq!((program.status.code(), program.stdout.is_empty()), (Some(2), true));

    let missing = options().admission("/nowhere/admission").start().await;
    let Err(StackError::NotReady { log }) = missing else { panic!("{missing:?}") };
    assert!(
        log.contains("/nowhere/admission is not a file") && log.contains("--admission-binary"),
        "{log}"
    );

    let log = refused(&["--ignored-namespaces", "Not a namespace"]).await;
    assert!(
        log.contains("deploy/render-config failed") && log.contains("Not a namespace"),
        "{log}"
    );
    let log = refused(&["--fault", "DescribeRepositories=explode"]).await;
    assert!(log.contains("explode"), "{log}");
    let log = refused(&["--sandboxes", "0"]).await;
    assert!(log.contains("--sandboxes"), "{log}");
    let log = refused(&["--public-endpoint", "false"]).await;
    assert!(log.contains("leaves no door; add --private or --regional"), "{log}");
    let log = refused(&["--private", "--regional"]).await;
    assert!(log.contains("cannot be used with"), "{log}");
    let log = refused(&["--policy", "/nowhere/policy.yaml"]).await;
    assert!(log.contains("--policy /nowhere/policy.yaml does not exist; name a file"), "{log}");
}

#[tokio::test]
async fn no_function_is_started_before_it_is_needed_and_sigint_stops_it() {
    let stack = stack(&[]).await;
    let pid = rustix::process::Pid::from_raw(i32::try_from(stack.pid().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let stopped = stack.stop().await.unwrap();
    assert!(stopped.status.success(), "{:?}", stopped.status);
    assert_eq!(stopped.log, "");
}

/// Runs `--demo` to its end.
fn demo(admission: &Path, authorizer: &Path, further: &[&OsStr]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_local-cloud"))
        .args(["--demo", "--port", "0", "--rest-port", "0", "--project"])
        .arg(local_cloud::build::project())
        .arg("--dir")
        .arg(directory.path())
        .arg("--admission-binary")
        .arg(admission)
        .arg("--authorizer-binary")
        .arg(authorizer)
        .args(further)
        .output()
        .unwrap()
}

#[test]
fn the_demo_shows_the_expected_verdicts() {
    let admission = local_cloud::build::build("ecr-admission", "--bin", "admission").unwrap();
    let authorizer =
        local_cloud::build::build("ecr-admission-authorizer", "--bin", "authorizer").unwrap();
    let output = demo(&admission, &authorizer, &[]);
    let (table, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{table}{log}");
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ready https://127.0.0.1:"), "{table}");
    assert!(lines[1].starts_with("OBJECT ") && lines[1].ends_with("MESSAGE"), "{table}");
    let reviews = lines.len() - 3;
    assert!(reviews >= 15, "{table}");
    assert_eq!(lines[lines.len() - 1], format!("{reviews} of {reviews} as expected"));
    assert_eq!(log, "", "nothing distracts from the table");
}

#[test]
fn the_demo_gets_the_same_verdicts_through_a_private_door() {
    let admission = local_cloud::build::build("ecr-admission", "--bin", "admission").unwrap();
    let authorizer =
        local_cloud::build::build("ecr-admission-authorizer", "--bin", "authorizer").unwrap();
    let private = ["--private", "--public-endpoint", "false"].map(OsStr::new);
    let output = demo(&admission, &authorizer, &private);
    let (table, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{table}{log}");
    let lines: Vec<&str> = table.lines().collect();
    let url = lines[0].strip_prefix("ready ").unwrap();
    assert_eq!(lines[1], format!("vpce-0123456789abcdef0 {url}/v1"));
    let reviews = lines.len() - 4;
    assert_eq!(lines[lines.len() - 1], format!("{reviews} of {reviews} as expected"));
}

#[test]
fn a_demo_that_goes_wrong_says_so_and_shows_the_log() {
    let scripted = local_cloud::build::build("local-cloud", "--example", "scripted").unwrap();
    let output = demo(&scripted, &scripted, &[]);
    let (table, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(
        table.contains("failed") && table.lines().last().unwrap().starts_with("0 of "),
        "{table}"
    );
    assert!(log.contains("admission[1] START"), "{log}");
}

#[test]
fn a_demo_under_a_policy_shows_what_it_makes_of_the_samples() {
    let admission = local_cloud::build::build("ecr-admission", "--bin", "admission").unwrap();
    let authorizer =
        local_cloud::build::build("ecr-admission-authorizer", "--bin", "authorizer").unwrap();
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(policy.path(), "apiVersion: ecr-admission/v1\nmode: warn\n").unwrap();
    let further = [OsStr::new("--policy"), policy.path().as_os_str()];
    let output = demo(&admission, &authorizer, &further);
    let (table, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{table}{log}");
    let header: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(header, ["OBJECT", "IMAGE", "GOT", "MESSAGE"]);
    assert!(table.contains("  warn ecr-registry ") && !table.contains("  deny "), "{table}");
    assert!(table.trim_end().ends_with(" answered"), "{table}");
}
