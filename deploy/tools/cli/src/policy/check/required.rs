//! What keeps a rule from denying every violation, for a tool that relies on it.

use ecr_admission_policy::document::Document;
use ecr_admission_policy::{Mode, Rule, Timestamp};

use super::modes::places;

/// Everything in the document by which a violation of `rule` may be admitted at `now`, one phrase each.
pub(super) fn loosened(document: &Document, rule: Rule, now: Timestamp) -> Vec<String> {
    let modes = places(document).into_iter().filter_map(|place| {
        let mode = place.modes.of(rule);
        (mode < Mode::Deny).then(|| format!("mode {mode} in namespace {place}"))
    });
    let exemptions = document.exemptions().enumerate().filter_map(|(index, exemption)| {
        let holds = exemption.rules.contains(&rule) && exemption.excuse.holds_at(now);
        holds.then(|| format!("exemption {}", index + 1))
    });
    let groups = document.break_glass().is_some_and(|allowed| allowed.groups().next().is_some());
    modes.chain(exemptions).chain(groups.then(|| "breakGlass".to_owned())).collect()
}
