//! A stack: from its outputs and its secret to the configuration of its function.

use ecr_admission::config::{Config, PinNamespaces};
use ecr_admission_cli::check::aws::{Aws, OUTPUTS};
use ecr_admission_lambda::Environment;
use ecr_admission_policy::names::{AccountId, Region};
use ecr_admission_testing::ecr::Reply;
use serde_json::json;

use crate::replay::{aws, json_error, xml_error};

pub(crate) const SECRET: &str =
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-admission/policy-AbCdEf";

/// A document that nobody but its owner may read.
const NOT_A_DOCUMENT: &str = "password: correct-horse-battery-staple\n";

pub(crate) fn outputs() -> Vec<(&'static str, &'static str)> {
    vec![
        ("Endpoint", "https://abc.execute-api.us-east-1.amazonaws.com"),
        ("RegistryIdsInForce", "123456789012,210987654321"),
        ("RegistryRegionInForce", "us-east-1"),
        ("IgnoredNamespacesInForce", "kube-system,ingress"),
        ("SeverityLimitInForce", "HIGH"),
        ("PolicySecretInForce", SECRET),
        ("PinNamespacesInForce", "*"),
        ("RewritesInForce", "docker.io/=123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/"),
        ("MaxImagesInForce", "7"),
    ]
}

pub(crate) fn described(outputs: &[(&str, &str)]) -> Reply {
    let member = |(key, value): &(&str, &str)| {
        format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>")
    };
    let outputs: String = outputs.iter().map(member).collect();
    let stack = format!(
        "<StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/web/e2e</StackId><StackName>web</StackName>\
         <StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-21T00:00:00Z</CreationTime>\
         <Outputs>{outputs}</Outputs>"
    );
    let result = format!("<Stacks><member>{stack}</member></Stacks>");
    (
        200,
        format!(
            "<DescribeStacksResponse><DescribeStacksResult>{result}</DescribeStacksResult></DescribeStacksResponse>"
        ),
    )
}

/// A stack with these outputs, whose secret is read with this answer.
fn deployed(outputs: &[(&str, &str)], secret: Reply) -> Aws {
    let stack = described(outputs);
    aws(move |operation, body| match operation {
        "DescribeStacks" => {
            assert!(body.contains("StackName=web"), "{body}");
            stack.clone()
        }
        "GetSecretValue" => {
            assert!(body.contains(SECRET), "{body}");
            secret.clone()
        }
        other => panic!("{other} is not called"),
    })
}

fn secret(text: &str) -> Reply {
    (200, json!({"ARN": SECRET, "VersionId": "v-1", "SecretString": text}).to_string())
}

async fn refused(outputs: &[(&str, &str)]) -> String {
    deployed(outputs, secret("")).stack("web").await.unwrap_err()
}

async fn unreadable(answer: Reply) -> String {
    let aws = deployed(&outputs(), answer);
    let stack = aws.stack("web").await.unwrap();
    aws.document(&stack).await.unwrap_err()
}

#[tokio::test]
async fn the_function_reads_its_configuration_from_the_outputs() {
    let aws = deployed(&outputs(), secret("apiVersion: ecr-admission/v1\nmode: warn\n"));
    let stack = aws.stack("web").await.unwrap();
    assert_eq!(stack.account.as_str(), "123456789012");
    let credentials = [("AWS_ACCESS_KEY_ID", "unused"), ("AWS_SECRET_ACCESS_KEY", "unused")];
    let credentials = credentials.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment: Environment = stack.environment.iter().cloned().chain(credentials).collect();
    let config = Config::from_environment(&environment).unwrap();
    let ids: Vec<_> = config.registry_ids.iter().flatten().map(AccountId::as_str).collect();
    assert_eq!(ids, ["123456789012", "210987654321"]);
    let regions: Vec<_> = config.regions.iter().map(Region::as_str).collect();
    assert_eq!(regions, ["us-east-1"]);
    let ignored: Vec<_> = config.ignored_namespaces.iter().map(String::as_str).collect();
    assert_eq!(ignored, ["ingress", "kube-system"]);
    assert_eq!(config.severity_limit, "HIGH".parse().unwrap());
    assert_eq!(config.policy_secret.as_deref(), Some(SECRET));
    assert_eq!(config.pin, PinNamespaces::All);
    assert_eq!(config.max_images, 7);
    assert_eq!(stack.cache_seconds, None);
    let document = aws.document(&stack).await.unwrap().unwrap();
    assert_eq!(
        (document.id.as_str(), document.text.as_str()),
        ("v-1", "apiVersion: ecr-admission/v1\nmode: warn\n")
    );
}

