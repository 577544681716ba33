//! Cautions about rules that do not deny.

use ecr_admission_policy::policy::modes::Modes;
use ecr_admission_policy::{Enforcement, Rule};

use crate::check::Explained;
use crate::check::modes::{Place, places};
use crate::page::list;

pub(super) fn cautions(explained: &Explained<'_>) -> Vec<String> {
    let places = places(explained.document);
    let earlier = [
        (Rule::EcrRegistry, "an image outside the allowed registries"),
        (Rule::ImageAvailable, "an image that is missing, or that could not be looked up,"),
    ];
    let earlier = earlier.into_iter().filter_map(|(rule, image)| {
        let lax = lax(&places, rule, |modes| later_denies(explained, rule, modes));
        (!lax.is_empty()).then(|| {
            format!("{rule} does not deny in these namespaces, and later rules do: {}. That lets nothing in: {image} has no facts that the later rules could judge, so those that deny still deny it.", list(lax))
        })
    });
    let findings = lax(&places, Rule::ScanFindings, |_| true);
    let nowhere = (findings.len() == places.len()).then(|| {
        format!(
            "scan-findings denies nowhere: {}. No finding and no missing scan keeps a Pod out.",
            list(findings)
        )
    });
    let denies = |modes: &Modes| Rule::ALL.iter().any(|rule| modes.of(*rule) == Enforcement::Deny);
    let all = places.iter().find(|place| place.name == "*" && !denies(&place.modes)).map(|_| {
        "namespaces gives * modes of which none is deny: nothing is denied in any namespace that no other entry names."
            .to_owned()
    });
    earlier.chain(nowhere).chain(all).collect()
}

/// `staging (warn), team-* (audit)`: where the rule does not deny and `also` holds.
fn lax(places: &[Place], rule: Rule, also: impl Fn(&Modes) -> bool) -> Vec<String> {
    places
        .iter()
        .filter(|place| place.modes.of(rule) < Enforcement::Deny && also(&place.modes))
        .map(|place| format!("{} ({})", place.name, place.modes.of(rule)))
        .collect()
}

/// Whether a rule that is judged after `rule` denies.
fn later_denies(explained: &Explained<'_>, rule: Rule, modes: &Modes) -> bool {
    let judged = |later: &Rule| match later {
        Rule::Pinned => explained.policy.pinned,
        Rule::ImageConfig => explained.policy.image_config.is_on(),
        Rule::EcrRegistry
        | Rule::ImageAvailable
        | Rule::TagImmutability
        | Rule::ScanOnPush
        | Rule::ScanFindings => true,
    };
    Rule::ALL
        .into_iter()
        .filter(|later| *later > rule && judged(later))
        .any(|later| modes.of(later) == Enforcement::Deny)
}
