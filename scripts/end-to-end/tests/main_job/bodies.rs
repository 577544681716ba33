//! Bodies that are not reviews, and bodies that are too large.

use local_cloud::client::Reply;
use local_cloud::stack::Stack;
use serde_json::json;

use end_to_end::support::{VALIDATE, denial, image, pod, response, stack};

async fn post(stack: &Stack, body: String) -> Reply {
    let authorization = format!("Bearer {}", stack.token());
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    stack.post(VALIDATE, &headers, body).await.unwrap()
}

#[tokio::test]
async fn every_body_gets_an_answer() {
    let stack = stack(&["--sandboxes", "1"]).await;
    for (body, problem) in [
        (String::new(), "the body is empty"),
        ("hello".to_owned(), "the body could not be read"),
        (json!({"kind": "Pod", "apiVersion": "v1"}).to_string(), "the body could not be read"),
        ("[".repeat(1_000_000), "the body could not be read"),
        ("{\"request\":".repeat(100_000), "the body could not be read"),
    ] {
        let reply = post(&stack, body).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().starts_with(problem), "{}", reply.text());
    }
    let reply = post(&stack, pod("u1", &["nginx"]).to_string()).await;
    assert!(denial(&reply).ends_with("[ecr-registry]"), "the next review is answered");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn five_megabytes_are_evaluated_and_over_six_are_refused_by_the_gateway() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let mut review = pod("u1", &[&image("payments/api:1.4")]);
    review["request"]["object"]["metadata"]["annotations"] = json!({"pad": "x".repeat(5_000_000)});
    assert_eq!(response(&post(&stack, review.to_string()).await)["allowed"], true);
    review["request"]["object"]["metadata"]["annotations"] = json!({"pad": "x".repeat(6_300_000)});
    let reply = post(&stack, review.to_string()).await;
    assert!(reply.status >= 400, "{}", reply.text());
    review["request"]["object"]["metadata"]["annotations"] = json!({"pad": "x".repeat(11_000_000)});
    let reply = post(&stack, review.to_string()).await;
    assert_eq!(reply.status, 413, "{}", reply.text());
    stack.stop().await.unwrap();
}
