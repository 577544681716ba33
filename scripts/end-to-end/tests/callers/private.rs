//! The private door: through which VPC endpoint a call comes, and what that says of the caller.

use http::Method;
use local_cloud::client::Reply;
use local_cloud::door::{Api, Door};
use local_cloud::stack::Stack;

use end_to_end::support::{VALIDATE, image, pod, response, stack};

const BLUE: &str = "vpce-0123456789abcdef0";
const GREEN: &str = "vpce-0fedcba9876543210";
/// Not one of the stack.
const OTHER: &str = "vpce-0aaaaaaaaaaaaaaaa";
const JSON: (&str, &str) = ("content-type", "application/json");

/// A stack of which each endpoint stands for a cluster.
const KEYLESS: [&str; 10] = [
    "--private",
    "--sandboxes",
    "1",
    "--url-keys",
    "--vpc-endpoint-ids",
    "vpce-0123456789abcdef0,vpce-0fedcba9876543210",
    "--vpc-endpoint-clusters",
    "blue,green",
    "--other-endpoint-ids",
    "vpce-0aaaaaaaaaaaaaaaa",
];

async fn through(stack: &Stack, endpoint: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let client = stack.client().at(stack.url_of_endpoint(endpoint).unwrap());
    let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
    client.send(Method::POST, path, &[headers, &[JSON]].concat(), review).await.unwrap()
}

#[tokio::test]
async fn an_endpoint_is_the_name_of_its_cluster() {
    let stack = stack(&KEYLESS).await;
    for (endpoint, cluster) in [(BLUE, "blue"), (GREEN, "green")] {
        for path in [VALIDATE, "/mutate?timeout=10s"] {
            let reply = through(&stack, endpoint, path, &[]).await;
            assert_eq!(response(&reply)["allowed"], true, "{}", reply.text());
        }
        let log = stack.log();
        let known = format!(r#""cluster":"{cluster}","via":"endpoint""#);
        assert_eq!(log.matches(&known).count(), 3, "twice as authorized, and a review: {log}");
        let door = format!(r#""door":"private","endpoint":"{endpoint}""#);
        assert_eq!(log.matches(&door).count(), 2, "{log}");
        assert_eq!(log.matches(&format!(" cluster={cluster}\n")).count(), 2, "{log}");
    }
    assert!(stack.stop().await.unwrap().status.success());
}

#[tokio::test]
async fn an_endpoint_that_is_not_of_the_stack_opens_nothing() {
    let stack = stack(&KEYLESS).await;
    let (token, key) = (format!("Bearer {}", stack.token()), Door::Url.credential(stack.token()));
    let named = ("x-amzn-vpce-id", BLUE);
    for (path, headers) in [
        ("/validate", &[][..]),
        ("/validate", &[named]),
        ("/validate", &[("authorization", token.as_str())]),
        ("/mutate", &[]),
        (&format!("/validate/{key}"), &[]),
    ] {
        let reply = through(&stack, OTHER, path, headers).await;
        let arn = "arn:aws:execute-api:us-east-1:********9012:localrest/v1/POST";
        let expected = format!(
            r#"{{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn}{path} with an explicit deny in a resource-based policy"}}"#
        );
        assert_eq!((reply.status, reply.text()), (403, expected));
    }
    let log = stack.stop().await.unwrap().log;
    assert!(!log.contains("START"), "nobody was asked: {log}");
}

/// Should the resource policy ever let it through, the authorizer does not.
#[tokio::test]
async fn an_endpoint_that_the_authorizer_does_not_know_opens_nothing() {
    let lists = ["--authorizer-env", "VPC_ENDPOINT_IDS=vpce-0bbbbbbbbbbbbbbbb"];
    let args = ["--private", "--url-keys", "--sandboxes", "1"];
    let stack = stack(&[&args[..], &lists].concat()).await;
    for door in [Door::PrivateHeader, Door::PrivateUrl] {
        let reply = stack.review_through(door, VALIDATE, &pod("u1", &["nginx"])).await.unwrap();
        assert_eq!((reply.status, reply.text().as_str()), door.refused(), "{door:?}");
    }
    let log = stack.stop().await.unwrap().log;
    let refused = r#""reason":"VPC_ENDPOINT_IDS does not contain the VPC endpoint","door":"private","endpoint":"vpce-0123456789abcdef0""#;
    assert_eq!(log.matches(refused).count(), 2, "{log}");
}

#[tokio::test]
async fn a_call_with_an_authorization_header_is_one_by_token_alone() {
    let stack = stack(&KEYLESS).await;
    let right = format!("Bearer {}", stack.token());
    let header = |value| ("authorization", value);
    for (headers, status) in [
        (&[header(right.as_str())][..], 200),
        (&[header("Bearer wrong")], 403),
        (&[header("")], 403),
        (&[header("Basic YTpi")], 403),
        (&[header(&right), header(&right)], 403),
        (&[header("Bearer wrong"), header(&right)], 403),
        (&[], 200),
    ] {
        let reply = through(&stack, GREEN, VALIDATE, headers).await;
        assert_eq!(reply.status, status, "{headers:?}: {}", reply.text());
        if status == 403 {
            assert_eq!(reply.text(), Door::PrivateHeader.refused().1);
        }
    }
    let log = stack.stop().await.unwrap().log;
    assert!(log.contains(r#""cluster":"local","token":"current","via":"header""#), "{log}");
    assert_eq!(log.matches(r#""cluster":"green","via":"endpoint","door""#).count(), 1, "{log}");
}

/// Where endpoints do not stand for clusters, or there is no private door.
#[tokio::test]
async fn without_clusters_an_endpoint_is_not_a_credential() {
    let door = Door::PrivateHeader;
    let args = ["--private", "--sandboxes", "1", "--authorizer-cache-seconds", "0"];
    let with_doors = stack(&args).await;
    let reply = with_doors.post_to(door, VALIDATE, &[JSON], "{}").await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), door.no_header());
    // The HTTP API of a keyless stack asks for a token all the same.
    let keyless = stack(&KEYLESS).await;
    let reply = keyless.post_to(Door::Header, VALIDATE, &[JSON], "{}").await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), Door::Header.no_header());
    let named = [JSON, ("authorization", "Bearer wrong"), ("x-amzn-vpce-id", BLUE)];
    let reply = keyless.post_to(Door::Header, VALIDATE, &named, "{}").await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), Door::Header.refused());
}

