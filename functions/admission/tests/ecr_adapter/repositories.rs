//! One name that does not exist fails a whole `DescribeRepositories`, and the answer does not say
//! reliably which: what is asked then, how often, and what is said of the names beside it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ecr_admission::ecr::EcrInspector;
use ecr_admission::inspect::{Budget, InspectImage, Missing, Registry};
use ecr_admission_policy::facts::{Cause, Scanning};
use ecr_admission_policy::names::RepositoryName;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{CONFIGURATION, OWN, REPOSITORIES};
use ecr_admission_testing::ecr::{Reply, error, inspector, reply};

const OTHER: &str = "210987654321";

/// What was asked: how many names went in each call, by operation, in the order of the calls.
#[derive(Debug, Default)]
struct Asked {
    described: Vec<usize>,
    configured: Vec<usize>,
}

/// What was found of the names of one registry.
struct Found {
    missing: BTreeSet<String>,
    /// Not known, and not because a call of them failed.
    not_asked: BTreeSet<String>,
    facts: usize,
    asked: Asked,
    calls: u32,
}

/// Repositories of which those for which `is_missing` holds do not exist, answered as ECR answers.
fn registry(
    is_missing: impl Fn(&str) -> bool + Send + Sync + 'static,
    configuration: impl Fn(&[&str]) -> Reply + Send + Sync + 'static,
) -> (EcrInspector, Arc<Mutex<Asked>>) {
    let asked = Arc::<Mutex<Asked>>::default();
    let seen = Arc::clone(&asked);
    let inspector = inspector(move |operation, body| {
        let names = names(body);
        let mut asked = asked.lock().unwrap();
        match operation {
            REPOSITORIES => {
                asked.described.push(names.len());
                if names.iter().any(|name| is_missing(name)) {
                    // As ECR words it, of any of them.
                    return error("RepositoryNotFoundException");
                }
                let facts =
                    |name| json!({"repositoryName": name, "imageTagMutability": "IMMUTABLE"});
                reply(&json!({"repositories": names.iter().map(facts).collect::<Vec<_>>()}))
            }
            CONFIGURATION => {
                asked.configured.push(names.len());
                configuration(&names)
            }
            other => panic!("{other} asks for no repository"),
        }
    });
    (inspector, seen)
}

