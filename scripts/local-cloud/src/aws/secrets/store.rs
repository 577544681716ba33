//! All secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::refusal::{marked_for_deletion, no_secret};
use super::secret::Secret;
use crate::aws::error::ApiError;

/// All secrets of the stack's account and Region.
pub(crate) struct Secrets(Mutex<Vec<Secret>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(redacted)")
    }
}

impl Secrets {
    /// Each text as the `AWSCURRENT` version of a secret that was made just now, and each file as a
    /// secret that holds what the file holds.
    pub(crate) fn new(
        region: &str,
        account: &str,
        texts: &BTreeMap<String, String>,
        files: &BTreeMap<String, PathBuf>,
    ) -> Secrets {
        let texts = texts.iter().map(|(name, text)| Secret::of_text(region, account, name, text));
        let files = files.iter().map(|(name, path)| Secret::of_file(region, account, name, path));
        Secrets(Mutex::new(texts.chain(files).collect()))
    }

    pub(super) fn with<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Secret) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = secrets.iter_mut().find(|secret| secret.is(id)).ok_or_else(no_secret)?;
        secret.renew()?;
        act(secret)
    }

    /// As [`Secrets::with`], of a secret that is not marked for deletion.
    pub(super) fn with_live<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Secret) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.with(id, |secret| {
            if secret.deletion.is_some() { Err(marked_for_deletion()) } else { act(secret) }
        })
    }

    /// Deletes a secret for good.
    pub(super) fn remove(&self, id: &str) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.retain(|secret| !secret.is(id));
    }
}
