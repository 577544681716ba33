//! What happens when something else does not work: an answer, with the right reason.

use std::time::{Duration, Instant};

use end_to_end::support::{VALIDATE, image, pod, response, stack};

#[tokio::test]
async fn one_lost_call_is_made_again() {
    for fault in ["hang:1", "reset:1", "throttle:1", "server-error:1"] {
        let fault = format!("DescribeImageScanFindings={fault}");
        let stack = stack(&["--sandboxes", "1", "--fault", &fault]).await;
        let reply =
            stack.review(VALIDATE, &pod("u1", &[&image("payments/api:1.4")])).await.unwrap();
        assert_eq!(response(&reply)["allowed"], true, "{fault}: {}", reply.text());
        stack.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_function_that_dies_mid_flight_is_answered_for_and_replaced() {
    let stack = stack(&["--sandboxes", "1", "--fault", "DescribeRepositories=hang:1"]).await;
    let client = stack.client().clone();
    let authorization = format!("Bearer {}", stack.token());
    let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
    let waiting = tokio::spawn(async move {
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/json")];
        client.send(http::Method::POST, VALIDATE, &headers, review).await.unwrap()
    });
    let started = Instant::now();
    while !stack.calls().await.unwrap().iter().any(|call| call.contains("DescribeRepositories")) {
        assert!(started.elapsed() < Duration::from_mins(1), "the review never reached ECR");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    kill_child(stack.pid().unwrap(), "admission");
    let reply = waiting.await.unwrap();
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (500, r#"{"message":"Internal Server Error"}"#)
    );
    let reply = stack.review(VALIDATE, &pod("u2", &[&image("payments/api:1.4")])).await.unwrap();
    assert_eq!(response(&reply)["allowed"], true, "{}", reply.text());
    stack.stop().await.unwrap();
}

/// Kills the child of `parent` that runs this program.
fn kill_child(parent: u32, program: &str) {
    let children = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let of =
            |field: &str| status.lines().find_map(|line| line.strip_prefix(field)).map(str::trim);
        (of("PPid:") == Some(&parent.to_string()) && of("Name:") == Some(program)).then_some(pid)
    });
    let children: Vec<i32> = children.collect();
    assert_eq!(children.len(), 1, "one {program}");
    let pid = rustix::process::Pid::from_raw(children[0]).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
