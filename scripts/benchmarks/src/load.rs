//! Reviews at a steady rate, whatever the answers take.

use std::time::{Duration, Instant};

use local_cloud::client::Client;
use local_cloud::stack::Stack;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::pods;
use crate::shape::VALIDATE;
use crate::statistics::Sample;

/// The result of a load.
#[derive(Debug)]
pub struct Load {
    /// Of each answer.
    pub times: Sample,
    /// How many answers were the expected ones.
    pub right: usize,
    /// How many were sent.
    pub sent: usize,
}

/// Sends `count` reviews, `rate` of them a second, of the Pods that `images` gives by their number. `admitted` is the
/// expected answer.
pub async fn steady(
    stack: &Stack,
    rate: u32,
    count: usize,
    admitted: bool,
    images: impl Fn(usize) -> Vec<String>,
) -> Result<Load, Failure> {
    let authorization = format!("Bearer {}", stack.token());
    let mut answers = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    for number in 0..count {
        ticks.tick().await;
        let (client, authorization) = (stack.client().clone(), authorization.clone());
        let review = pods::review(&format!("load-{number}"), &images(number));
        let review = review.ok_or("no captured Pod")?.to_string();
        answers.spawn(async move {
            let started = Instant::now();
            let allowed = allowed(&client, &authorization, review).await;
            (allowed == Some(admitted), started.elapsed())
        });
    }
    let outcomes = answers.join_all().await;
    let right = outcomes.iter().filter(|(right, _)| *right).count();
    Ok(Load { times: outcomes.into_iter().map(|(_, took)| took).collect(), right, sent: count })
}

async fn allowed(client: &Client, authorization: &str, review: String) -> Option<bool> {
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    let reply = client.send(http::Method::POST, VALIDATE, &headers, review).await.ok()?;
    let answer: Value = reply.json().ok()?;
    answer.pointer("/response/allowed")?.as_bool()
}

/// How many processes of this function the stack has.
pub fn processes(stack: &Stack, function: &str) -> Result<usize, Failure> {
    let parent = stack.pid().ok_or("the stack has ended")?.to_string();
    let mut count = 0;
    for entry in std::fs::read_dir("/proc")? {
        let status = entry?.path().join("status");
        // A process that has ended meanwhile, or what is not a process.
        let Ok(status) = std::fs::read_to_string(status) else { continue };
        let is = |name: &str, value: &str| {
            let found = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            found.is_some_and(|found| found.trim() == value)
        };
        count += usize::from(is("PPid", &parent) && is("Name", function));
    }
    Ok(count)
}
