//! The copy of the secret that a sandbox keeps, and when it reads the secret again.
//!
//! All times come from the caller's clock, which must be the wall clock: a monotonic one may stand
//! still while Lambda has the sandbox frozen.

use std::time::{Duration, SystemTime};

use ecr_admission_lambda::Log;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::authorize::{Caller, authorize, in_overlap};
use crate::read::{Cause, ReadSecret, Stage, Unreadable};
use crate::tokens::{SecretVersion, Token, Unusable};

/// An older copy is read again before it answers: a revoked token works this long at most (and as
/// long as API Gateway reuses an answer).
pub const FRESH: Duration = Duration::from_mins(1);

/// While the secret cannot be read, a copy serves up to this age.
pub const STALE: Duration = Duration::from_hours(1);

/// The least time between two reads that an unknown token, or a failed read with a copy at hand,
/// asks for. A new token works after this long at the latest.
pub const BETWEEN_READS: Duration = Duration::from_secs(10);

/// How long a call waits for the secret, both versions together. The timeout of the function must
/// be longer, and that of the webhook longer still.
pub const LONGEST_READ: Duration = Duration::from_millis(3500);

/// For so long after a wait in vain, a call without a copy is not made to wait again: a cold start that
/// waited is part of its caller's time, too, and an answer that comes after that is none.
pub const AFTER_TIMEOUT: Duration = Duration::from_secs(1);

/// The secret as it was read last.
#[derive(Clone, Debug)]
struct Held {
    current: SecretVersion,
    previous: Option<SecretVersion>,
    /// When reading it began: what was changed after that may be missing.
    read: SystemTime,
}

/// Answers whose token it is from a copy of the secret, which it keeps as fresh as it must be.
#[derive(Debug)]
pub struct CopiedSecret<R> {
    reader: R,
    overlap: Duration,
    log: Log,
    held: Option<Held>,
    tried: Option<SystemTime>,
    /// When the last read that timed out ended, and what it was.
    timed_out: Option<(SystemTime, Unreadable)>,
}

impl<R: ReadSecret> CopiedSecret<R> {
    /// Nothing is read yet. `overlap` is how long the previous token counts after a rotation.
    pub fn new(reader: R, overlap: Duration, log: Log) -> Self {
        Self { reader, overlap, log, held: None, tried: None, timed_out: None }
    }

    /// Whose token it is; nobody's if no version that counts has it.
    pub async fn caller(
        &mut self,
        token: &Token,
        now: SystemTime,
    ) -> Result<Option<Caller>, Unreadable> {
        let age = since(self.held.as_ref().map(|held| held.read), now);
        if age > STALE {
            self.refresh_after_timeout(now).await?;
        } else if age > FRESH {
            self.refresh_or_keep(now).await;
        }
        let caller = self.find(token, now);
        if caller.is_some() {
            return Ok(caller);
        }
        self.refresh_or_keep(now).await;
        Ok(self.find(token, now))
    }

    /// Reads the secret, however old the copy is.
    pub async fn refresh(&mut self, now: SystemTime) -> Result<(), Unreadable> {
        self.tried = Some(now);
        let started = Instant::now();
        let held = self.read_both(now, started + LONGEST_READ).await;
        self.timed_out = match &held {
            Err(unreadable) if unreadable.cause == Cause::TimedOut => {
                Some((now + started.elapsed(), unreadable.clone()))
            }
            _ => None,
        };
        let held = held?;
        if let Some(entries) = held.news_of_unusable(self.held.as_ref()) {
            let fields = json!({ "version": held.current.id, "entries": entries });
            self.log.warn("the token secret has entries that never authorise", &fields);
        }
        self.held = Some(held);
        Ok(())
    }

    async fn read_both(&self, now: SystemTime, deadline: Instant) -> Result<Held, Unreadable> {
        let current = self.read(Stage::Current, deadline).await?;
        // Not the other way round, nor both at once: a rotation between the two reads would pair
        // the new AWSCURRENT with a version that is two rotations old, and let its tokens in once
        // more.
        let previous = if in_overlap(&current, self.overlap, now) {
            self.read_previous(deadline).await?
        } else {
            None
        };
        Ok(Held { current, previous, read: now })
    }

