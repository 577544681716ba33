//! What is accepted and may yet not be what the operator means.

use ecr_admission_policy::document::MAX_BYTES;
use ecr_admission_policy::policy::excuse::NOTICE_DAYS;

use super::{Explained, endings};
use crate::page::Page;

mod accounts;
mod exemptions;
mod modes;
mod namespaces;
mod people;
mod registries;

/// Days of the longest ten years, those with three leap years.
const TEN_YEARS: u16 = 3_653;

pub(super) fn explain(page: &mut Page, explained: &Explained<'_>) {
    let cautions = ends(explained)
        .into_iter()
        .chain(people::cautions(explained))
        .chain(exemptions::cautions(explained))
        .chain(modes::cautions(explained))
        .chain(namespaces::cautions(explained))
        .chain(registries::cautions(explained))
        .chain(accounts::caution(explained))
        .chain(size(explained.bytes));
    let cautions: Vec<String> = cautions.collect();
    page.title("Cautions");
    if cautions.is_empty() {
        page.note("none");
    }
    for caution in cautions {
        page.item(&caution);
    }
}

/// What has expired first, then what ends soon, then what hardly ever ends.
fn ends(explained: &Explained<'_>) -> Vec<String> {
    let now = explained.now;
    let mut entries: Vec<_> = explained.document.entries().collect();
    entries.sort_by_key(|entry| entry.excuse.expires);
    let told = entries.into_iter().filter_map(|entry| {
        let (name, expires) = (entry.name, entry.excuse.expires);
        if !entry.excuse.holds_at(now) {
            return Some(format!(
                "{name} expired at {expires} and has no effect any more; take it out or renew it."
            ));
        }
        let left = endings::left(expires, now);
        if now.plus_days(TEN_YEARS) < expires {
            return Some(format!(
                "{name} ends at {expires}, more than ten years from now ({left}). An entry that nobody has to renew is never reviewed; give it an end that its owner will see."
            ));
        }
        entry.excuse.ends_soon(now).then(|| {
            format!("{name} ends within {NOTICE_DAYS} days ({left}); what passes by it is warned of until then, and judged without it after.")
        })
    });
    told.collect()
}

/// Nine tenths are close: a few more exemptions, and the document is refused.
fn size(bytes: usize) -> Option<String> {
    (bytes > MAX_BYTES / 10 * 9).then(|| {
        format!("It has {bytes} bytes. A secret holds {MAX_BYTES}; a longer document is refused.")
    })
}
