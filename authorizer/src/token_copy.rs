//! The good copy of the token secret that a sandbox keeps, and when it is renewed.

use std::time::{Duration, SystemTime};

use ecr_admission_lambda::Log;
use ecr_admission_lambda::good_copy::since;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::authorize::{Caller, authorize, in_overlap};
use crate::events::{
    TOKEN_SECRET_DROPPED, TOKEN_SECRET_EMPTY, TOKEN_SECRET_ENTRIES_UNUSABLE, TOKEN_SECRET_IN_DOUBT,
    TOKEN_SECRET_PREVIOUS_UNREADABLE, TOKEN_SECRET_UNREADABLE,
};
use crate::previous::Previous;
use crate::read::{Cause, ReadSecret, Stage, Unreadable};
use crate::revocable::{APART, RevocableCopy};
use crate::tokens::{Credential, SecretVersion};

/// An older copy is renewed before it answers.
pub const FRESH: Duration = Duration::from_mins(1);

/// The least time between two reads that an unknown token, a failed read with a copy at hand, or a
/// secret that is gone asks for. A new token works after this long at the latest.
pub const BETWEEN_READS: Duration = APART;

/// How long a call waits for the secret, both versions together. The timeout of the function must
/// be longer, and that of the webhook longer still.
pub const LONGEST_READ: Duration = Duration::from_millis(3500);

/// For so long after a read that timed out, a call without a copy does not wait again: the wait in the init
/// phase is part of the caller's time, and an answer after that time is too late.
pub const AFTER_TIMEOUT: Duration = Duration::from_secs(1);

/// Answers whose token it is from the good copy of the secret, which it keeps as fresh as it must be.
#[derive(Debug)]
pub struct TokenCopy<R> {
    reader: R,
    overlap: Duration,
    log: Log,
    current: RevocableCopy<SecretVersion, FailedRead>,
    previous: Previous,
}

/// Why AWSCURRENT could not be read, and when that was known.
#[derive(Debug)]
struct FailedRead {
    unreadable: Unreadable,
    ended: SystemTime,
}

impl<R: ReadSecret> TokenCopy<R> {
    /// Nothing is read so far. `overlap` is how long the previous token counts after a rotation.
    pub fn new(reader: R, overlap: Duration, log: Log) -> Self {
        let (current, previous) = (RevocableCopy::default(), Previous::default());
        Self { reader, overlap, log, current, previous }
    }

    /// Whose token or key it is; `None` if no version that counts has it. An error where that is not known.
    ///
    /// AWSPREVIOUS is read only for a credential that AWSCURRENT does not have: few callers need it, and a cold
    /// sandbox would pay a round trip for it.
    pub async fn caller(
        &mut self,
        credential: &Credential,
        now: SystemTime,
    ) -> Result<Option<Caller>, Unreadable> {
        let deadline = Instant::now() + LONGEST_READ;
        self.settle(now);
        match self.current.age(now) {
            None => self.renew_without_copy(now, deadline).await?,
            Some(age) if age > FRESH => self.renew_unless_tried(now, deadline).await,
            Some(_) => {}
        }
        if let Some(current) = self.current.at_hand()
            && let Some(caller) = authorize(credential, current, None, self.overlap, now)
        {
            return Ok(Some(caller));
        }
        self.renew_previous(now, deadline, FRESH).await;
        if let found @ Ok(Some(_)) = self.find(credential, now) {
            return found;
        }
        if self.current.at_hand().is_some() {
            self.renew_unless_tried(now, deadline).await;
            self.renew_previous(now, deadline, BETWEEN_READS).await;
        }
        self.find(credential, now)
    }

    /// Reads AWSCURRENT, however old the copy is.
    pub async fn renew(&mut self, now: SystemTime) -> Result<(), Unreadable> {
        self.renew_by(now, Instant::now() + LONGEST_READ).await
    }

    async fn renew_by(&mut self, now: SystemTime, deadline: Instant) -> Result<(), Unreadable> {
        let started = Instant::now();
        let current = match self.read(Stage::Current, deadline).await {
            Ok(current) => current,
            Err(unreadable) => {
                let is_definite = unreadable.cause.is_definite();
                let ended = now + started.elapsed();
                let failed = FailedRead { unreadable: unreadable.clone(), ended };
                if is_definite {
                    self.current.suspect(failed, now);
                } else {
                    self.current.fail(failed, now);
                }
                return Err(unreadable);
            }
        };
        self.report(&current);
        self.previous.keep_beside(&current.id);
        self.current.renew(current, now);
        Ok(())
    }

