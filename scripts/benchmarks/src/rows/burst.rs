//! Many reviews at once: all are answered, and none wrongly.

use std::time::{Duration, Instant};

use local_cloud::client::Client;
use local_cloud::stack::Stack;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;
use crate::statistics::Sample;
use crate::{catalogue, pods};

/// Reviews at once.
const BURSTS: [usize; 2] = [200, 2_000];

/// Longer than a burst takes: with 8 sandboxes on one machine most reviews wait in a queue that
/// Lambda would not have.
const PATH: &str = "/validate?timeout=30s";

/// One row for each burst, all on one stack: the first one meets cold sandboxes.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let stack = bench.stack(&["--sandboxes", "8"]).await?;
    let mut rows = vec![];
    for count in BURSTS {
        bench.say(&format!("burst of {count} reviews at once, on 8 sandboxes"));
        let started = Instant::now();
        let outcomes = burst(&stack, count).await?;
        let took = started.elapsed();
        let right = outcomes.iter().filter(|(right, _)| *right).count();
        let times: Sample = outcomes.into_iter().map(|(_, took)| took).collect();
        rows.push(Row::count(
            format!("burst: {count} at once on 8 sandboxes"),
            format!(
                "{right} answered right, in {:.1} s; p50 {:.0} ms, p99 {:.0} ms",
                took.as_secs_f64(),
                times.median(),
                times.percentile(99)
            ),
            format!("{count} answered, 0 wrong"),
            right == count,
        ));
    }
    stack.stop().await?;
    Ok(rows)
}

/// For each review whether its answer was right, and how long it took.
async fn burst(stack: &Stack, count: usize) -> Result<Vec<(bool, Duration)>, Failure> {
    let authorization = format!("Bearer {}", stack.token());
    let mut answers = JoinSet::new();
    for number in 0..count {
        let (client, authorization) = (stack.client().clone(), authorization.clone());
        let (images, admitted) = pod(number);
        let uid = format!("burst-{count}-{number}");
        let review = pods::review(&uid, &images).ok_or("no captured Pod")?.to_string();
        answers.spawn(async move {
            let started = Instant::now();
            let answer = answer(&client, &authorization, review).await;
            let expected = [("/response/uid", json!(uid)), ("/response/allowed", json!(admitted))];
            let right = answer.is_some_and(|answer| {
                expected.iter().all(|(path, value)| answer.pointer(path) == Some(value))
            });
            (right, started.elapsed())
        });
    }
    Ok(answers.join_all().await)
}

/// The images of a Pod of the burst, and whether it is admitted.
fn pod(number: usize) -> (Vec<String>, bool) {
    let mut images = catalogue::clean_images(number % 50, 2);
    match number % 4 {
        0 => images.push(catalogue::vulnerable()),
        1 => images.push("nginx".to_owned()),
        _ => return (images, true),
    }
    (images, false)
}

async fn answer(client: &Client, authorization: &str, review: String) -> Option<Value> {
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    let reply = client.send(http::Method::POST, PATH, &headers, review).await.ok()?;
    (reply.status == 200).then(|| reply.json().ok())?
}
