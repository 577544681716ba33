//! When the secret is read, and how long a copy serves.

use std::cell::RefCell;
use std::collections::HashMap;

use ecr_admission_lambda::Level;

use super::*;
use crate::tokens::Token;

mod awscurrent;
mod awsprevious;

const OVERLAP: Duration = Duration::from_hours(24);
const OLD: &str = "oooooooooooooooooooooooooooooooooooooooo";
const NEW: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
const WRONG: &str = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";

/// Seconds on the clock of a test.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

/// A version of `token` for the cluster `default`, created when the clock showed `created`.
fn version(token: &str, created: u64) -> SecretVersion {
    SecretVersion::parse(
        token.to_owned(),
        Some(at(created)),
        &format!(r#"{{"default":"{token}"}}"#),
    )
    .unwrap()
}

/// A secret whose versions a test sets, and which records what was read.
#[derive(Default)]
struct Secret {
    versions: RefCell<HashMap<&'static str, Result<SecretVersion, Cause>>>,
    reads: RefCell<Vec<Stage>>,
    hangs: bool,
}

impl Secret {
    fn of(token: &str) -> Self {
        let secret = Self::default();
        secret.set(Stage::Current, Ok(version(token, 0)));
        secret
    }

    fn set(&self, stage: Stage, version: Result<SecretVersion, Cause>) {
        self.versions.borrow_mut().insert(stage.label(), version);
    }

    /// Puts `token` in force when the clock shows `created`, as `PutSecretValue` does.
    fn rotate(&self, token: &str, created: u64) {
        let before = self.versions.borrow_mut().remove(Stage::Current.label()).unwrap();
        self.set(Stage::Previous, before);
        self.set(Stage::Current, Ok(version(token, created)));
    }

    fn reads(&self) -> usize {
        self.reads.borrow().len()
    }
}

impl ReadSecret for &Secret {
    async fn read(&self, stage: Stage) -> Result<SecretVersion, Unreadable> {
        self.reads.borrow_mut().push(stage);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let version = self.versions.borrow().get(stage.label()).cloned();
        version
            .unwrap_or_else(|| Err(Cause::NotFound("tokens".to_owned())))
            .map_err(|cause| Unreadable { stage, cause })
    }
}

fn copy_of(secret: &Secret) -> TokenCopy<&Secret> {
    TokenCopy::new(secret, OVERLAP, Log::new(Level::Error))
}

fn credential(token: &str) -> Credential {
    Credential::Token(Token::new(token))
}

/// The version that has `token`, by the token and by its key alike.
async fn stage(copied: &mut TokenCopy<&Secret>, token: &str, seconds: u64) -> Option<Stage> {
    let found = copied.caller(&credential(token), at(seconds)).await.unwrap();
    let key = Credential::UrlKey(Token::new(token).url_key());
    let by_key = copied.caller(&key, at(seconds)).await.unwrap();
    assert_eq!(by_key.map(|caller| caller.stage), found.as_ref().map(|caller| caller.stage));
    found.map(|caller| caller.stage)
}

/// What an operator, or AWS, does to a secret so that AWSCURRENT is definitely gone.
fn definite() -> [Cause; 4] {
    let denied = "not authorized to perform: secretsmanager:GetSecretValue".to_owned();
    [
        Cause::NotFound("tokens".to_owned()),
        Cause::MarkedForDeletion,
        Cause::NotAuthorized(denied),
        Cause::NotTokens,
    ]
}

fn outages() -> [Cause; 6] {
    [
        Cause::AccessDenied("Access to KMS is not allowed".to_owned()),
        Cause::Throttled,
        Cause::TimedOut,
        Cause::Unreachable("refused".to_owned()),
        Cause::Refused("ExpiredTokenException: expired".to_owned()),
        Cause::BadAnswer,
    ]
}

/// The last second at which `token` is let in, when `revoke` happens at the second `revoked` and the
/// cluster calls every `period` seconds, with a stranger's call after each, for `watched` seconds more.
async fn last_accepted(
    secret: &Secret,
    token: &str,
    revoked: u64,
    period: u64,
    watched: u64,
    revoke: impl Fn(&Secret),
) -> u64 {
    let mut copied = copy_of(secret);
    let mut last = None;
    let mut gone = false;
    for seconds in (0..=revoked + watched).step_by(usize::try_from(period).unwrap()) {
        if !gone && seconds > revoked {
            revoke(secret);
            gone = true;
        }
        if let Ok(Some(_)) = copied.caller(&credential(token), at(seconds)).await {
            last = Some(seconds);
        }
        let stranger = copied.caller(&credential(WRONG), at(seconds)).await;
        assert!(!matches!(stranger, Ok(Some(_))));
    }
    last.unwrap()
}

#[tokio::test]
async fn a_copy_serves_for_a_minute_and_is_then_read_again() {
    let secret = Secret::of(NEW);
    let mut copied = TokenCopy::new(&secret, Duration::ZERO, Log::new(Level::Error));
    for (seconds, reads) in [(0, 1), (1, 1), (60, 1), (61, 2), (121, 2), (122, 3), (4000, 4)] {
        assert_eq!(stage(&mut copied, NEW, seconds).await, Some(Stage::Current));
        assert_eq!(secret.reads(), reads, "{seconds} s");
    }
}

#[tokio::test]
async fn a_revoked_token_works_for_a_minute_at_most() {
    let secret = Secret::of(OLD);
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, OLD, 0).await, Some(Stage::Current));
    secret.set(Stage::Current, Ok(version(NEW, 1)));
    assert_eq!(stage(&mut copied, OLD, 60).await, Some(Stage::Current));
    assert_eq!(stage(&mut copied, OLD, 61).await, None);
}

