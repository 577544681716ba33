//! The policy that is in force: the good copy of the operator's document, and when its secret is read
//! again.
//!
//! An error never makes the policy less strict. Without a secret the parameters alone are the policy. With
//! one they never are: while it cannot be read, or what was read is not a policy document, the good copy of
//! the sandbox stays in force, and without one every review is denied.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use ecr_admission_lambda::{GoodCopy, Log};
use ecr_admission_policy::{Document, Timestamp};
use serde::Serialize;
use tokio::time::Instant;

use crate::events::{
    POLICY_ENTRY_EXPIRED, POLICY_ENTRY_EXPIRES_SOON, POLICY_READ, POLICY_UNAVAILABLE,
    POLICY_UNREADABLE,
};
use crate::policy_secret::{LONGEST_RENEWAL, PolicyVersion, ReadPolicy};

/// How long a failed reading is not repeated while a good copy is at hand.
pub const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How often the entries that expire soon are logged.
const DAY_MS: u64 = 86_400_000;

/// What is in force.
#[derive(Debug, Clone)]
pub enum InForce {
    /// No secret is configured: the parameters alone.
    Parameters,
    /// A document.
    Document(DocumentCopy),
    /// A secret is configured, and there is no good copy of it: why.
    Unavailable(String),
}

/// The good copy of the document.
#[derive(Debug, Clone)]
pub struct DocumentCopy {
    /// The document.
    pub document: Arc<Document>,
    /// Which version of the secret it is.
    pub version: Arc<str>,
    /// Whether a newer reading failed, so that it may no longer be what the operator wants.
    pub outdated: bool,
}

/// Keeps the good copy and renews it.
#[derive(Debug)]
pub struct PolicyCopy<R> {
    reader: Option<R>,
    keep: Duration,
    log: Log,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The document with its version, and why the last reading failed.
    copy: GoodCopy<(Arc<Document>, Arc<str>), String>,
    /// When the entries that expire soon were logged for this document.
    reminded_ms: Option<u64>,
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
struct ExpiringEntry<'a> {
    entry: &'a str,
    owner: &'a str,
    expires: String,
}

impl<R: ReadPolicy> PolicyCopy<R> {
    /// Nothing is read so far. A copy is renewed when it is older than `keep`; with no reader the parameters
    /// are in force.
    pub fn new(reader: Option<R>, keep: Duration, log: Log) -> Self {
        Self { reader, keep, log, state: Mutex::default() }
    }

    /// What is in force at `now_ms` (milliseconds since the Unix epoch), read now if there is no good
    /// copy, however old the copy is if there is one.
    pub async fn at_hand(&self, deadline: Instant, now_ms: u64) -> InForce {
        if self.reader.is_some() && self.state().copy.at_hand().is_none() {
            self.read(deadline, now_ms).await;
        }
        self.in_force()
    }

    /// What is in force at `now_ms`, read now if the good copy is older than it may be.
    pub async fn renewed(&self, deadline: Instant, now_ms: u64) -> InForce {
        if self.reader.is_some() && self.is_due(instant(now_ms)) {
            let has_copy = self.state().copy.at_hand().is_some();
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
        let State { copy, .. } = &*self.state();
        match (copy.at_hand(), copy.failure()) {
            (Some((document, version)), failure) => InForce::Document(DocumentCopy {
                document: Arc::clone(document),
                version: Arc::clone(version),
                outdated: failure.is_some(),
            }),
            (None, Some(why)) => InForce::Unavailable(why.clone()),
            (None, None) => InForce::Unavailable("it was not read yet".to_owned()),
        }
    }

    fn is_due(&self, now: SystemTime) -> bool {
        let State { copy, .. } = &*self.state();
        match copy.age(now) {
            None => true,
            Some(_) if copy.failure().is_some() => {
                copy.since_tried(now) >= AFTER_FAILURE.min(self.keep)
            }
            Some(age) => age >= self.keep,
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
        if self.is_at_hand(&read.id) {
            self.state().copy.confirm(instant(now_ms));
        } else {
            match Document::from_yaml(&read.text) {
                Err(invalid) => {
                    let why = "it is not a policy document".to_owned();
                    // Never its text: with a wrong ARN, it is another secret's.
                    let detail = format!(
                        "version {}: {}; deploy/policy check shows what is wrong",
                        read.id,
                        invalid.without_text()
                    );
                    return self.fail(why, &detail, now_ms);
                }
                Ok(document) => {
                    let copy = (document.into(), read.id.as_str().into());
                    let mut state = self.state();
                    state.copy.renew(copy, instant(now_ms));
                    state.reminded_ms = None;
                    drop(state);
                    self.log.info(POLICY_READ, "policy read", &Read { version: &read.id });
                }
            }
        }
        self.remind(now_ms);
    }

    /// Whether the good copy is this version. Without an id no two versions are the same.
    fn is_at_hand(&self, version: &str) -> bool {
        let at_hand = |(_, of): &(_, Arc<str>)| !version.is_empty() && **of == *version;
        self.state().copy.at_hand().is_some_and(at_hand)
    }

    fn fail(&self, why: String, detail: &str, now_ms: u64) {
        let mut state = self.state();
        state.copy.fail(why, instant(now_ms));
        let has_copy = state.copy.at_hand().is_some();
        drop(state);
        let secret = self.reader.as_ref().map_or("", ReadPolicy::secret);
        let fields = NotRead { secret, error: detail };
        if has_copy {
            let message = "policy could not be read; using the last good copy";
            self.log.error(POLICY_UNREADABLE, message, &fields);
        } else {
            self.log.error(
                POLICY_UNAVAILABLE,
                "policy unavailable; every review is denied",
                &fields,
            );
        }
    }

    /// Logs the entries that have expired or expire soon: once a day, and whenever the document changes.
    fn remind(&self, now_ms: u64) {
        let mut state = self.state();
        // A clock that was set back does not repeat the reminder.
        if state.reminded_ms.is_some_and(|then| now_ms.saturating_sub(then) < DAY_MS) {
            return;
        }
        let Some((document, _)) = state.copy.at_hand() else { return };
        let document = Arc::clone(document);
        state.reminded_ms = Some(now_ms);
        drop(state);
        let now = timestamp(now_ms);
        for entry in document.expiring() {
            let excuse = entry.excuse;
            let expires = excuse.expires.to_string();
            let fields = ExpiringEntry { entry: &entry.name, owner: &excuse.owner, expires };
            if !excuse.holds_at(now) {
                self.log.warn(POLICY_ENTRY_EXPIRED, "policy entry has expired", &fields);
            } else if excuse.expires_soon(now) {
                self.log.warn(POLICY_ENTRY_EXPIRES_SOON, "policy entry expires soon", &fields);
            }
        }
    }

    /// A panic elsewhere must not take the copy with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wall clock, as the good copy has it.
fn instant(now_ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms)
}

/// The instant in milliseconds since the Unix epoch, as the policy core has it.
pub fn timestamp(now_ms: u64) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(now_ms / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
