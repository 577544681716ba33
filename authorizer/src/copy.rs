//! The copy of the secret that a sandbox keeps, and when it reads the secret again.

use std::time::{Duration, SystemTime};

use ecr_admission_lambda::Log;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::authorize::{Caller, authorize, in_overlap};
use crate::kept::{APART, Kept, since};
use crate::previous::Previous;
use crate::read::{Cause, ReadSecret, Stage, Unreadable};
use crate::tokens::{SecretVersion, Token};

/// An older copy is read again before it answers.
pub const FRESH: Duration = Duration::from_mins(1);

/// The least time between two reads that an unknown token, a failed read with a copy at hand, or a
/// secret that is gone asks for. A new token works after this long at the latest.
pub const BETWEEN_READS: Duration = APART;

/// How long a call waits for the secret, both versions together. The timeout of the function must
/// be longer, and that of the webhook longer still.
pub const LONGEST_READ: Duration = Duration::from_millis(3500);

/// For so long after a read that timed out, a call without a copy does not wait again: a cold start that
/// waited is part of its caller's time, too, and an answer that comes after that is none.
pub const AFTER_TIMEOUT: Duration = Duration::from_secs(1);

/// Answers whose token it is from a copy of the secret, which it keeps as fresh as it must be.
#[derive(Debug)]
pub struct CopiedSecret<R> {
    reader: R,
    overlap: Duration,
    log: Log,
    current: Kept<SecretVersion>,
    previous: Previous,
    /// When the last read began.
    tried: Option<SystemTime>,
    failure: Failure,
}

/// Why AWSCURRENT could not be read the last time that it could not be.
#[derive(Debug)]
struct Failure {
    unreadable: Unreadable,
    ended: Option<SystemTime>,
}

impl<R: ReadSecret> CopiedSecret<R> {
    /// Nothing is read yet. `overlap` is how long the previous token counts after a rotation.
    pub fn new(reader: R, overlap: Duration, log: Log) -> Self {
        let unreadable = Unreadable { stage: Stage::Current, cause: Cause::NotYetRead };
        Self {
            reader,
            overlap,
            log,
            current: Kept::default(),
            previous: Previous::unneeded(),
            tried: None,
            failure: Failure { unreadable, ended: None },
        }
    }

    /// Whose token it is; nobody's if no version that counts has it. An error where that cannot be known.
    pub async fn caller(
        &mut self,
        token: &Token,
        now: SystemTime,
    ) -> Result<Option<Caller>, Unreadable> {
        self.settle(now);
        match self.current.age(now) {
            None => self.read_without_copy(now).await?,
            Some(age) if age > FRESH => self.read_again(now).await,
            Some(_) => {}
        }
        if let found @ Ok(Some(_)) = self.find(token, now) {
            return found;
        }
        if self.current.value().is_some() {
            self.read_again(now).await;
        }
        self.find(token, now)
    }

    /// Reads the secret, however old the copy is.
    pub async fn refresh(&mut self, now: SystemTime) -> Result<(), Unreadable> {
        self.tried = Some(now);
        let started = Instant::now();
        let deadline = started + LONGEST_READ;
        let current = match self.read(Stage::Current, deadline).await {
            Ok(current) => current,
            Err(unreadable) => {
                if unreadable.cause.is_definite() {
                    self.current.suspect(now);
                }
                let ended = Some(now + started.elapsed());
                self.failure = Failure { unreadable: unreadable.clone(), ended };
                return Err(unreadable);
            }
        };
        // Not the other way round, nor both at once: a rotation between the two reads would pair
        // the new AWSCURRENT with a version that is two rotations old, and let its tokens in once
        // more.
        if in_overlap(&current, self.overlap, now) {
            let read = self.read(Stage::Previous, deadline).await;
            self.previous.learn(&current.id, read, now);
        } else {
            self.previous = Previous::unneeded();
        }
        self.say_what_is_wrong_with(&current);
        self.current.keep(current, now);
        Ok(())
    }

    /// Drops what no longer serves.
    fn settle(&mut self, now: SystemTime) {
        self.current.settle(now);
        self.previous.settle(now);
    }

    /// Reads the secret, unless it is as unreadable as a moment ago.
    async fn read_without_copy(&mut self, now: SystemTime) -> Result<(), Unreadable> {
        let failed_just_now = if self.current.is_dropped() {
            since(self.tried, now) < BETWEEN_READS
        } else {
            self.failure.unreadable.cause == Cause::TimedOut
                && since(self.failure.ended, now) < AFTER_TIMEOUT
        };
        if failed_just_now {
            return Err(self.failure.unreadable.clone());
        }
        self.refresh(now).await
    }

    /// Reads the secret unless that was tried a moment ago. When it fails, the copy stays if it may.
    async fn read_again(&mut self, now: SystemTime) {
        if since(self.tried, now) < BETWEEN_READS {
            return;
        }
        let age = self.current.age(now).unwrap_or_default();
        if let Err(unreadable) = self.refresh(now).await {
            let fields =
                json!({ "error": unreadable.to_string(), "copy_age_seconds": age.as_secs() });
            if self.current.value().is_none() {
                let message = "the token secret is gone or may not be read; its copy is dropped";
                self.log.warn(message, &fields);
            } else if unreadable.cause.is_definite() {
                let message = "the token secret seems gone; a copy serves for less than 70 seconds";
                self.log.warn(message, &fields);
            } else {
                let message =
                    "the token secret could not be read; a copy serves for an hour at most";
                self.log.warn(message, &fields);
            }
        }
    }

    async fn read(&self, stage: Stage, deadline: Instant) -> Result<SecretVersion, Unreadable> {
        let read = timeout_at(deadline, self.reader.read(stage)).await;
        read.unwrap_or(Err(Unreadable { stage, cause: Cause::TimedOut }))
    }

    fn find(&self, token: &Token, now: SystemTime) -> Result<Option<Caller>, Unreadable> {
        let Some(current) = self.current.value() else {
            return Err(self.failure.unreadable.clone());
        };
        let previous = self.previous.version();
        let known = previous.unwrap_or_default();
        match (authorize(token, current, known, self.overlap, now), previous) {
            // A refusal would be cached, and the token may be in the version that nobody could read.
            (None, Err(unreadable)) if in_overlap(current, self.overlap, now) => {
                Err(unreadable.clone())
            }
            (caller, _) => Ok(caller),
        }
    }

    /// Logs what an operator should know of the versions that were just read: entries once for each
    /// version, an unread AWSPREVIOUS each time.
    fn say_what_is_wrong_with(&self, current: &SecretVersion) {
        if let Some(unreadable) = self.previous.failure() {
            let message = match self.previous.version() {
                Ok(_) => {
                    "AWSPREVIOUS of the token secret could not be read; the last one read serves \
                     until it is an hour old"
                }
                Err(_) => {
                    "AWSPREVIOUS of the token secret could not be read; until it can be, a token \
                     that AWSCURRENT does not name gets an error"
                }
            };
            self.log.warn(message, &json!({ "error": unreadable.to_string() }));
        }
        if self.current.value().is_some_and(|before| before.id == current.id) {
            return;
        }
        if !current.unusable.is_empty() {
            let fields = json!({ "version": current.id, "entries": current.unusable });
            self.log.warn("the token secret has entries that never authorise", &fields);
        }
        if current.tokens.is_empty() {
            let message = "the token secret names no cluster with a usable token, so every caller \
                           is refused; add a cluster with deploy/rotate-token --add";
            self.log.warn(message, &json!({ "version": current.id }));
        }
    }
}

#[cfg(test)]
mod tests;
