//! The staging labels of this tool: one for each version that it puts or replaces, so that Secrets Manager keeps it.

use ecr_admission_policy::Timestamp;

use super::moment::in_full;
use crate::check::aws::{CURRENT, PREVIOUS, SecretVersion};

/// What every label of this tool begins with.
const START: &str = "policy-";

/// The number of versions that keep their label.
pub(super) const KEPT: usize = 15;

/// The number of staging labels that all versions of a secret have together (quotas of Secrets Manager).
const MOST: usize = 20;

/// The label of a version that was put at this instant.
pub(super) fn at(instant: Timestamp) -> String {
    // The form sorts by time, and every shell takes it for one word.
    format!("{START}{}", in_full(instant).replace(':', "-"))
}

/// Whether a version has a label of this tool.
pub(super) fn is_labeled(version: &SecretVersion) -> bool {
    version.labels.iter().any(|label| label.starts_with(START))
}

/// The labels to take away, the oldest first, so that `more` new ones have room. Never from the version in force or the
/// one before.
pub(super) fn to_remove(all: &[SecretVersion], more: usize) -> Vec<(String, String)> {
    let every: usize = all.iter().map(|version| version.labels.len()).sum();
    let ours: usize =
        all.iter().flat_map(|version| &version.labels).filter(|it| it.starts_with(START)).count();
    // Room for AWSPREVIOUS, which a secret with one version does not have yet.
    let has_previous = all.iter().any(|version| version.has(PREVIOUS));
    let to_come = more + usize::from(!has_previous);
    let surplus = (every + to_come).saturating_sub(MOST).max((ours + more).saturating_sub(KEPT));
    let removable = all.iter().filter(|version| !version.has(CURRENT) && !version.has(PREVIOUS));
    let mut labels: Vec<(String, String)> = removable
        .flat_map(|version| version.labels.iter().map(|label| (label.clone(), version.id.clone())))
        .filter(|(label, _)| label.starts_with(START))
        .collect();
    labels.sort();
    labels.truncate(surplus);
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: usize, labels: &[&str]) -> SecretVersion {
        let created = Timestamp::from_seconds(i64::try_from(number).unwrap());
        let mut labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
        labels.push(at(created));
        SecretVersion { id: format!("v{number}"), created, labels }
    }

    /// Versions with a label each, of which the last is in force.
    fn versions(count: usize) -> Vec<SecretVersion> {
        let label = |number| match count - number {
            0 => &[CURRENT][..],
            1 => &[PREVIOUS],
            _ => &[],
        };
        (1..=count).rev().map(|number| version(number, label(number))).collect()
    }

    #[test]
    fn a_label_sorts_by_time_and_says_it_in_full() {
        let midnight: Timestamp = "2026-11-27".parse().unwrap();
        assert_eq!(at(midnight), "policy-2026-11-27T00-00-00Z");
    }

    #[test]
    fn the_oldest_labels_make_room() {
        let removed = |all: &[SecretVersion], more| -> Vec<String> {
            to_remove(all, more).into_iter().map(|(_, version)| version).collect()
        };
        assert!(removed(&versions(14), 1).is_empty());
        assert_eq!(removed(&versions(15), 1), ["v1"]);
        assert_eq!(removed(&versions(15), 2), ["v1", "v2"]);
        // Labels of others need room too, and are left alone.
        let mut all = versions(14);
        all[13].labels.extend(["a", "b", "c", "d"].map(str::to_owned));
        assert_eq!(removed(&all, 1), ["v1"]);
        // An old version that is in force again keeps its label.
        let mut all = versions(15);
        for version in &mut all {
            version.labels.retain(|label| label != CURRENT && label != PREVIOUS);
        }
        all[14].labels.push(CURRENT.to_owned());
        all[13].labels.push(PREVIOUS.to_owned());
        assert_eq!(removed(&all, 1), ["v3"]);
    }
}
