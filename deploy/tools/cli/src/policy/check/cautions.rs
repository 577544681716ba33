//! What is valid but may not be what the operator means.

use ecr_admission_policy::document::MAX_BYTES;
use ecr_admission_policy::policy::excuse::NOTICE_DAYS;

use super::{Explained, expiring};
use crate::policy::page::Page;

mod broad_exemptions;
pub(crate) mod impossible_namespaces;
mod lax_modes;
mod not_allowed_registries;
mod powerful_users;
mod several_accounts;
mod uninspected;

/// Days of the longest ten years, those with three leap years.
const TEN_YEARS: u16 = 3_653;

pub(super) fn explain(page: &mut Page, explained: &Explained<'_>) {
    let cautions = all(explained);
    page.title("Cautions");
    if cautions.is_empty() {
        page.note("none");
    }
    for caution in cautions {
        page.item(&caution);
    }
}

pub(super) fn all(explained: &Explained<'_>) -> Vec<String> {
    expiry(explained)
        .into_iter()
        .chain(powerful_users::cautions(explained))
        .chain(broad_exemptions::cautions(explained))
        .chain(lax_modes::cautions(explained))
        .chain(impossible_namespaces::cautions(explained))
        .chain(uninspected::cautions(explained))
        .chain(not_allowed_registries::cautions(explained))
        .chain(several_accounts::caution(explained))
        .chain(size(explained.bytes))
        .collect()
}

/// What has expired first, then what expires soon, then what never expires in practice.
fn expiry(explained: &Explained<'_>) -> Vec<String> {
    let now = explained.now;
    let mut entries: Vec<_> = explained.document.expiring().collect();
    entries.sort_by_key(|entry| entry.excuse.expires);
    let cautions = entries.into_iter().filter_map(|entry| {
        let (name, expires) = (entry.name, entry.excuse.expires);
        if !entry.excuse.holds_at(now) {
            return Some(format!(
                "{name} expired at {expires} and no longer has an effect; remove it or renew it."
            ));
        }
        let left = expiring::left(expires, now);
        if now.plus_days(TEN_YEARS) < expires {
            return Some(format!(
                "{name} expires at {expires}, more than ten years from now ({left}). An entry that nobody has to renew is never reviewed; give it an earlier date."
            ));
        }
        entry.excuse.expires_soon(now).then(|| {
            format!("{name} expires within {NOTICE_DAYS} days ({left}). Until then, what passes by it gets a warning; after that, it no longer counts.")
        })
    });
    cautions.collect()
}

/// From nine tenths on: with a few more exemptions, the document would be refused.
fn size(bytes: usize) -> Option<String> {
    (bytes > MAX_BYTES / 10 * 9).then(|| {
        format!("It has {bytes} bytes. A secret holds {MAX_BYTES}; a longer document is refused.")
    })
}
