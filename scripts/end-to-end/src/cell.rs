//! One cell of the matrix: a stack with one fault, one review, and what was seen.

use std::collections::BTreeMap;
use std::fmt;

use local_cloud::client::Reply;
use local_cloud::door::Door;
use local_cloud::stack::Stack;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{image, pod, stack};

/// How long the caller waits, as the rendered webhook configurations have it.
pub const VALIDATE: &str = "/validate?timeout=5s";

/// How many stacks run at a time. Most of a cell is waiting.
static ROOM: Semaphore = Semaphore::const_new(10);

/// How many of them start at a time: starting is work, and a machine with two cores must have one
/// left for the cells that run.
static STARTS: Semaphore = Semaphore::const_new(1);

/// What is asked, of a stack with which fault.
#[derive(Clone, Debug)]
pub struct Cell {
    /// `OPERATION=KIND[:COUNT]`.
    pub fault: String,
    /// Another catalogue than the sample, as arguments.
    pub registry: &'static [&'static str],
    /// How the review comes in.
    pub door: Door,
    /// The one image of the Pod.
    pub image: &'static str,
    /// Whether the functions are started beforehand, by a review that asks nothing of ECR.
    pub warm: bool,
    /// What must be seen.
    pub expected: Seen,
}

/// The result of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As it says.
    Admitted,
    /// With this message.
    Denied(String),
    /// A function did not answer, and the gateway said so: a failed call for kube-apiserver.
    Error,
}

/// The answer, and how often each operation was called for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The answer.
    pub answer: Answer,
    /// Calls by operation.
    pub calls: BTreeMap<String, usize>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Answer::Admitted => f.write_str("admitted")?,
            Answer::Denied(message) => write!(f, "denied, {message}")?,
            Answer::Error => f.write_str("500 or 502")?,
        }
        for (operation, calls) in &self.calls {
            write!(f, ", {calls} {operation}")?;
        }
        Ok(())
    }
}

/// Calls as a cell expects them.
pub fn calls(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    let some = of.iter().filter(|(_, calls)| *calls > 0);
    some.map(|(operation, calls)| ((*operation).to_owned(), *calls)).collect()
}

/// Runs all cells, side by side, and reports every one that is not as expected.
pub async fn run(cells: Vec<Cell>) {
    let mut running: JoinSet<Option<String>> = JoinSet::new();
    let total = cells.len();
    for cell in cells {
        running.spawn(wrong(cell));
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {total} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with a cell.
async fn wrong(cell: Cell) -> Option<String> {
    let _room = ROOM.acquire().await.unwrap();
    let seen = review(&cell).await;
    let Cell { fault, door, expected, .. } = cell;
    (seen != expected)
        .then(|| format!("{fault} ({door:?})\n  expected {expected}\n  seen     {seen}"))
}

async fn review(cell: &Cell) -> Seen {
    let args = [cell.door.args(), cell.registry, &["--fault", &cell.fault]].concat();
    let stack = if cell.warm { warm(&args).await } else { cold(&args).await };
    let review = pod("the-uid", &[&image(cell.image)]);
    let reply = stack.review_through(cell.door, VALIDATE, &review).await.unwrap();
    let mut calls = counted(&stack).await;
    // Sent after the answer, if by now at all.
    calls.remove("PutMetricData");
    Seen { answer: answer(&reply), calls }
}

/// A stack of one sandbox of each function, which start when they are called.
pub async fn cold(args: &[&str]) -> Stack {
    let _starting = STARTS.acquire().await.unwrap();
    stack(&[&["--sandboxes", "1"], args].concat()).await
}

/// A stack whose sandboxes were started by a review that asks nothing of ECR, and counts as nothing
/// that is sent to CloudWatch at once.
pub async fn warm(args: &[&str]) -> Stack {
    let _starting = STARTS.acquire().await.unwrap();
    let stack = stack(&[&["--sandboxes", "1"], args].concat()).await;
    let mut review = pod("the-uid", &["nginx"]);
    review["request"]["namespace"] = json!("kube-system");
    let reply = stack.review("/validate?timeout=30s", &review).await.unwrap();
    assert_eq!(answer(&reply), Answer::Admitted, "{}", reply.text());
    stack.reset().await.unwrap();
    stack
}

/// Reads an answer, which must be the one to our review.
pub fn answer(reply: &Reply) -> Answer {
    let failed = [
        Door::Header.function_failed(),
        Door::PrivateHeader.authorizer_failed(),
        Door::PrivateHeader.function_failed(),
    ];
    if failed.contains(&(reply.status, reply.text().as_str())) {
        return Answer::Error;
    }
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer: Value = reply.json().unwrap();
    let response = &answer["response"];
    assert_eq!(response["uid"], "the-uid", "{response}");
    match (&response["allowed"], &response["status"]["message"]) {
        (Value::Bool(true), Value::Null) => Answer::Admitted,
        (Value::Bool(false), Value::String(message)) => Answer::Denied(message.clone()),
        _ => panic!("neither admitted nor denied: {response}"),
    }
}

/// How often each operation was called.
pub async fn counted(stack: &Stack) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for call in stack.calls().await.unwrap() {
        let operation = call.split(' ').nth(1).unwrap().to_owned();
        *counted.entry(operation).or_default() += 1;
    }
    counted
}

/// Has a Pod denied for an image that is not looked up.
pub async fn denial(stack: &Stack) {
    let reply = stack.review(VALIDATE, &pod("the-uid", &["nginx"])).await.unwrap();
    let Answer::Denied(message) = answer(&reply) else { panic!("{}", reply.text()) };
    assert!(message.ends_with(" [ecr-registry]"), "{message}");
}