#[tokio::test]
async fn a_new_token_works_within_ten_seconds_and_the_previous_one_on() {
    let secret = Secret::of(OLD);
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, OLD, 0).await, Some(Stage::Current));
    secret.rotate(NEW, 1);
    assert_eq!(stage(&mut copied, NEW, 9).await, None);
    assert_eq!(stage(&mut copied, NEW, 10).await, Some(Stage::Current));
    assert_eq!(stage(&mut copied, OLD, 11).await, Some(Stage::Previous));
    assert_eq!(stage(&mut copied, OLD, 24 * 3600).await, Some(Stage::Previous));
    assert_eq!(stage(&mut copied, OLD, 24 * 3600 + 1).await, None, "the overlap is over");
}

#[tokio::test]
async fn wrong_tokens_cause_one_renewal_in_ten_seconds() {
    let secret = Secret::of(NEW);
    let mut copied = TokenCopy::new(&secret, Duration::ZERO, Log::new(Level::Error));
    for seconds in 0..=100 {
        for _ in 0..3 {
            assert_eq!(stage(&mut copied, WRONG, seconds).await, None);
        }
    }
    assert_eq!(secret.reads(), 11);
}

#[tokio::test]
async fn the_previous_version_is_read_after_the_current_one_and_only_in_the_overlap() {
    let secret = Secret::of(OLD);
    secret.rotate(NEW, 100);
    let mut copied = copy_of(&secret);
    assert_eq!(stage(&mut copied, OLD, 100).await, Some(Stage::Previous));
    assert_eq!(*secret.reads.borrow(), [Stage::Current, Stage::Previous]);
    assert_eq!(stage(&mut copied, OLD, 100 + OVERLAP.as_secs()).await, None);
    assert_eq!(secret.reads.borrow()[2..], [Stage::Current]);
}

#[tokio::test]
async fn the_previous_version_is_read_only_for_a_token_that_the_current_one_does_not_have() {
    let secret = Secret::of(OLD);
    secret.rotate(NEW, 0);
    let mut copied = copy_of(&secret);
    for seconds in 0..300 {
        assert_eq!(stage(&mut copied, NEW, seconds).await, Some(Stage::Current));
    }
    assert_eq!(*secret.reads.borrow(), [Stage::Current; 5], "once in 61 seconds");
    secret.reads.borrow_mut().clear();
    for seconds in 300..420 {
        assert_eq!(stage(&mut copied, OLD, seconds).await, Some(Stage::Previous));
    }
    let previous = secret.reads.borrow().iter().filter(|stage| **stage == Stage::Previous).count();
    assert_eq!(previous, 2, "once a minute");
}

#[tokio::test]
async fn two_rotations_end_a_token_though_its_copy_is_fresh() {
    for second in 31..=60 {
        let secret = Secret::of(OLD);
        secret.rotate(NEW, 0);
        let mut copied = copy_of(&secret);
        assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
        // Read 30 seconds after the copy that it is beside.
        assert_eq!(stage(&mut copied, OLD, 30).await, Some(Stage::Previous));
        secret.rotate(WRONG, second);
        assert_eq!(stage(&mut copied, WRONG, second).await, Some(Stage::Current), "{second}");
        assert_eq!(stage(&mut copied, OLD, second).await, None, "{second}");
        assert_eq!(stage(&mut copied, NEW, second).await, Some(Stage::Previous), "{second}");
    }
}

/// A secret that is rotated between two reads of it.
struct RotatedBetween<'a>(&'a Secret);

