use std::cell::RefCell;

use ecr_admission_lambda::Level;
use ecr_admission_policy::Rule;
use ecr_admission_policy::facts::Cause;

use super::*;
use crate::policy_secret::{Unreadable, UnreadableCause};

/// A secret that a test writes, and that counts how often it was read.
#[derive(Default)]
struct Secret {
    answer: RefCell<Option<Result<PolicyVersion, Unreadable>>>,
    reads: RefCell<u32>,
}

impl Secret {
    fn holds(&self, version: &str, rest: &str) {
        let text = format!("apiVersion: ecr-admission/v1\n{rest}");
        *self.answer.borrow_mut() = Some(Ok(PolicyVersion { id: version.to_owned(), text }));
    }

    fn fails(&self, cause: UnreadableCause) {
        *self.answer.borrow_mut() = Some(Err(Unreadable { cause, detail: String::new() }));
    }

    fn reads(&self) -> u32 {
        *self.reads.borrow()
    }
}

impl ReadPolicy for &Secret {
    fn secret(&self) -> &'static str {
        "policy"
    }

    async fn read(&self, _: Instant) -> Result<PolicyVersion, Unreadable> {
        *self.reads.borrow_mut() += 1;
        self.answer.borrow().clone().unwrap()
    }
}

fn copy(secret: &Secret) -> PolicyCopy<&Secret> {
    PolicyCopy::new(Some(secret), Duration::from_mins(1), Log::new(Level::Error))
}

/// `deny`, `warn` or `audit`: the mode of a rule under what is in force; `+` when it is outdated; else
/// why nothing is in force.
fn shown(in_force: &InForce) -> String {
    match in_force {
        InForce::Parameters => "parameters".to_owned(),
        InForce::Unavailable(why) => why.clone(),
        InForce::Document(DocumentCopy { document, outdated, .. }) => {
            let mode = document.modes(None, None).of(Rule::ScanFindings);
            format!("{mode}{}", if *outdated { "+" } else { "" })
        }
    }
}

async fn renewed(copy: &PolicyCopy<&Secret>, seconds: u64) -> String {
    shown(&copy.renewed(Instant::now(), 1_795_176_000_000 + seconds * 1_000).await)
}

#[tokio::test]
async fn without_a_secret_the_parameters_are_in_force() {
    let none: PolicyCopy<&Secret> = PolicyCopy::new(None, Duration::ZERO, Log::new(Level::Error));
    assert_eq!(shown(&none.at_hand(Instant::now(), 0).await), "parameters");
    assert_eq!(shown(&none.renewed(Instant::now(), 0).await), "parameters");
}

#[tokio::test]
async fn a_copy_serves_until_it_is_older_than_it_may_be() {
    let secret = Secret::default();
    secret.holds("1", "mode: warn");
    let copy = copy(&secret);
    assert_eq!(shown(&copy.at_hand(Instant::now(), 1_795_176_000_000).await), "warn");
    secret.holds("2", "mode: audit");
    for (seconds, expected, reads) in
        [(0, "warn", 1), (59, "warn", 1), (60, "audit", 2), (61, "audit", 2), (119, "audit", 2)]
    {
        assert_eq!(renewed(&copy, seconds).await, expected, "{seconds} s");
        assert_eq!(secret.reads(), reads, "{seconds} s");
    }
    // A clock that was set back makes it old.
    secret.holds("3", "mode: deny");
    assert_eq!(shown(&copy.renewed(Instant::now(), 1).await), "deny");
}

#[tokio::test]
async fn an_error_never_makes_the_policy_less_strict() {
    let secret = Secret::default();
    secret.holds("1", "mode: deny");
    let copy = copy(&secret);
    assert_eq!(renewed(&copy, 0).await, "deny");
    for (step, fault) in [
        UnreadableCause::Missing,
        UnreadableCause::Binary,
        UnreadableCause::Failed(Cause::AccessDenied),
        UnreadableCause::Failed(Cause::TimedOut),
    ]
    .into_iter()
    .enumerate()
    {
        secret.fails(fault);
        assert_eq!(renewed(&copy, 60 + 5 * step as u64).await, "deny+", "{fault}");
    }
    secret.holds("2", "mode: sometimes");
    assert_eq!(renewed(&copy, 100).await, "deny+");
    // A failed reading is repeated after five seconds, not after a minute.
    let reads = secret.reads();
    assert_eq!(renewed(&copy, 104).await, "deny+");
    assert_eq!(secret.reads(), reads);
    secret.holds("3", "mode: warn");
    assert_eq!(renewed(&copy, 105).await, "warn");
    assert_eq!(renewed(&copy, 164).await, "warn");
    assert_eq!(secret.reads(), reads + 1);
}

#[tokio::test]
async fn without_a_good_copy_nothing_is_in_force_and_every_review_tries() {
    let secret = Secret::default();
    let copy = copy(&secret);
    for (fault, expected) in [
        (UnreadableCause::Missing, "its secret does not exist"),
        (UnreadableCause::Binary, "its secret is binary, not text"),
        (UnreadableCause::Failed(Cause::Throttled), "reading its secret was throttled"),
    ] {
        secret.fails(fault);
        assert_eq!(renewed(&copy, 0).await, expected);
        assert_eq!(shown(&copy.at_hand(Instant::now(), 0).await), expected);
    }
    assert_eq!(secret.reads(), 6);
    secret.holds("1", "mode: sometimes");
    assert_eq!(renewed(&copy, 0).await, "it is not a policy document");
    secret.holds("2", "mode: warn");
    assert_eq!(renewed(&copy, 0).await, "warn");
}
