//! The policy that is in force: the last good copy of the operator's document, and when its secret is
//! read again.
//!
//! Nothing loosens by an error. Without a secret the parameters judge. With one they never do alone:
//! while it cannot be read, or what was read is no policy document, the last good copy of the sandbox
//! judges, and without one nothing is judged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ecr_admission_lambda::Log;
use ecr_admission_policy::{Document, Timestamp};
use serde::Serialize;
use tokio::time::Instant;

use crate::policy_secret::{LONGEST_RENEWAL, PolicyVersion, ReadPolicy};

/// How long a failed reading is left alone while a good copy judges.
pub const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How often the entries that end soon are logged.
const DAY_MS: u64 = 86_400_000;

/// What is in force.
#[derive(Debug, Clone)]
pub enum InForce {
    /// No secret is configured: the parameters alone.
    Parameters,
    /// A document.
    Document(Copy),
    /// A secret is configured, and no good copy of it is here: why.
    Unavailable(String),
}

/// A document that was read and found good.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The document.
    pub document: Arc<Document>,
    /// The version of the secret that it is.
    pub version: Arc<str>,
    /// Whether a newer reading failed, so that it may not be what the operator wants any more.
    pub outdated: bool,
}

/// Keeps the last good copy.
#[derive(Debug)]
pub struct PolicyCopy<R> {
    reader: Option<R>,
    keep: Duration,
    log: Log,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    good: Option<(Arc<Document>, Arc<str>)>,
    /// When the last reading began that succeeded, in milliseconds since the Unix epoch.
    read_ms: Option<u64>,
    /// The last reading, if it failed: when it began, and why.
    failed: Option<(u64, String)>,
    /// When the entries that end soon were logged.
    told_ms: Option<u64>,
}

#[derive(Serialize)]
struct Read<'a> {
    version: &'a str,
}

#[derive(Serialize)]
struct NotRead<'a> {
    secret: &'a str,
    error: &'a str,
}

#[derive(Serialize)]
struct Ending<'a> {
    entry: &'a str,
    owner: &'a str,
    expires: String,
}

impl<R: ReadPolicy> PolicyCopy<R> {
    /// Nothing is read yet. A copy is read again when it is older than `keep`; with no reader the
    /// parameters are in force.
    pub fn new(reader: Option<R>, keep: Duration, log: Log) -> Self {
        Self { reader, keep, log, state: Mutex::default() }
    }

    /// What is in force at `now_ms` (milliseconds since the Unix epoch), read now if there is no good
    /// copy, however old the copy is if there is one.
    pub async fn at_hand(&self, deadline: Instant, now_ms: u64) -> InForce {
        if self.reader.is_some() && self.state().good.is_none() {
            self.read(deadline, now_ms).await;
        }
        self.in_force()
    }

    /// What is in force, read now if the copy is older than it may be.
    pub async fn renewed(&self, deadline: Instant, now_ms: u64) -> InForce {
        if self.reader.is_some() && self.is_due(now_ms) {
            let has_copy = self.state().good.is_some();
            let renewal = Instant::now() + LONGEST_RENEWAL;
            let deadline = if has_copy { deadline.min(renewal) } else { deadline };
            self.read(deadline, now_ms).await;
        }
        self.in_force()
    }

    fn in_force(&self) -> InForce {
        if self.reader.is_none() {
            return InForce::Parameters;
        }
        let state = self.state();
        match (&state.good, &state.failed) {
            (Some((document, version)), failed) => InForce::Document(Copy {
                document: Arc::clone(document),
                version: Arc::clone(version),
                outdated: failed.is_some(),
            }),
            (None, Some((_, why))) => InForce::Unavailable(why.clone()),
            (None, None) => InForce::Unavailable("it was not read yet".to_owned()),
        }
    }

    /// By the wall clock, since a monotonic one may stand still while Lambda freezes the sandbox. A
    /// clock that was set back makes a copy old.
    fn is_due(&self, now_ms: u64) -> bool {
        let older = |then: u64, limit: Duration| {
            now_ms.checked_sub(then).is_none_or(|age| u128::from(age) >= limit.as_millis())
        };
        let state = self.state();
        match (&state.good, &state.failed) {
            (None, _) => true,
            (Some(_), Some((then, _))) => older(*then, AFTER_FAILURE.min(self.keep)),
            (Some(_), None) => state.read_ms.is_none_or(|then| older(then, self.keep)),
        }
    }

    async fn read(&self, deadline: Instant, now_ms: u64) {
        let Some(reader) = &self.reader else { return };
        match reader.read(deadline).await {
            Ok(version) => self.take(&version, now_ms),
            Err(unreadable) => self.fail(unreadable.cause.to_string(), &unreadable.detail, now_ms),
        }
    }

    fn take(&self, read: &PolicyVersion, now_ms: u64) {
        let known = self.state().good.as_ref().is_some_and(|(_, version)| **version == *read.id);
        if !known || read.id.is_empty() {
            match Document::from_yaml(&read.text) {
                Err(invalid) => {
                    let why = "it is no policy document".to_owned();
                    // Never its text: with a wrong ARN, it is another secret's.
                    let detail = format!(
                        "version {}: {}; deploy/policy check shows what is wrong",
                        read.id,
                        invalid.without_text()
                    );
                    return self.fail(why, &detail, now_ms);
                }
                Ok(document) => {
                    let mut state = self.state();
                    state.good = Some((document.into(), read.id.as_str().into()));
                    state.told_ms = None;
                    self.log.info("policy read", &Read { version: &read.id });
                }
            }
        }
        let mut state = self.state();
        (state.read_ms, state.failed) = (Some(now_ms), None);
        drop(state);
        self.tell_endings(now_ms);
    }

    fn fail(&self, why: String, detail: &str, now_ms: u64) {
        let mut state = self.state();
        let has_copy = state.good.is_some();
        state.failed = Some((now_ms, why));
        drop(state);
        let secret = self.reader.as_ref().map_or("", ReadPolicy::secret);
        let fields = NotRead { secret, error: detail };
        if has_copy {
            self.log.error("policy could not be read; the last good copy judges", &fields);
        } else {
            self.log.error("policy unavailable; every review is denied", &fields);
        }
    }

    /// Logs what ends soon or has ended, once a day and whenever the document changes.
    fn tell_endings(&self, now_ms: u64) {
        let mut state = self.state();
        let told = state.told_ms.is_some_and(|then| now_ms.saturating_sub(then) < DAY_MS);
        let Some((document, _)) = state.good.as_ref().filter(|_| !told) else { return };
        let document = Arc::clone(document);
        state.told_ms = Some(now_ms);
        drop(state);
        let now = timestamp(now_ms);
        for entry in document.entries() {
            let excuse = entry.excuse;
            let expires = excuse.expires.to_string();
            let fields = Ending { entry: &entry.name, owner: &excuse.owner, expires };
            if !excuse.holds_at(now) {
                self.log.warn("policy entry has expired", &fields);
            } else if excuse.ends_soon(now) {
                self.log.warn("policy entry expires soon", &fields);
            }
        }
    }

    /// A panic elsewhere must not take the copy with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The instant in milliseconds since the Unix epoch, as the policy core has it.
pub fn timestamp(now_ms: u64) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(now_ms / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[path = "policy_copy_tests.rs"]
mod tests;