fn names(body: &Value) -> Vec<&str> {
    body["repositoryNames"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

/// The scanning configuration, which names those that do not exist.
fn configuration(names: &[&str], is_missing: impl Fn(&str) -> bool) -> Reply {
    let (gone, found): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| is_missing(name));
    let found = found.iter().map(|it| json!({"repositoryName": it, "scanFrequency": "MANUAL"}));
    let failures =
        gone.iter().map(|it| json!({"repositoryName": it, "failureCode": "REPOSITORY_NOT_FOUND"}));
    reply(&json!({
        "scanningConfigurations": found.collect::<Vec<_>>(),
        "failures": failures.collect::<Vec<_>>(),
    }))
}

fn named(n: usize) -> String {
    format!("r{n:03}")
}

/// Looks `count` repositories of an account up.
async fn look_up(
    account: &str,
    count: usize,
    (inspector, asked): (EcrInspector, Arc<Mutex<Asked>>),
) -> Found {
    let (account, region) = (account.parse().unwrap(), "us-east-1".parse().unwrap());
    let registry = Registry { own: account == OWN.parse().unwrap(), account, region };
    let names: BTreeSet<RepositoryName> = (0..count).map(|n| named(n).parse().unwrap()).collect();
    let budget = Budget::new(Instant::now() + std::time::Duration::from_secs(5));
    let answers = inspector.repositories(&registry, &names, &budget).await;
    assert_eq!(answers.keys().collect::<BTreeSet<_>>(), names.iter().collect());
    let mut found = Found {
        missing: BTreeSet::new(),
        not_asked: BTreeSet::new(),
        facts: 0,
        asked: std::mem::take(&mut *asked.lock().unwrap()),
        calls: budget.calls(),
    };
    for (name, answer) in answers {
        match answer {
            Ok(facts) => {
                assert_eq!(matches!(facts.scanning, Scanning::Effective(_)), registry.own);
                found.facts += 1;
            }
            Err(Missing::Repository) => assert!(found.missing.insert(name.to_string())),
            Err(Missing::Unavailable(unavailable)) => {
                assert_eq!(unavailable.operation, "ecr:DescribeRepositories");
                assert_eq!(unavailable.cause, Cause::NotAsked);
                found.not_asked.insert(name.to_string());
            }
            Err(Missing::Image | Missing::NotImported | Missing::Moved) => {
                panic!("{name} is not an image")
            }
        }
    }
    found
}

#[tokio::test]
async fn of_the_own_account_the_scanning_configuration_names_the_missing_one() {
    let gone = |name: &str| name == named(37);
    let registry = registry(gone, move |names| configuration(names, gone));
    let found = look_up(OWN, 100, registry).await;
    assert_eq!(found.asked.described, [100, 99]);
    assert_eq!(found.asked.configured, [25; 4]);
    assert_eq!(found.missing, [named(37)].into());
    assert_eq!((found.facts, found.calls), (99, 6));
}

#[tokio::test]
async fn of_the_own_account_nothing_is_asked_again_where_all_are_missing() {
    let found = look_up(OWN, 100, registry(|_| true, |names| configuration(names, |_| true))).await;
    assert_eq!(found.asked.described, [100]);
    assert_eq!((found.missing.len(), found.calls), (100, 5));
}

#[tokio::test]
async fn of_the_own_account_a_name_that_vanished_in_between_is_found() {
    // The configuration names one; another is deleted after it was asked.
    let named_one = |name: &str| name == named(0);
    let both = |name: &str| name == named(0) || name == named(5);
    let registry = registry(both, move |names| configuration(names, named_one));
    let found = look_up(OWN, 9, registry).await;
    assert_eq!(found.asked.described, [9, 8, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(found.missing, [named(0), named(5)].into());
    assert_eq!(found.facts, 7);
}

#[tokio::test]
async fn of_the_own_account_a_configuration_that_fails_names_nothing() {
    let gone = |name: &str| name == named(3);
    let inspector = registry(gone, |_| error("ThrottlingException"));
    let (account, region) = (OWN.parse().unwrap(), "us-east-1".parse().unwrap());
    let own = Registry { account, region, own: true };
    let names = (0..4).map(|n| named(n).parse().unwrap()).collect();
    let budget = Budget::new(Instant::now() + std::time::Duration::from_secs(5));
    let found = inspector.0.repositories(&own, &names, &budget).await;
    for (name, found) in found {
        let throttled =
            Missing::unavailable("ecr:BatchGetRepositoryScanningConfiguration", Cause::Throttled);
        let expected = if gone(name.as_str()) { Missing::Repository } else { throttled };
        assert_eq!(found, Err(expected), "{name}");
    }
    assert_eq!(inspector.1.lock().unwrap().described, [4, 1, 1, 1, 1]);
}

#[tokio::test]
async fn of_another_account_halves_lead_to_the_missing_one() {
    for missing in [0, 37, 99] {
        let gone = move |name: &str| name == named(missing);
        let found = look_up(OTHER, 100, registry(gone, |_| panic!("it is not ours"))).await;
        let expected: &[usize] = match missing {
            0 => &[100, 50, 50, 25, 25, 12, 13, 6, 6, 1, 1, 1, 1, 1, 1],
            37 => &[100, 50, 50, 25, 25, 12, 13, 6, 7, 1, 1, 1, 1, 1, 1],
            _ => &[100, 50, 50, 25, 25, 12, 13, 6, 7, 1, 1, 1, 1, 1, 1, 1],
        };
        assert_eq!(found.asked.described, expected, "{missing}");
        assert_eq!(found.missing, [named(missing)].into());
        assert_eq!((found.facts, found.not_asked.len()), (99, 0), "{missing}");
    }
}

#[tokio::test]
async fn of_another_account_few_names_are_asked_for_one_by_one_at_once() {
    let gone = |name: &str| name == named(3);
    let found = look_up(OTHER, 16, registry(gone, |_| panic!("it is not ours"))).await;
    assert_eq!(found.asked.described[..2], [16, 1]);
    assert_eq!((found.calls, found.facts), (1 + 16, 15));
    assert_eq!(found.missing, [named(3)].into());
}

#[tokio::test]
async fn invented_names_cost_sixteen_further_calls_at_most() {
    let found = look_up(OTHER, 100, registry(|_| true, |_| panic!("it is not ours"))).await;
    assert_eq!(found.asked.described.len(), 1 + 16, "{:?}", found.asked.described);
    assert_eq!(found.calls, 1 + 16);
    assert_eq!((found.facts, found.missing.len(), found.not_asked.len()), (0, 0, 100));
}

#[tokio::test]
async fn the_further_calls_are_those_of_a_registry_and_not_of_a_batch() {
    let found = look_up(OTHER, 500, registry(|_| true, |_| panic!("it is not ours"))).await;
    assert_eq!(found.asked.described.len(), 5 + 16, "{:?}", found.asked.described);
}

#[tokio::test]
async fn what_the_further_calls_did_find_is_known() {
    // More are missing than 16 calls can separate: the larger part is separated first.
    let gone = |name: &str| [3, 40, 77].map(named).contains(&name.to_owned());
    let found = look_up(OTHER, 100, registry(gone, |_| panic!("it is not ours"))).await;
    assert_eq!(found.asked.described.len(), 1 + 16);
    assert!(found.facts >= 75, "{} of 100 are known", found.facts);
    assert!(found.not_asked.iter().chain(&found.missing).any(|name| gone(name)));
    assert_eq!(found.facts + found.not_asked.len() + found.missing.len(), 100);
}

#[tokio::test]
async fn a_single_name_is_not_asked_for_twice() {
    let found = look_up(OTHER, 1, registry(|_| true, |_| panic!("it is not ours"))).await;
    assert_eq!((found.asked.described, found.missing), (vec![1], [named(0)].into()));
}