#[tokio::test]
async fn a_stack_without_a_policy_secret_has_no_document() {
    let mut outputs = outputs();
    outputs.iter_mut().find(|(key, _)| *key == "PolicySecretInForce").unwrap().1 = "";
    let aws = deployed(&outputs, json_error("InternalServiceError", "not asked"));
    let stack = aws.stack("web").await.unwrap();
    assert_eq!(stack.policy_secret, None);
    assert_eq!(aws.document(&stack).await.unwrap(), None);
}

#[tokio::test]
async fn a_stack_of_an_earlier_release_or_of_something_else_is_named() {
    let earlier =
        ["SeverityLimitInForce", "PinNamespacesInForce", "RewritesInForce", "MaxImagesInForce"];
    let mut outputs = outputs();
    outputs.retain(|(key, _)| !earlier.contains(key));
    assert_eq!(
        refused(&outputs).await,
        "the stack \"web\" (status UPDATE_COMPLETE) has no output SeverityLimitInForce, PinNamespacesInForce, \
         RewritesInForce, MaxImagesInForce; deploy it again with this release, or use --policy, --registry-ids and the \
         other options instead of --stack"
    );
    let all: Vec<_> = OUTPUTS.iter().map(|(key, _)| *key).collect();
    assert_eq!(
        refused(&[("WebsiteUrl", "https://example.com")]).await,
        format!(
            "the stack \"web\" (status UPDATE_COMPLETE) has no output {}; check --stack and --region: this may not be \
             a stack of ecr-admission",
            all.join(", ")
        )
    );
}

#[tokio::test]
async fn what_aws_refuses_says_what_to_do() {
    let denied = "User: arn:aws:iam::123456789012:user/dev is not authorized to perform: cloudformation:DescribeStacks";
    for (reply, expected) in [
        (
            xml_error(400, "ValidationError", "Stack with id web does not exist"),
            "no stack \"web\" in us-east-1; check --stack, --region and the AWS profile: Stack with id web does not exist",
        ),
        (
            xml_error(403, "AccessDenied", denied),
            "the AWS credentials may not call cloudformation:DescribeStacks; allow the action, or use others \
             (AWS_PROFILE): AccessDenied: User: arn:aws:iam::123456789012:user/dev is not authorized to perform: \
             cloudformation:DescribeStacks",
        ),
        (
            xml_error(403, "ExpiredToken", "The security token included in the request is expired"),
            "AWS does not accept the credentials; if they have expired, get new ones (aws sso login): AWS \
             CloudFormation said ExpiredToken: The security token included in the request is expired",
        ),
        (
            xml_error(400, "Throttling", "Rate exceeded"),
            "AWS CloudFormation is called too fast; try again later: Throttling: Rate exceeded",
        ),
    ] {
        let aws = aws(move |_, _| reply.clone());
        assert_eq!(aws.stack("web").await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_named_with_its_secret_and_never_shown() {
    let binary =
        (200, json!({"ARN": SECRET, "VersionId": "v", "SecretBinary": "aGk="}).to_string());
    for (reply, expected) in [
        (
            json_error(
                "AccessDeniedException",
                "not authorized to perform: secretsmanager:GetSecretValue",
            ),
            "access to its secret was denied; allow secretsmanager:GetSecretValue, and kms:Decrypt if it has a key of \
             its own, or use --policy FILE: AccessDeniedException: not authorized to perform: \
             secretsmanager:GetSecretValue",
        ),
        (
            json_error(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
            "its secret does not exist; check the parameter PolicySecret, or use --policy FILE: \
             ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        ),
        (
            binary,
            "its secret is binary, not text; store the document as text, or use --policy FILE: it has no SecretString",
        ),
    ] {
        let expected = format!("the policy document of the stack \"web\" ({SECRET}): {expected}");
        assert_eq!(unreadable(reply).await, expected);
    }
    let problem = unreadable(secret(NOT_A_DOCUMENT)).await;
    let expected = format!(
        "the policy document of the stack \"web\" ({SECRET}) is not valid, so that the function denies every Pod: line \
         1, column 1: the key is unknown; run deploy/policy check on its file"
    );
    assert_eq!(problem, expected);
}
