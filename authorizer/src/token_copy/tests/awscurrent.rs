//! What happens to the copy when AWSCURRENT is gone, and when there is an outage.

use super::*;
use crate::revocable::DOUBTED;

#[tokio::test]
async fn whatever_takes_the_secret_away_ends_access_within_70_seconds() {
    for cause in definite() {
        for revoked in (0..=150).step_by(7) {
            for period in [1, 3, 11, 35, 59, 61, 300] {
                let secret = Secret::of(NEW);
                let last = last_accepted(&secret, NEW, revoked, period, 400, |secret| {
                    secret.set(Stage::Current, Err(cause.clone()));
                })
                .await;
                assert!(last <= revoked + 70, "{cause:?} at {revoked}: {last}, every {period} s");
            }
        }
    }
}

#[tokio::test]
async fn two_different_definite_causes_agree() {
    for [first, second] in definite().windows(2).map(|pair| [pair[0].clone(), pair[1].clone()]) {
        let secret = Secret::of(NEW);
        let mut copied = copy_of(&secret);
        assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
        secret.set(Stage::Current, Err(first));
        assert_eq!(stage(&mut copied, WRONG, 20).await, None);
        assert_eq!(stage(&mut copied, NEW, 20).await, Some(Stage::Current));
        secret.set(Stage::Current, Err(second.clone()));
        let error = copied.caller(&credential(WRONG), at(30)).await.unwrap_err();
        assert_eq!(error.cause, second);
        copied.caller(&credential(NEW), at(30)).await.unwrap_err();
    }
}

#[tokio::test]
async fn an_outage_between_two_definite_readings_is_not_a_good_reading() {
    let secret = Secret::of(NEW);
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
    for (seconds, cause) in [(20, Cause::NotTokens), (30, Cause::Throttled), (40, Cause::NotTokens)]
    {
        assert_eq!(stage(&mut copied, NEW, seconds).await, Some(Stage::Current));
        secret.set(Stage::Current, Err(cause));
        let _ = copied.caller(&credential(WRONG), at(seconds)).await;
    }
    copied.caller(&credential(NEW), at(40)).await.unwrap_err();
}

#[tokio::test]
async fn a_good_reading_between_two_definite_ones_resets() {
    let secret = Secret::of(NEW);
    let mut copied = copy_of(&secret);
    for seconds in (0..4000).step_by(10) {
        let cause =
            if seconds % 20 == 0 { Ok(version(NEW, 0)) } else { Err(Cause::MarkedForDeletion) };
        secret.set(Stage::Current, cause);
        assert_eq!(stage(&mut copied, WRONG, seconds).await, None);
        assert_eq!(stage(&mut copied, NEW, seconds).await, Some(Stage::Current), "{seconds} s");
    }
}

#[tokio::test]
async fn no_outage_takes_a_copy_away_within_the_hour() {
    for cause in outages() {
        let secret = Secret::of(NEW);
        let last = last_accepted(&secret, NEW, 0, 10, 4000, |secret| {
            secret.set(Stage::Current, Err(cause.clone()));
        })
        .await;
        assert_eq!(last, 3600, "{cause:?}");
    }
}

#[tokio::test]
async fn an_old_copy_is_dropped_by_one_definite_reading() {
    for cause in definite() {
        let secret = Secret::of(NEW);
        let mut copied = copy_of(&secret);
        assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
        secret.set(Stage::Current, Err(cause.clone()));
        let error = copied.caller(&credential(NEW), at(70)).await.unwrap_err();
        assert_eq!(error, Unreadable { stage: Stage::Current, cause });
    }
}

#[tokio::test]
async fn after_the_drop_the_secret_is_read_once_in_10_seconds_and_the_error_repeated() {
    let secret = Secret::of(NEW);
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
    secret.set(Stage::Current, Err(Cause::MarkedForDeletion));
    let before = secret.reads();
    for seconds in 100..200 {
        for token in [NEW, WRONG, OLD] {
            // An outage in the middle says nothing about the secret, and changes nothing.
            let cause = if seconds < 150 { Cause::MarkedForDeletion } else { Cause::Throttled };
            secret.set(Stage::Current, Err(cause.clone()));
            let error = copied.caller(&credential(token), at(seconds)).await.unwrap_err();
            assert_eq!(error, Unreadable { stage: Stage::Current, cause }, "{seconds} s");
        }
    }
    assert_eq!(secret.reads() - before, 10);
    secret.set(Stage::Current, Ok(version(NEW, 0)));
    copied.caller(&credential(NEW), at(199)).await.unwrap_err();
    assert_eq!(stage(&mut copied, NEW, 200).await, Some(Stage::Current));
}

#[tokio::test]
async fn a_copy_that_grows_too_old_between_two_readings_is_dropped_without_a_third() {
    let secret = Secret::of(NEW);
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
    secret.set(Stage::Current, Err(Cause::NotTokens));
    assert_eq!(stage(&mut copied, NEW, 65).await, Some(Stage::Current));
    let reads = secret.reads();
    assert_eq!(stage(&mut copied, NEW, 69).await, Some(Stage::Current));
    copied.caller(&credential(NEW), at(0) + DOUBTED).await.unwrap_err();
    copied.caller(&credential(NEW), at(74)).await.unwrap_err();
    assert_eq!(secret.reads(), reads);
    copied.caller(&credential(NEW), at(75)).await.unwrap_err();
    assert_eq!(secret.reads(), reads + 1);
}

#[tokio::test]
async fn a_secret_that_was_never_there_is_read_by_each_call_until_two_readings_agree() {
    let secret = Secret::default();
    let mut copied = copy_of(&secret);
    for seconds in 0..=30 {
        copied.caller(&credential(NEW), at(seconds)).await.unwrap_err();
    }
    // One a second until 10 s have passed, then one in 10 s.
    assert_eq!(secret.reads(), 11 + 2);
}
