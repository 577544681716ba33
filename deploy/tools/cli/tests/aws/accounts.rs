//! Whose credentials ask, and what Amazon ECR is asked for with them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecr_admission::inspect::{Budget, InspectImage, Registry};
use ecr_admission_policy::facts::Scanning;
use ecr_admission_testing::ecr::compliant;
use tokio::time::Instant;

use crate::replay::{aws, caller, xml_error};

const CONFIGURATION: &str = "BatchGetRepositoryScanningConfiguration";

#[tokio::test]
async fn the_account_of_the_credentials_is_asked_for() {
    let mine = aws(|operation, _| {
        assert_eq!(operation, "GetCallerIdentity");
        caller("210987654321")
    });
    assert_eq!(mine.caller().await.unwrap().as_str(), "210987654321");
    let expired = aws(|_, _| xml_error(403, "ExpiredToken", "it is expired"));
    assert_eq!(
        expired.caller().await.unwrap_err(),
        "AWS does not accept the credentials; if they have expired, get new ones (aws sso login): AWS STS said \
         ExpiredToken: it is expired"
    );
}

/// What is found of the scanning of the repository `pay`, and what was asked for.
async fn scanning(registry: Registry, caller: &str) -> (Scanning, BTreeSet<String>) {
    let asked = Arc::<Mutex<BTreeSet<String>>>::default();
    let seen = Arc::clone(&asked);
    let aws = aws(move |operation, _| {
        seen.lock().unwrap().insert(operation.to_owned());
        compliant(operation)
    });
    let deadline = Instant::now() + Duration::from_mins(1);
    let regions = [registry.region.clone()].into();
    let inspector = aws.inspector(&regions, caller.parse().unwrap(), deadline);
    let budget = Budget::with_room_for(16, deadline);
    let name = "pay".parse().unwrap();
    let mut found = inspector.repositories(&registry, &[name].into(), &budget).await;
    let scanning = found.pop_first().unwrap().1.unwrap().scanning;
    let asked = asked.lock().unwrap().clone();
    (scanning, asked)
}

#[tokio::test]
async fn the_configuration_of_a_registry_is_asked_for_where_the_function_and_the_caller_may() {
    let (own, other) = ("123456789012", "210987654321");
    for (account, is_own, caller, is_asked) in [
        (own, true, own, true),
        // With these credentials the answer would be about another registry.
        (own, true, other, false),
        // The function does not see it: neither does the check, or it would decide by more than the function knows.
        (other, false, other, false),
        (other, false, own, false),
    ] {
        let region = "us-east-1".parse().unwrap();
        let registry = Registry { account: account.parse().unwrap(), region, own: is_own };
        let (scanning, asked) = scanning(registry, caller).await;
        assert_eq!(asked.contains(CONFIGURATION), is_asked, "{account} as {caller}");
        let expected = if is_asked {
            Scanning::Effective("SCAN_ON_PUSH".into())
        } else {
            Scanning::RepositoryFlag(true)
        };
        assert_eq!(scanning, expected, "{account} as {caller}");
    }
}
