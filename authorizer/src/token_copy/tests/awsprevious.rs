//! AWSPREVIOUS that cannot be read, or is gone.

use super::*;

/// Everything but a missing label, no token object, or a denial: AWSPREVIOUS may be there.
fn previous_unknown() -> Vec<Cause> {
    [outages().to_vec(), vec![Cause::MarkedForDeletion]].concat()
}

#[tokio::test]
async fn awscurrent_is_taken_though_awsprevious_cannot_be_read() {
    let denied = Cause::NotAuthorized("secretsmanager:GetSecretValue".to_owned());
    for cause in previous_unknown().into_iter().chain([denied]) {
        let secret = Secret::of(NEW);
        secret.set(Stage::Previous, Err(cause.clone()));
        let mut copied = copy_of(&secret);
        copied.renew(at(0)).await.unwrap();
        assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
        // It may be the previous one: an error, which is never cached.
        for token in [OLD, WRONG] {
            let error = copied.caller(&credential(token), at(1)).await.unwrap_err();
            assert_eq!(error, Unreadable { stage: Stage::Previous, cause: cause.clone() });
        }
        secret.set(Stage::Previous, Ok(version(OLD, 0)));
        copied.caller(&credential(OLD), at(10)).await.unwrap_err();
        assert_eq!(stage(&mut copied, OLD, 11).await, Some(Stage::Previous));
        assert_eq!(stage(&mut copied, WRONG, 11).await, None);
    }
}

#[tokio::test]
async fn an_unread_awsprevious_matters_in_the_overlap_only() {
    let secret = Secret::of(NEW);
    secret.set(Stage::Previous, Err(Cause::Throttled));
    let mut copied = copy_of(&secret);
    let end = OVERLAP.as_secs();
    copied.caller(&credential(WRONG), at(end - 1)).await.unwrap_err();
    assert_eq!(stage(&mut copied, WRONG, end).await, None, "the overlap is over");
}

#[tokio::test]
async fn the_last_awsprevious_serves_beside_the_same_awscurrent_for_an_hour() {
    for cause in previous_unknown() {
        let secret = Secret::of(OLD);
        secret.rotate(NEW, 1);
        let last = last_accepted(&secret, OLD, 5, 10, 4000, |secret| {
            secret.set(Stage::Previous, Err(cause.clone()));
        })
        .await;
        assert_eq!(last, 3600, "{cause:?}");
        let mut copied = copy_of(&secret);
        copied.caller(&credential(OLD), at(4000)).await.unwrap_err();
    }
}

#[tokio::test]
async fn the_last_awsprevious_does_not_serve_beside_another_awscurrent() {
    let secret = Secret::of(OLD);
    secret.rotate(NEW, 1);
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, OLD, 2).await, Some(Stage::Previous));
    secret.set(Stage::Current, Ok(version(WRONG, 3)));
    secret.set(Stage::Previous, Err(Cause::Throttled));
    assert_eq!(stage(&mut copied, WRONG, 20).await, Some(Stage::Current));
    let error = copied.caller(&credential(OLD), at(20)).await.unwrap_err();
    assert_eq!(error, Unreadable { stage: Stage::Previous, cause: Cause::Throttled });
}

#[tokio::test]
async fn a_version_without_an_id_is_never_the_same_as_another() {
    let secret = Secret::of(OLD);
    secret.rotate(NEW, 1);
    let nameless = SecretVersion { id: String::new(), ..version(NEW, 1) };
    secret.set(Stage::Current, Ok(nameless));
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, OLD, 2).await, Some(Stage::Previous));
    secret.set(Stage::Previous, Err(Cause::Throttled));
    assert_eq!(stage(&mut copied, WRONG, 3).await, None);
    copied.caller(&credential(OLD), at(63)).await.unwrap_err();
}

#[tokio::test]
async fn whatever_takes_awsprevious_away_ends_its_access_within_70_seconds() {
    let denied = Cause::NotAuthorized("secretsmanager:GetSecretValue".to_owned());
    for cause in [Cause::NotFound("tokens".to_owned()), Cause::NotTokens, denied] {
        for revoked in (0..=150).step_by(7) {
            for period in [1, 3, 11, 35, 59, 61, 300] {
                let secret = Secret::of(OLD);
                secret.rotate(NEW, 0);
                let last = last_accepted(&secret, OLD, revoked, period, 400, |secret| {
                    secret.set(Stage::Previous, Err(cause.clone()));
                })
                .await;
                assert!(last <= revoked + 70, "{cause:?} at {revoked}: {last}, every {period} s");
            }
        }
    }
}

#[tokio::test]
async fn without_an_awsprevious_its_token_is_refused_at_once() {
    for cause in [Cause::NotFound("tokens".to_owned()), Cause::NotTokens] {
        let secret = Secret::of(NEW);
        secret.set(Stage::Previous, Err(cause));
        let mut copied = copy_of(&secret);
        assert_eq!(stage(&mut copied, OLD, 0).await, None);
    }
}

#[tokio::test]
async fn an_awsprevious_that_iam_denies_is_none_after_two_readings_10_seconds_apart() {
    let secret = Secret::of(NEW);
    let denied = Cause::NotAuthorized("secretsmanager:GetSecretValue".to_owned());
    secret.set(Stage::Previous, Err(denied));
    let mut copied = copy_of(&secret);
    for seconds in 0..10 {
        copied.caller(&credential(OLD), at(seconds)).await.unwrap_err();
    }
    assert_eq!(stage(&mut copied, OLD, 10).await, None);
    // An outage after that says nothing else.
    secret.set(Stage::Previous, Err(Cause::Throttled));
    assert_eq!(stage(&mut copied, OLD, 80).await, None);
    secret.set(Stage::Previous, Ok(version(OLD, 0)));
    assert_eq!(stage(&mut copied, OLD, 90).await, Some(Stage::Previous));
}

#[tokio::test]
async fn a_flood_of_unknown_tokens_reads_an_unread_awsprevious_once_in_10_seconds() {
    let secret = Secret::of(NEW);
    secret.set(Stage::Previous, Err(Cause::Throttled));
    let mut copied = copy_of(&secret);
    for seconds in 0..100 {
        for _ in 0..3 {
            copied.caller(&credential(WRONG), at(seconds)).await.unwrap_err();
        }
    }
    assert_eq!(secret.reads(), 2 * 10);
}

#[tokio::test]
async fn a_secret_that_names_no_cluster_refuses_everybody() {
    let secret = Secret::default();
    let empty = SecretVersion::parse("v1".to_owned(), Some(at(0)), "{}").unwrap();
    secret.set(Stage::Current, Ok(empty));
    let mut copied = copy_of(&secret);
    for token in [NEW, OLD, ""] {
        assert_eq!(stage(&mut copied, token, 0).await, None);
    }
}
