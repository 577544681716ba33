//! A sandbox that Lambda froze: what of its connections died meanwhile costs one more try at most.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use end_to_end::cell::{Answer, VALIDATE, answer, cold, counted};
use end_to_end::processes;
use end_to_end::relay::{Death, Relay};
use end_to_end::support::{image, pod};

use crate::in_time;

/// More than one review of one image needs.
const MANY: [&str; 6] = [
    "payments/api:1.3",
    "payments/api:1.4",
    "payments/worker:3.0",
    "base/runtime:release-8",
    "shop/recommendations:1.0",
    "shop/catalog:4.2",
];

/// What it takes for the news of a connection's end, where there are any, to arrive.
const MOMENT: Duration = Duration::from_millis(200);

/// Longer than the SDK clients keep a connection that nobody uses.
const LONG: Duration = Duration::from_millis(20_500);

#[tokio::test]
async fn closed_connections_cost_nothing() {
    thaw(Death::Closed, &MANY[..1], MOMENT).await;
    thaw(Death::Closed, &MANY, MOMENT).await;
}

#[tokio::test]
async fn reset_connections_cost_nothing() {
    thaw(Death::Reset, &MANY[..1], MOMENT).await;
    thaw(Death::Reset, &MANY, MOMENT).await;
}

#[tokio::test]
async fn a_forgotten_connection_costs_one_more_try() {
    let took = thaw(Death::Forgotten, &MANY[..1], MOMENT).await;
    assert!(took > Duration::from_secs(1), "the connection was not forgotten: {took:?}");
}

#[tokio::test]
async fn many_forgotten_connections_cost_one_more_try() {
    thaw(Death::Forgotten, &MANY, MOMENT).await;
}

/// Where the clock runs while Lambda freezes a sandbox, what AWS or a NAT has forgotten by now is
/// not used again.
#[tokio::test]
async fn connections_that_nobody_used_for_long_cost_nothing() {
    in_time(Duration::from_secs(1), async || thaw(Death::Forgotten, &MANY, LONG).await).await;
}

/// Freezes a sandbox after it looked up `images`, lets all its connections to ECR die, and has the
/// next review evaluated; says how long that took.
async fn thaw(death: Death, images: &[&str], frozen: Duration) -> Duration {
    let relay = Relay::new().await;
    let args = ["--admission-env", &relay.variable(), "--admission-env", "CACHE_SECONDS=0"];
    // Not warmed: the relay must know where AWS is first.
    let stack = cold(&args).await;
    relay.lead_to(&stack).await;
    let images: Vec<String> = images.iter().map(|name| image(name)).collect();
    let review = pod("the-uid", &images.iter().map(String::as_str).collect::<Vec<_>>());
    let path = "/validate?timeout=30s";
    assert_eq!(answer(&stack.review(path, &review).await.unwrap()), Answer::Admitted);

    // Lambda freezes a sandbox once it has asked for its next event.
    until(|| stack.log().contains("admission[1] REPORT ")).await;
    let [admission] = processes::of(&stack, "admission")[..] else { panic!("one sandbox") };
    admission.signal(Signal::STOP);
    let open = relay.opened();
    relay.sever(death);
    stack.reset().await.unwrap();
    tokio::time::sleep(frozen).await;
    admission.signal(Signal::CONT);

    let review = pod("the-uid", &[&image("payments/api:1.4")]);
    let began = Instant::now();
    let reply = stack.review(VALIDATE, &review).await.unwrap();
    let took = began.elapsed();
    assert_eq!(answer(&reply), Answer::Admitted, "{death:?}: {}", reply.text());
    // What was sent on a dead connection did not reach AWS, so that a try more is one connection more.
    let once = [
        "BatchGetImage",
        "BatchGetRepositoryScanningConfiguration",
        "DescribeImageScanFindings",
        "DescribeRepositories",
    ];
    let once: BTreeMap<String, usize> = once.map(|of| (of.to_owned(), 1)).into();
    let mut calls = counted(&stack).await;
    // Counts leave after the answer, and ten seconds after the last of them: beside the point here.
    calls.remove("PutMetricData");
    assert_eq!(calls, once, "{death:?}");
    let opened = relay.opened() - open;
    assert!((1..=once.len()).contains(&opened), "{death:?}: {opened} connections were opened");
    took
}

async fn until(done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_mins(1), "not in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
