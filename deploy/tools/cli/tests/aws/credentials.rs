//! How credentials and Region are found. Each case is a process of its own: this test again, with another environment.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use ecr_admission_cli::check::aws::Aws;

use crate::replay::caller;

/// Whose credentials the process has, on a line of its own.
#[test]
#[ignore = "only a process of the other tests runs it"]
fn process() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runtime.block_on(async {
        let aws = Aws::load(None).await?;
        let caller = aws.caller().await?;
        Ok::<_, String>(format!("{caller} {}", aws.region()))
    });
    let result = result.unwrap_or_else(|problem| problem);
    writeln!(std::io::stdout(), "\nresult: {result}").unwrap();
}

/// What the process finds with this home and these variables.
fn found(home: &Path, variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "credentials::process", "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL_STS", sts())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let result = text.lines().find_map(|line| line.strip_prefix("result: "));
    result.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// An AWS STS that says of each access key that it is of the account of its last 12 characters.
fn sts() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = vec![];
            let mut part = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("Action=") {
                let read = stream.read(&mut part).unwrap();
                if read == 0 {
                    break;
                }
                request.extend(&part[..read]);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let body = if request.contains("Action=AssumeRoleWithWebIdentity") {
                assert!(request.contains("the-web-token"), "{request}");
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>\
                 ASIA333333333333</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                 <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
                 </AssumeRoleWithWebIdentityResponse>"
                    .to_owned()
            } else {
                let key = request.split("Credential=").nth(1).unwrap();
                let key = key.split('/').next().unwrap();
                caller(key.get(key.len() - 12..).unwrap()).1
            };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    url
}

fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    home
}

const CONFIG: &str = "\
[profile keys]
region = eu-west-1
aws_access_key_id = AKIA111111111111
aws_secret_access_key = s

[profile process]
region = eu-central-1
credential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AKIA222222222222\", \"SecretAccessKey\": \"s\"}'

[profile signed-in]
region = us-east-1
sso_session = company
sso_account_id = 123456789012
sso_role_name = Dev

[sso-session company]
sso_region = us-east-1
sso_start_url = https://company.awsapps.com/start
";

/// Where the token of the session `company` is kept: the name is the SHA-1 of that word.
const CACHE: &str = ".aws/sso/cache/71b21161ffa1e6516bcc072aaf5ef38cbe85b511.json";

const EXPIRED: &str = r#"{"accessToken": "t", "expiresAt": "2020-01-01T00:00:00Z", "region": "us-east-1", "startUrl": "https://company.awsapps.com/start"}"#;

#[test]
fn credentials_are_found_where_every_aws_tool_finds_them() {
    let home = home(&[(".aws/config", CONFIG), ("token", "the-web-token")]);
    let token = home.path().join("token");
    for (variables, expected) in [
        (vec![("AWS_PROFILE", "keys")], "111111111111 eu-west-1"),
        (vec![("AWS_PROFILE", "keys"), ("AWS_REGION", "us-east-2")], "111111111111 us-east-2"),
        (vec![("AWS_PROFILE", "process")], "222222222222 eu-central-1"),
        (
            vec![
                ("AWS_REGION", "us-east-1"),
                ("AWS_ROLE_ARN", "arn:aws:iam::333333333333:role/ci"),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
            ],
            "333333333333 us-east-1",
        ),
        (
            vec![
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "ASIA444444444444"),
                ("AWS_SECRET_ACCESS_KEY", "s"),
                ("AWS_SESSION_TOKEN", "t"),
            ],
            "444444444444 us-east-1",
        ),
    ] {
        assert_eq!(found(home.path(), &variables), expected, "{variables:?}");
    }
}

#[test]
fn what_is_missing_or_expired_says_what_to_do() {
    let failing = "\n[profile failing]\nregion = us-east-1\ncredential_process = exit 3\n";
    let config = format!("{CONFIG}{failing}");
    let home = home(&[(".aws/config", &config), (CACHE, EXPIRED)]);
    let none = "found no AWS credentials; set AWS_PROFILE to a profile that exists and has some, or AWS_ACCESS_KEY_ID \
                and AWS_SECRET_ACCESS_KEY";
    for (variables, expected) in [
        (
            vec![],
            "no AWS Region is set; use --region, or set AWS_REGION or the region of the AWS profile",
        ),
        (vec![("AWS_REGION", "us-east-1")], none),
        (vec![("AWS_REGION", "us-east-1"), ("AWS_PROFILE", "nobody")], none),
        (
            vec![("AWS_REGION", "moon")],
            "the AWS Region of the environment or profile: expected a Region, as in us-east-1, got \"moon\"",
        ),
        (
            vec![("AWS_PROFILE", "signed-in")],
            "the session of AWS IAM Identity Center has expired or is missing; run aws sso login with the same \
             profile: the SSO token has expired and cannot be refreshed",
        ),
        (
            vec![("AWS_PROFILE", "failing")],
            "cannot load the AWS credentials; check the AWS profile: Error retrieving credentials: external process exited with code exit status: 3. Stderr: ",
        ),
    ] {
        assert_eq!(found(home.path(), &variables), expected, "{variables:?}");
    }
}

#[test]
fn a_session_that_was_never_begun_says_what_to_do() {
    let home = home(&[(".aws/config", CONFIG)]);
    let expected = "the session of AWS IAM Identity Center has expired or is missing; run aws sso login with the same \
                    profile: failed to load the cached SSO token";
    assert_eq!(found(home.path(), &[("AWS_PROFILE", "signed-in")]), expected);
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_named_with_its_region() {
    let home = home(&[(".aws/config", CONFIG)]);
    // Nothing listens on this port.
    let nowhere = ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    let problem = found(home.path(), &[("AWS_PROFILE", "keys"), nowhere]);
    let expected = "cannot reach AWS STS in eu-west-1; check --region, the network and the proxy: ";
    assert!(problem.starts_with(expected), "{problem}");
    assert!(problem.contains("Connection refused"), "{problem}");
}