#[tokio::test]
async fn without_a_public_endpoint_there_is_the_private_door_alone() {
    let stack = stack(&["--private", "--public-endpoint", "false", "--url-keys"]).await;
    assert!(stack.url_of(Api::Http).is_err());
    assert_eq!(stack.url_of(Api::Private).unwrap(), format!("{}/v1", stack.url()));
    for door in [Door::PrivateHeader, Door::PrivateUrl] {
        let review = pod("u1", &[&image("payments/api:1.4")]);
        let reply = stack.review_through(door, VALIDATE, &review).await.unwrap();
        assert_eq!(response(&reply)["allowed"], true, "{door:?}");
    }
    // The paths of the HTTP API are not there.
    let reply = stack.post(VALIDATE, &[JSON], "{}").await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (403, r#"{"message":"Forbidden"}"#));
    assert!(stack.stop().await.unwrap().status.success());
}

#[tokio::test]
async fn lists_that_do_not_fit_stop_the_function_with_a_line_that_says_so() {
    for (variable, expected) in [
        (
            "VPC_ENDPOINT_CLUSTERS=blue,green",
            "environment variable VPC_ENDPOINT_CLUSTERS: expected as many cluster names as \
             VPC_ENDPOINT_IDS has endpoints, which are 1, got",
        ),
        (
            "VPC_ENDPOINT_IDS=vpce-1",
            "environment variable VPC_ENDPOINT_IDS: expected comma-separated",
        ),
    ] {
        let args = ["--private", "--sandboxes", "1", "--authorizer-env", variable];
        let stack = stack(&args).await;
        let door = Door::PrivateHeader;
        let reply = stack.review_through(door, VALIDATE, &pod("u1", &["nginx"])).await.unwrap();
        assert_eq!((reply.status, reply.text().as_str()), door.authorizer_failed());
        let log = stack.stop().await.unwrap().log;
        assert!(log.contains(expected), "{log}");
    }
}
