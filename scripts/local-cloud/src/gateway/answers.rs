//! API Gateway's memory of what an authorizer answered.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::authorizer::IdentitySources;

/// The answers of an authorizer, by the whole values of all identity sources.
pub(super) struct Answers<T> {
    ttl: Duration,
    remembered: Mutex<HashMap<Vec<String>, (Instant, T)>>,
}

impl<T: Clone> Answers<T> {
    /// Without identity sources nothing is remembered, whatever the `ttl`.
    pub(super) fn new(sources: IdentitySources, ttl: Duration) -> Self {
        let ttl = if sources == IdentitySources::None { Duration::ZERO } else { ttl };
        Self { ttl, remembered: Mutex::default() }
    }

    /// What was answered for these values, if that is not too long ago.
    pub(super) fn recall(&self, identity: &[String]) -> Option<T> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, answer) = remembered.get(identity)?;
        (since.elapsed() < self.ttl).then(|| answer.clone())
    }

    /// Remembers an answer, and forgets those that are too old.
    pub(super) fn remember(&self, identity: Vec<String>, answer: &T) {
        if self.ttl.is_zero() {
            return;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.retain(|_, (since, _)| since.elapsed() < self.ttl);
        remembered.insert(identity, (Instant::now(), answer.clone()));
    }

    /// Forgets all answers.
    pub(super) fn forget(&self) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The keys are tokens, and an answer may hold a key: both stay out of every output.
impl<T> fmt::Debug for Answers<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_mins(5);

    fn identity() -> Vec<String> {
        vec!["Bearer SECRET".to_owned()]
    }

    #[test]
    fn an_answer_is_recalled_by_all_values_until_it_is_forgotten() {
        let answers = Answers::new(IdentitySources::Header, TTL);
        answers.remember(identity(), &1);
        assert_eq!(answers.recall(&identity()), Some(1));
        assert_eq!(answers.recall(&["Bearer other".to_owned()]), None);
        assert!(!format!("{answers:?}").contains("SECRET"));
        answers.forget();
        assert_eq!(answers.recall(&identity()), None);
    }

    #[test]
    fn nothing_is_remembered_without_time_or_identity() {
        for (sources, ttl) in
            [(IdentitySources::None, TTL), (IdentitySources::Header, Duration::ZERO)]
        {
            let answers = Answers::new(sources, ttl);
            answers.remember(identity(), &1);
            assert_eq!(answers.recall(&identity()), None, "{sources:?}");
        }
    }
}