    /// Reads the secret unless that has just timed out: then it is as unreadable as a moment ago.
    async fn refresh_after_timeout(&mut self, now: SystemTime) -> Result<(), Unreadable> {
        if let Some((ended, unreadable)) = &self.timed_out
            && since(Some(*ended), now) < AFTER_TIMEOUT
        {
            return Err(unreadable.clone());
        }
        self.refresh(now).await
    }

    /// Reads the secret unless that was tried a moment ago; the copy stays when it fails.
    async fn refresh_or_keep(&mut self, now: SystemTime) {
        if since(self.tried, now) < BETWEEN_READS {
            return;
        }
        if let Err(unreadable) = self.refresh(now).await {
            let age = since(self.held.as_ref().map(|held| held.read), now);
            let fields =
                json!({ "error": unreadable.to_string(), "copy_age_seconds": age.as_secs() });
            let message = "the token secret could not be read; a copy serves for an hour at most";
            self.log.warn(message, &fields);
        }
    }

    async fn read(&self, stage: Stage, deadline: Instant) -> Result<SecretVersion, Unreadable> {
        let read = timeout_at(deadline, self.reader.read(stage)).await;
        read.unwrap_or(Err(Unreadable { stage, cause: Cause::TimedOut }))
    }

    /// AWSPREVIOUS, where there is one to use. It is absent before the first rotation, and when an
    /// operator took the label off to revoke it. Where it does not hold tokens, the operator has
    /// just repaired the secret, and the repaired version must serve.
    async fn read_previous(&self, deadline: Instant) -> Result<Option<SecretVersion>, Unreadable> {
        match self.read(Stage::Previous, deadline).await {
            Ok(version) => Ok(Some(version)),
            Err(Unreadable { cause: Cause::NotFound(_) | Cause::NotTokens, .. }) => Ok(None),
            Err(unreadable) => Err(unreadable),
        }
    }

    fn find(&self, token: &Token, now: SystemTime) -> Option<Caller> {
        let held = self.held.as_ref()?;
        authorize(token, &held.current, held.previous.as_ref(), self.overlap, now)
    }
}

impl Held {
    /// The entries that never authorise, unless `before` had the same version: they are named once.
    fn news_of_unusable(&self, before: Option<&Self>) -> Option<&[Unusable]> {
        let known = before.is_some_and(|before| before.current.id == self.current.id);
        (!known && !self.current.unusable.is_empty()).then_some(&self.current.unusable)
    }
}