impl ReadSecret for RotatedBetween<'_> {
    async fn read(&self, stage: Stage) -> Result<SecretVersion, Unreadable> {
        let read = self.0.read(stage).await;
        if self.0.reads() == 1 {
            self.0.rotate(NEW, 50);
        }
        read
    }
}

#[tokio::test]
async fn a_rotation_between_the_two_reads_lets_no_older_token_in() {
    let secret = Secret::of(OLD);
    secret.set(Stage::Previous, Ok(version(WRONG, 0)));
    let mut copied = TokenCopy::new(RotatedBetween(&secret), OVERLAP, Log::new(Level::Error));
    let old = copied.caller(&credential(OLD), at(50)).await.unwrap().unwrap();
    assert_eq!(old.stage, Stage::Current);
    assert_eq!(copied.caller(&credential(WRONG), at(50)).await.unwrap(), None, "two rotations old");
    let new = copied.caller(&credential(NEW), at(60)).await.unwrap().unwrap();
    assert_eq!(new.stage, Stage::Current);
}

#[tokio::test]
async fn an_unreadable_secret_without_a_copy_is_an_error_and_tried_on_each_call() {
    let secret = Secret::default();
    secret.set(Stage::Current, Err(Cause::Throttled));
    let mut copied = copy_of(&secret);
    copied.renew(at(0)).await.unwrap_err();
    for call in 1..=3 {
        let error = copied.caller(&credential(NEW), at(call)).await.unwrap_err();
        assert_eq!(error, Unreadable { stage: Stage::Current, cause: Cause::Throttled });
    }
    assert_eq!(secret.reads(), 4);
    secret.set(Stage::Current, Ok(version(NEW, 0)));
    assert_eq!(stage(&mut copied, NEW, 4).await, Some(Stage::Current));
}

#[tokio::test]
async fn a_copy_serves_an_unreadable_secret_for_an_hour() {
    let secret = Secret::of(NEW);
    let mut copied = TokenCopy::new(&secret, Duration::ZERO, Log::new(Level::Error));
    assert_eq!(stage(&mut copied, NEW, 0).await, Some(Stage::Current));
    secret.set(Stage::Current, Err(Cause::TimedOut));
    // Calls that all wait for a read that fails would each cost seconds.
    for (seconds, reads) in [(61, 2), (70, 2), (71, 3), (80, 3), (3600, 4)] {
        assert_eq!(stage(&mut copied, NEW, seconds).await, Some(Stage::Current));
        assert_eq!(stage(&mut copied, WRONG, seconds).await, None);
        assert_eq!(secret.reads(), reads, "{seconds} s");
    }
    copied.caller(&credential(NEW), at(3601)).await.unwrap_err();
    copied.caller(&credential(NEW), at(3602)).await.unwrap_err();
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_no_copy_younger() {
    let secret = Secret::of(NEW);
    let mut copied = copy_of(&secret);
    copied.renew(at(1000)).await.unwrap();
    secret.set(Stage::Current, Err(Cause::TimedOut));
    copied.caller(&credential(NEW), at(999)).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_never_comes_is_given_up() {
    let secret = Secret { hangs: true, ..Secret::of(NEW) };
    let started = Instant::now();
    let error = copy_of(&secret).caller(&credential(NEW), at(0)).await.unwrap_err();
    assert_eq!(error, Unreadable { stage: Stage::Current, cause: Cause::TimedOut });
    assert_eq!(started.elapsed(), LONGEST_READ);
}

#[tokio::test(start_paused = true)]
async fn a_call_after_a_timeout_does_not_wait_again() {
    let secret = Secret { hangs: true, ..Secret::of(NEW) };
    let mut copied = copy_of(&secret);
    // The init phase, until 3.5 s.
    copied.renew(at(0)).await.unwrap_err();
    // The second wait ends at 8.5 s.
    for (seconds, waits, reads) in [(4, 0, 1), (5, 1, 2), (9, 0, 2), (10, 1, 3)] {
        let started = Instant::now();
        let error = copied.caller(&credential(NEW), at(seconds)).await.unwrap_err();
        assert_eq!(error, Unreadable { stage: Stage::Current, cause: Cause::TimedOut });
        assert_eq!(started.elapsed(), LONGEST_READ * waits, "{seconds} s");
        assert_eq!(secret.reads(), reads, "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_back_serves_a_second_after_the_last_wait() {
    let secret = Secret::default();
    secret.set(Stage::Current, Err(Cause::TimedOut));
    let mut copied = copy_of(&secret);
    copied.renew(at(0)).await.unwrap_err();
    secret.set(Stage::Current, Ok(version(NEW, 0)));
    copied.caller(&credential(NEW), at(0)).await.unwrap_err();
    assert_eq!(stage(&mut copied, NEW, 2).await, Some(Stage::Current));
}
