//! Another version comes into force: shown, guarded against a change at the same time, and with its undo.
//!
//! `PutSecretValue` alone would overwrite what somebody else put meanwhile. So a new version gets a label of its own
//! first, and then `AWSCURRENT` moves from the version that was read: Secrets Manager refuses that where another version
//! has the label by then.

use std::fmt::Write as _;

use ecr_admission_policy::Timestamp;
use sha2::{Digest as _, Sha256};

use super::difference::difference;
use super::{Held, Target, labels};
use crate::check::aws::{CURRENT, SecretVersion};
use crate::read::Unusable;

/// What comes into force.
pub(in crate::policy) enum Next<'a> {
    /// A new version with this text.
    New(&'a str),
    /// A version that the secret has, and its text.
    Earlier(&'a SecretVersion, &'a str),
}

impl Next<'_> {
    fn text(&self) -> &str {
        match self {
            Self::New(text) | Self::Earlier(_, text) => text,
        }
    }
}

/// How the secret is to change.
pub(in crate::policy) struct Change<'a> {
    pub(in crate::policy) target: &'a Target,
    pub(in crate::policy) held: &'a Held,
    pub(in crate::policy) next: Next<'a>,
    pub(in crate::policy) now: Timestamp,
}

impl Change<'_> {
    /// The difference to the text in force, as lines.
    pub(in crate::policy) fn shown(&self) -> String {
        let new = match &self.next {
            Next::New(_) => "the new version".to_owned(),
            Next::Earlier(version, _) => format!("version {}", version.id),
        };
        match &self.held.in_force {
            // What is not a document may be another secret's.
            Some((version, _)) if self.held.document().is_none() => format!(
                "version {}, which is in force, is not a valid policy document, so the difference is not shown\n",
                version.id
            ),
            Some((version, text)) => {
                let old = format!("version {}, in force", version.id);
                difference((&old, text), (&new, self.next.text()))
            }
            None => difference(("nothing", ""), (&new, self.next.text())),
        }
    }

    /// Makes the change. What is in force then, and how to undo it, as lines.
    pub(in crate::policy) async fn make(&self) -> Result<String, Unusable> {
        let Self { target, held, next, .. } = self;
        let replaced = held.in_force.as_ref().map(|(version, _)| version);
        let outgoing = replaced.filter(|version| !labels::is_labeled(version));
        let id = match next {
            Next::New(text) => self.put(text, usize::from(outgoing.is_some())).await?,
            Next::Earlier(version, _) => version.id.clone(),
        };
        let from = replaced.map(|version| version.id.as_str());
        if let Err(problem) = target.versions.move_label(CURRENT, from, Some(&id)).await {
            self.explain(&id, problem).await?;
        }
        let mut lines = format!("version {id} is in force, {}\n", target.takes_effect());
        if let Some(version) = outgoing {
            // It is history from now on; without a label, Secrets Manager may delete it.
            let label = labels::at(version.created);
            if let Err(problem) = target.versions.move_label(&label, None, Some(&version.id)).await
            {
                let _ = writeln!(
                    lines,
                    "warning: version {} could not be labeled: {problem}",
                    version.id
                );
            }
        }
        if let Some(replaced) = replaced {
            let undo = target.command(&format!("restore {}", replaced.id));
            let _ = writeln!(lines, "to undo it:\n  {undo}");
        }
        Ok(lines)
    }

    /// Puts a version that is not in force yet; its id.
    async fn put(&self, text: &str, outgoing: usize) -> Result<String, Unusable> {
        let Self { target, held, now, .. } = self;
        let base = held.in_force.as_ref().map_or("", |(version, _)| &version.id);
        let id = version_id(base, text);
        if held.all.iter().any(|version| version.id == id) {
            // The same change was made before, and undone.
            return Ok(id);
        }
        for (label, version) in labels::to_remove(&held.all, 1 + outgoing) {
            let removed = target.versions.move_label(&label, Some(&version), None).await;
            removed.map_err(Unusable::Unreadable)?;
        }
        let put = target.versions.put(&id, text, &labels::at(*now)).await;
        put.map_err(Unusable::Unreadable)?;
        Ok(id)
    }

    /// Why `AWSCURRENT` did not move; nothing where it did after all, and only the answer was lost.
    async fn explain(&self, id: &str, problem: String) -> Result<(), Unusable> {
        let Self { target, held, next, .. } = self;
        let history = target.command("history");
        let all = target.versions.list().await.map_err(|_unreadable| {
            Unusable::Unreadable(format!(
                "{problem}; to see which version is in force, run: {history}"
            ))
        })?;
        let winner = all.iter().find(|version| version.has(CURRENT)).map(|version| &version.id);
        if winner.is_some_and(|winner| winner == id) {
            return Ok(());
        }
        // Unless it came into force before.
        if matches!(next, Next::New(_)) && held.all.iter().all(|version| version.id != id) {
            self.withdraw(id, &all).await;
        }
        let read = held.in_force.as_ref().map(|(version, _)| &version.id);
        Err(Unusable::Unreadable(match winner {
            Some(winner) if Some(winner) != read => format!(
                "somebody else changed the policy at the same time: version {winner} is in force, and this command changed \
                 nothing; see {history}, then run it again"
            ),
            Some(_) | None => format!("{problem}; nothing has changed"),
        }))
    }

    /// Takes the labels off a version that never came into force. Where that fails, it stays in the history.
    async fn withdraw(&self, id: &str, all: &[SecretVersion]) {
        let orphan = all.iter().find(|version| version.id == id);
        for label in orphan.iter().flat_map(|version| &version.labels) {
            let _ = self.target.versions.move_label(label, Some(id), None).await;
        }
    }
}

/// A UUID that follows from the version that is replaced and the new text, so that the same change is the same version
/// however often it is tried.
fn version_id(base: &str, text: &str) -> String {
    let hash = Sha256::new().chain_update(base).chain_update([0]).chain_update(text).finalize();
    let mut id = String::new();
    for (byte, at) in hash.iter().take(16).zip(0..) {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_id_follows_from_the_version_before_and_the_text() {
        let id = version_id("a", "b");
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id, version_id("a", "b"));
        assert_ne!(id, version_id("ab", ""));
        assert_ne!(id, version_id("a", "c"));
    }
}