    /// Reads AWSPREVIOUS if its tokens count now and the last reading beside this AWSCURRENT began longer ago than
    /// `since`.
    ///
    /// Always after AWSCURRENT, and never both at once: a rotation between the two reads would pair the new
    /// AWSCURRENT with a version that is two rotations old, and let its tokens in once more. The other way round,
    /// a rotation after AWSCURRENT was read only shows the same version twice.
    async fn renew_previous(&mut self, now: SystemTime, deadline: Instant, since: Duration) {
        let Some(current) = self.current.at_hand() else { return };
        if !in_overlap(current, self.overlap, now) || !self.previous.is_due(now, since) {
            return;
        }
        let read = self.read(Stage::Previous, deadline).await;
        self.previous.learn(read, now);
        self.report_previous();
    }

    /// Drops what no longer serves.
    fn settle(&mut self, now: SystemTime) {
        self.current.settle(now);
        self.previous.settle(now);
    }

    /// Reads the secret, unless it is as unreadable as a moment ago.
    async fn renew_without_copy(
        &mut self,
        now: SystemTime,
        deadline: Instant,
    ) -> Result<(), Unreadable> {
        if let Some(FailedRead { unreadable, ended }) = self.current.failure() {
            let failed_just_now = if self.current.is_dropped() {
                self.current.since_tried(now) < BETWEEN_READS
            } else {
                unreadable.cause == Cause::TimedOut && since(Some(*ended), now) < AFTER_TIMEOUT
            };
            if failed_just_now {
                return Err(unreadable.clone());
            }
        }
        self.renew_by(now, deadline).await
    }

    /// Reads the secret unless that was tried a moment ago. When it fails, the copy stays if it may.
    async fn renew_unless_tried(&mut self, now: SystemTime, deadline: Instant) {
        if self.current.since_tried(now) < BETWEEN_READS {
            return;
        }
        let age = self.current.age(now).unwrap_or_default();
        if let Err(unreadable) = self.renew_by(now, deadline).await {
            let fields =
                json!({ "error": unreadable.to_string(), "copy_age_seconds": age.as_secs() });
            if self.current.at_hand().is_none() {
                let message = "the token secret is gone or may not be read; its copy is dropped";
                self.log.warn(TOKEN_SECRET_DROPPED, message, &fields);
            } else if unreadable.cause.is_definite() {
                let message = "the token secret seems gone; a copy serves for less than 70 seconds";
                self.log.warn(TOKEN_SECRET_IN_DOUBT, message, &fields);
            } else {
                let message =
                    "the token secret could not be read; a copy serves for an hour at most";
                self.log.warn(TOKEN_SECRET_UNREADABLE, message, &fields);
            }
        }
    }

    async fn read(&self, stage: Stage, deadline: Instant) -> Result<SecretVersion, Unreadable> {
        let read = timeout_at(deadline, self.reader.read(stage)).await;
        read.unwrap_or(Err(Unreadable { stage, cause: Cause::TimedOut }))
    }

    fn unreadable(&self) -> Unreadable {
        let not_yet_read = || Unreadable { stage: Stage::Current, cause: Cause::NotYetRead };
        self.current.failure().map_or_else(not_yet_read, |failed| failed.unreadable.clone())
    }

    fn find(&self, credential: &Credential, now: SystemTime) -> Result<Option<Caller>, Unreadable> {
        let Some(current) = self.current.at_hand() else {
            return Err(self.unreadable());
        };
        let previous = self.previous.version();
        let known = previous.unwrap_or_default();
        match (authorize(credential, current, known, self.overlap, now), previous) {
            // A refusal would be cached, and the token may be in the version that could not be read.
            (None, Err(unreadable)) if in_overlap(current, self.overlap, now) => {
                Err(unreadable.clone())
            }
            (caller, _) => Ok(caller),
        }
    }

    /// Logs that AWSPREVIOUS was just read without success, each time.
    fn report_previous(&self) {
        let Some(unreadable) = self.previous.failure() else { return };
        let message = match self.previous.version() {
            Ok(_) => {
                "AWSPREVIOUS of the token secret could not be read; the last one read serves until \
                 it is an hour old"
            }
            Err(_) => {
                "AWSPREVIOUS of the token secret could not be read; until it can be, a token that \
                 AWSCURRENT does not name gets an error"
            }
        };
        let fields = json!({ "error": unreadable.to_string() });
        self.log.warn(TOKEN_SECRET_PREVIOUS_UNREADABLE, message, &fields);
    }

    /// Logs what an operator should know about the version that was just read, once for each version.
    fn report(&self, current: &SecretVersion) {
        if self.current.at_hand().is_some_and(|before| before.id == current.id) {
            return;
        }
        if !current.unusable.is_empty() {
            let fields = json!({ "version": current.id, "entries": current.unusable });
            self.log.warn(
                TOKEN_SECRET_ENTRIES_UNUSABLE,
                "the token secret has entries that never authorize",
                &fields,
            );
        }
        if current.tokens.is_empty() {
            let message = "the token secret names no cluster with a usable token, so every caller \
                           is refused; add a cluster with deploy/rotate-token --add";
            self.log.warn(TOKEN_SECRET_EMPTY, message, &json!({ "version": current.id }));
        }
    }
}

#[cfg(test)]
mod tests;
