//! The same verdict: rule by rule, text by text.

use std::collections::HashMap;
use std::path::Path;

use ecr_admission_testing::texts::{assert_line, assert_warnings};
use end_to_end::support;
use local_cloud::build::project;
use local_cloud::stack::Stack;
use serde_json::Value;

use crate::command::{Aws, check, objects as reported};
use crate::objects::{self, Object};
use crate::webhooks::{GROUP, USER, answer};

const REWRITES: &str = "docker.io/=123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/";

#[tokio::test]
async fn check_and_the_webhooks_say_the_same_by_the_parameters() {
    parity(None).await;
}

#[tokio::test]
async fn check_and_the_webhooks_say_the_same_by_the_sample_policy() {
    parity(Some("deploy/samples/policy.yaml")).await;
}

/// A stack with these parameters, over another catalogue than that of the samples where one is given.
async fn stack(policy: Option<&str>, registry: Option<&str>) -> Stack {
    let rewrites = format!("REWRITES={REWRITES}");
    let mut args = vec!["--pin-namespaces", "pinned", "--admission-env", &rewrites];
    args.extend(policy.into_iter().flat_map(|file| ["--policy", file]));
    args.extend(registry.into_iter().flat_map(|file| ["--registry", file]));
    support::stack(&args).await
}

/// The same parameters as options.
fn options(policy: Option<&str>, files: &[&Path]) -> Vec<String> {
    let mut args = vec!["--registry-ids", "123456789012", "--registry-region", "us-east-1"];
    args.extend(["--pin-namespaces", "pinned", "--rewrites", REWRITES]);
    args.extend(["-n", "shop", "--cluster", "local", "--as", USER, "--as-group", GROUP]);
    args.extend(policy.into_iter().flat_map(|file| ["--policy", file]));
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    args.into_iter().map(ToOwned::to_owned).collect()
}

async fn parity(policy: Option<&str>) {
    let policy = policy.map(|file| project().join(file));
    let policy = policy.as_ref().map(|file| file.to_str().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let objects = objects::all(folder.path());
    let cloud = stack(policy, None).await;
    let expected = answers(&cloud, &objects).await;

    let files: Vec<&Path> = objects.iter().map(|object| object.file.as_path()).collect();
    let options = options(policy, &files);
    let recorded = folder.path().join("recorded.yaml");
    let recorded = recorded.to_str().unwrap();
    let aws = Aws::of(&cloud).await;
    let record = [&options[..], &["--record".to_owned(), recorded.to_owned()]].concat();
    let report = check(&record, &aws.variables).await;
    let found = reported(&report);
    let mut of_file: HashMap<&str, &Value> = HashMap::new();
    for object in &found {
        assert!(of_file.insert(object["file"].as_str().unwrap(), object).is_none(), "{object}");
    }
    assert_eq!(found.len(), objects.len());
    for (object, answer) in objects.iter().zip(&expected) {
        assert_same(of_file[object.file.to_str().unwrap()], answer, object);
    }
    cloud.stop().await.unwrap();

    // What Amazon ECR said, without Amazon ECR.
    let facts = [&options[..], &["--facts", recorded].map(ToOwned::to_owned)].concat();
    let region = ("AWS_REGION", "us-east-1".to_owned());
    assert_eq!(check(&facts, &[region]).await, report);
    let replay = stack(policy, Some(recorded)).await;
    for (object, (again, answer)) in
        objects.iter().zip(answers(&replay, &objects).await.iter().zip(&expected))
    {
        assert_eq!(decided(again), decided(answer), "{}", object.file.display());
    }
    replay.stop().await.unwrap();
}

/// What both webhooks say of each object, of which some are changed, some denied and some admitted.
async fn answers(stack: &Stack, objects: &[Object]) -> Vec<Value> {
    let (mut answers, mut changed) = (vec![], 0);
    for object in objects {
        let (answer, mutated) = answer(stack, object).await;
        changed += usize::from(mutated);
        answers.push(answer);
    }
    let with = |decision: &str| {
        answers.iter().filter(|it| it["auditAnnotations"]["decision"] == decision).count()
    };
    assert!(changed > 5 && with("denied") > 20 && with("admitted") > 5 && with("ignored") > 5);
    answers
}

/// What of an answer does not depend on the stack that gave it.
fn decided(answer: &Value) -> [&Value; 4] {
    let annotations = &answer["auditAnnotations"];
    [&answer["allowed"], &answer["status"]["message"], &answer["warnings"], &annotations["audited"]]
}

/// Whether both say the same of an object.
fn assert_same(reported: &Value, answer: &Value, object: &Object) {
    let of = |mode: &str| texts(reported, mode, object.path);
    let expected = match reported["result"].as_str().unwrap() {
        "ignored" => "ignored",
        "denied" => "denied",
        "warned" | "audited" | "admitted" => "admitted",
        other => panic!("{other}: {reported}"),
    };
    let decision = &answer["auditAnnotations"]["decision"];
    assert_eq!(decision, expected, "{reported}\n{answer}");
    assert_eq!(answer["allowed"], expected != "denied", "{answer}");
    let refusal = reported["reason"].as_str().map(ToOwned::to_owned);
    let denials: Vec<String> = refusal.into_iter().chain(of("deny")).collect();
    assert_line(&denials, &answer["status"]["message"]);
    assert_line(&of("audit"), &answer["auditAnnotations"]["audited"]);
    let ruling = reported["breakGlass"].as_str().map(ToOwned::to_owned);
    let warnings: Vec<String> = ruling.into_iter().chain(of("warn")).collect();
    assert_warnings(&warnings, &answer["warnings"]);
}

/// The texts with this mode, with the paths that they have in the Pod; each names its rule.
fn texts(reported: &Value, mode: &str, path: &str) -> Vec<String> {
    let violations = reported["violations"].as_array().unwrap().iter();
    let text = |violation: &Value| {
        let message = violation["message"].as_str().unwrap();
        let rule = format!(" [{}]", violation["rule"].as_str().unwrap());
        assert!(message.ends_with(&rule), "{violation}");
        format!("spec{}", message.strip_prefix(path).unwrap())
    };
    violations.filter(|violation| violation["mode"] == mode).map(text).collect()
}