/// How long ago `then` was. What never was, and what is yet to be (the clock was set back), is
/// longer ago than any limit.
fn since(then: Option<SystemTime>, now: SystemTime) -> Duration {
    then.and_then(|then| now.duration_since(then).ok()).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use ecr_admission_lambda::Level;

    use super::*;
    use crate::authorize::Generation;

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

    /// A secret whose versions a test sets, and which tells what was read of it.
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

    fn copied(secret: &Secret) -> CopiedSecret<&Secret> {
        CopiedSecret::new(secret, OVERLAP, Log::new(Level::Error))
    }

    async fn generation(
        copied: &mut CopiedSecret<&Secret>,
        token: &str,
        seconds: u64,
    ) -> Option<Generation> {
        copied.caller(&Token::new(token), at(seconds)).await.unwrap().map(|caller| caller.token)
    }

    #[tokio::test]
    async fn a_copy_serves_for_a_minute_and_is_then_read_again() {
        let secret = Secret::of(NEW);
        let mut copied = CopiedSecret::new(&secret, Duration::ZERO, Log::new(Level::Error));
        for (seconds, reads) in [(0, 1), (1, 1), (60, 1), (61, 2), (121, 2), (122, 3), (4000, 4)] {
            assert_eq!(generation(&mut copied, NEW, seconds).await, Some(Generation::Current));
            assert_eq!(secret.reads(), reads, "{seconds} s");
        }
    }

    #[tokio::test]
    async fn a_revoked_token_works_for_a_minute_at_most() {
        let secret = Secret::of(OLD);
        let mut copied = copied(&secret);
        assert_eq!(generation(&mut copied, OLD, 0).await, Some(Generation::Current));
        secret.set(Stage::Current, Ok(version(NEW, 1)));
        assert_eq!(generation(&mut copied, OLD, 60).await, Some(Generation::Current));
        assert_eq!(generation(&mut copied, OLD, 61).await, None);
    }

    #[tokio::test]
    async fn a_new_token_works_within_ten_seconds_and_the_previous_one_on() {
        let secret = Secret::of(OLD);
        let mut copied = copied(&secret);
        assert_eq!(generation(&mut copied, OLD, 0).await, Some(Generation::Current));
        secret.rotate(NEW, 1);
        assert_eq!(generation(&mut copied, NEW, 9).await, None);
        assert_eq!(generation(&mut copied, NEW, 10).await, Some(Generation::Current));
        assert_eq!(generation(&mut copied, OLD, 11).await, Some(Generation::Previous));
        assert_eq!(generation(&mut copied, OLD, 24 * 3600).await, Some(Generation::Previous));
        assert_eq!(generation(&mut copied, OLD, 24 * 3600 + 1).await, None, "the overlap is over");
    }

    #[tokio::test]
    async fn wrong_tokens_cause_one_refresh_in_ten_seconds() {
        let secret = Secret::of(NEW);
        let mut copied = CopiedSecret::new(&secret, Duration::ZERO, Log::new(Level::Error));
        for seconds in 0..=100 {
            for _ in 0..3 {
                assert_eq!(generation(&mut copied, WRONG, seconds).await, None);
            }
        }
        assert_eq!(secret.reads(), 11);
    }

    #[tokio::test]
    async fn the_previous_version_is_read_after_the_current_one_and_only_in_the_overlap() {
        let secret = Secret::of(OLD);
        secret.rotate(NEW, 100);
        let mut copied = copied(&secret);
        copied.refresh(at(100)).await.unwrap();
        assert_eq!(*secret.reads.borrow(), [Stage::Current, Stage::Previous]);
        copied.refresh(at(100 + OVERLAP.as_secs())).await.unwrap();
        assert_eq!(secret.reads.borrow()[2..], [Stage::Current]);
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
        let mut copied =
            CopiedSecret::new(RotatedBetween(&secret), OVERLAP, Log::new(Level::Error));
        let old = copied.caller(&Token::new(OLD), at(50)).await.unwrap().unwrap();
        assert_eq!(old.token, Generation::Current);
        assert_eq!(
            copied.caller(&Token::new(WRONG), at(50)).await.unwrap(),
            None,
            "two rotations old"
        );
        let new = copied.caller(&Token::new(NEW), at(60)).await.unwrap().unwrap();
        assert_eq!(new.token, Generation::Current);
    }

    #[tokio::test]
    async fn an_unreadable_secret_without_a_copy_is_an_error_and_tried_on_each_call() {
        let secret = Secret::default();
        secret.set(Stage::Current, Err(Cause::Throttled));
        let mut copied = copied(&secret);
        copied.refresh(at(0)).await.unwrap_err();
        for call in 1..=3 {
            let error = copied.caller(&Token::new(NEW), at(call)).await.unwrap_err();
            assert_eq!(error, Unreadable { stage: Stage::Current, cause: Cause::Throttled });
        }
        assert_eq!(secret.reads(), 4);
        secret.set(Stage::Current, Ok(version(NEW, 0)));
        assert_eq!(generation(&mut copied, NEW, 4).await, Some(Generation::Current));
    }

    #[tokio::test]
    async fn a_copy_serves_an_unreadable_secret_for_an_hour() {
        let secret = Secret::of(NEW);
        let mut copied = CopiedSecret::new(&secret, Duration::ZERO, Log::new(Level::Error));
        assert_eq!(generation(&mut copied, NEW, 0).await, Some(Generation::Current));
        secret.set(Stage::Current, Err(Cause::TimedOut));
        // Calls that all wait for a read that fails would each cost seconds.
        for (seconds, reads) in [(61, 2), (70, 2), (71, 3), (80, 3), (3600, 4)] {
            assert_eq!(generation(&mut copied, NEW, seconds).await, Some(Generation::Current));
            assert_eq!(generation(&mut copied, WRONG, seconds).await, None);
            assert_eq!(secret.reads(), reads, "{seconds} s");
        }
        copied.caller(&Token::new(NEW), at(3601)).await.unwrap_err();
        copied.caller(&Token::new(NEW), at(3602)).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_previous_version_without_tokens_does_not_count_and_any_other_failure_does() {
        for (cause, readable) in [
            (Cause::NotFound("tokens".to_owned()), true),
            (Cause::NotTokens, true),
            (Cause::Throttled, false),
            (Cause::AccessDenied("no".to_owned()), false),
            (Cause::BadAnswer, false),
        ] {
            let secret = Secret::of(NEW);
            secret.set(Stage::Previous, Err(cause.clone()));
            let caller = copied(&secret).caller(&Token::new(NEW), at(0)).await;
            assert_eq!(caller.is_ok(), readable, "{cause:?}");
        }
    }

    #[test]
    fn unusable_entries_are_named_once_for_each_version() {
        let held = |id: &str, text| {
            let current = SecretVersion::parse(id.to_owned(), None, text).unwrap();
            Held { current, previous: None, read: at(0) }
        };
        let (weak, again) = (held("v1", r#"{"lab":"weak"}"#), held("v1", r#"{"lab":"weak"}"#));
        let clusters =
            |entries: &[Unusable]| entries.iter().map(|entry| entry.cluster.clone()).collect();
        let named = |news: Option<&[Unusable]>| -> Option<Vec<String>> { news.map(clusters) };
        let lab = Some(vec!["lab".to_owned()]);
        assert_eq!(named(weak.news_of_unusable(None)), lab);
        assert_eq!(named(again.news_of_unusable(Some(&weak))), None);
        assert_eq!(named(held("v2", r#"{"lab":"weak"}"#).news_of_unusable(Some(&weak))), lab);
        assert_eq!(named(held("v2", "{}").news_of_unusable(Some(&weak))), None);
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_makes_no_copy_younger() {
        let secret = Secret::of(NEW);
        let mut copied = copied(&secret);
        copied.refresh(at(1000)).await.unwrap();
        secret.set(Stage::Current, Err(Cause::TimedOut));
        copied.caller(&Token::new(NEW), at(999)).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_that_never_comes_is_given_up() {
        let secret = Secret { hangs: true, ..Secret::of(NEW) };
        let started = Instant::now();
        let error = copied(&secret).caller(&Token::new(NEW), at(0)).await.unwrap_err();
        assert_eq!(error, Unreadable { stage: Stage::Current, cause: Cause::TimedOut });
        assert_eq!(started.elapsed(), LONGEST_READ);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waited_in_vain_is_not_made_to_wait_again() {
        let secret = Secret { hangs: true, ..Secret::of(NEW) };
        let mut copied = copied(&secret);
        // The init phase, until 3.5 s.
        copied.refresh(at(0)).await.unwrap_err();
        // The second wait ends at 8.5 s.
        for (seconds, waits, reads) in [(4, 0, 1), (5, 1, 2), (9, 0, 2), (10, 1, 3)] {
            let started = Instant::now();
            let error = copied.caller(&Token::new(NEW), at(seconds)).await.unwrap_err();
            assert_eq!(error, Unreadable { stage: Stage::Current, cause: Cause::TimedOut });
            assert_eq!(started.elapsed(), LONGEST_READ * waits, "{seconds} s");
            assert_eq!(secret.reads(), reads, "{seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_that_is_back_serves_a_second_after_the_last_wait() {
        let secret = Secret::default();
        secret.set(Stage::Current, Err(Cause::TimedOut));
        let mut copied = copied(&secret);
        copied.refresh(at(0)).await.unwrap_err();
        secret.set(Stage::Current, Ok(version(NEW, 0)));
        copied.caller(&Token::new(NEW), at(0)).await.unwrap_err();
        assert_eq!(generation(&mut copied, NEW, 2).await, Some(Generation::Current));
    }
}
