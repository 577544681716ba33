//! Cautions about rules that do not deny.

use ecr_admission_policy::policy::modes::Modes;
use ecr_admission_policy::policy::pinning::Pinning;
use ecr_admission_policy::{Mode, Rule};

use crate::policy::check::Explained;
use crate::policy::check::modes::{Place, places};
use crate::policy::page::list;

pub(super) fn cautions(explained: &Explained<'_>) -> Vec<String> {
    let places = places(explained.document);
    let earlier = [
        (Rule::EcrRegistry, "an image outside the allowed registries"),
        (Rule::ImageAvailable, "an image that is missing, or that could not be looked up,"),
    ];
    let earlier = earlier.into_iter().filter_map(|(rule, image)| {
        let lax = lax(&places, rule, |modes| later_denies(explained, rule, modes));
        (!lax.is_empty()).then(|| {
            format!("{rule} does not deny in these namespaces, but later rules do: {}. That admits nothing more: {image} has no facts for the later rules, so those that deny still deny it.", list(lax))
        })
    });
    let findings = lax(&places, Rule::ScanFindings, |_| true);
    let nowhere = (findings.len() == places.len()).then(|| {
        format!(
            "scan-findings denies nowhere: {}. No finding and no missing scan denies a Pod.",
            list(findings)
        )
    });
    let denies = |modes: &Modes| Rule::ALL.iter().any(|rule| modes.of(*rule) == Mode::Deny);
    let all = places.iter().filter(|place| place.name == "*" && !denies(&place.modes)).map(|place| {
        format!("the entry for {place} in namespaces has no mode deny: nothing is denied in a namespace that no other entry names.")
    });
    earlier.chain(nowhere).chain(all).collect()
}

/// `staging (warn), team-* (audit)`: where the rule does not deny and `also` holds.
fn lax(places: &[Place], rule: Rule, also: impl Fn(&Modes) -> bool) -> Vec<String> {
    places
        .iter()
        .filter(|place| place.modes.of(rule) < Mode::Deny && also(&place.modes))
        .map(|place| format!("{place} ({})", place.modes.of(rule)))
        .collect()
}

/// Whether a rule that is evaluated after `rule` denies.
fn later_denies(explained: &Explained<'_>, rule: Rule, modes: &Modes) -> bool {
    let policy = &explained.policy;
    let off = |later: &Rule| {
        *later == Rule::Pinned && policy.pinning == Pinning::Off
            || *later == Rule::ImageConfig && !policy.image_config.is_on()
            || *later == Rule::Signed && !policy.signed.is_on()
    };
    Rule::ALL
        .into_iter()
        .filter(|later| *later > rule && !off(later))
        .any(|later| modes.of(later) == Mode::Deny)
}
