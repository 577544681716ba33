//! Cautions about names that no namespace can have.

use ecr_admission_policy::policy::pattern::Pattern;

use crate::policy::check::Explained;
use crate::policy::page::list;

/// The longest name of a namespace, which is a DNS label (RFC 1123).
const LONGEST: usize = 63;

pub(in crate::policy::check) fn cautions(explained: &Explained<'_>) -> Vec<String> {
    let document = explained.document;
    let mut names: Vec<&Pattern> = document.namespaces().map(|(it, _)| &it.namespace).collect();
    // They are sorted: a name has a place for each of its clusters.
    names.dedup();
    let modes = ("namespaces".to_owned(), names);
    let pin = ("pin".to_owned(), document.pin().unwrap_or_default().iter().collect());
    let exemptions = document
        .exemptions()
        .zip(1..)
        .map(|(it, number)| (format!("exemption {number}"), it.namespaces.iter().collect()));
    let registries = document.uninspected().flat_map(|it| &it.namespaces).collect();
    let registries = ("registries".to_owned(), registries);
    let places = [modes].into_iter().chain(exemptions).chain([registries, pin]);
    places.filter_map(|(place, names)| caution(&place, names)).collect()
}

fn caution(place: &str, names: Vec<&Pattern>) -> Option<String> {
    let impossible: Vec<&Pattern> = names.into_iter().filter(|name| !can_be(name)).collect();
    (!impossible.is_empty()).then(|| {
        format!("{place} lists names that no namespace can have, so they never apply: {}. A namespace has 1 to {LONGEST} lower-case letters, digits and -, and begins and ends with a letter or a digit.", list(impossible))
    })
}

/// Whether a namespace can have this name, or one that begins so.
pub(crate) fn can_be(pattern: &Pattern) -> bool {
    let text = pattern.to_string();
    let (stem, open) = text.strip_suffix('*').map_or((&*text, false), |stem| (stem, true));
    let accepted = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    // A name that begins so may continue, unless it is as long as a name can be.
    let may_continue = open && stem.len() < LONGEST;
    stem.len() <= LONGEST
        && stem.bytes().all(accepted)
        && !stem.starts_with('-')
        && (may_continue || !stem.ends_with('-'))
}
