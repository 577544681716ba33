//! What expires: accepted vulnerabilities and exemptions, the soonest first.

use ecr_admission_policy::Timestamp;
use ecr_admission_policy::document::Expiring;
use ecr_admission_policy::policy::clusters::Clusters;
use ecr_admission_policy::policy::exemption::Exemption;
use ecr_admission_policy::policy::pattern::Pattern;
use ecr_admission_policy::policy::registry_scope::RegistryScope;
use ecr_admission_policy::policy::scan_findings::Accepted;
use ecr_admission_policy::text::quote;

use super::Explained;
use crate::policy::page::{Page, list};

/// The longest name, owner or reason, in characters: as much as a document can hold.
const SHOWN: usize = 256;

/// Seconds of a day.
const DAY: i64 = 86_400;

pub(super) fn explain(page: &mut Page, explained: &Explained<'_>) {
    page.title("Accepted and exempt, the soonest to expire first");
    let Explained { document, now, .. } = *explained;
    let accepted = explained.policy.scan_findings.accepted.iter().map(covers);
    let scopes = accepted.chain(document.exemptions().map(exempts));
    let mut entries: Vec<(Expiring<'_>, String)> = document.expiring().zip(scopes).collect();
    entries.sort_by_key(|(entry, _)| entry.excuse.expires);
    if entries.is_empty() {
        page.note("nothing");
    }
    for (Expiring { name, excuse }, scope) in entries {
        let (owner, reason) = (quote(&excuse.owner, SHOWN), quote(&excuse.reason, SHOWN));
        let until = if excuse.holds_at(now) { "until" } else { "expired at" };
        let expires = excuse.expires;
        page.row(
            &left(expires, now),
            &format!("{name} {until} {expires}; {scope}; owner {owner}, reason {reason}"),
        );
    }
}

/// `EXPIRED`, `5 days left`.
pub(super) fn left(expires: Timestamp, now: Timestamp) -> String {
    let seconds = expires.seconds().saturating_sub(now.seconds());
    match (seconds, seconds / DAY) {
        (..=0, _) => "EXPIRED".to_owned(),
        (_, 0) => "less than a day".to_owned(),
        (_, 1) => "1 day left".to_owned(),
        (_, days) => format!("{days} days left"),
    }
}

fn covers(accepted: &Accepted) -> String {
    let scope = &accepted.scope;
    let repositories =
        scope.repositories().map(|names| format!("in the repositories {}", list(names)));
    let repositories = repositories.unwrap_or("in every repository".to_owned());
    let registries = registries(scope).map(|names| format!(" of {names}"));
    let clusters = clusters(&accepted.clusters).map(|names| format!(" for {names}"));
    [repositories, registries.unwrap_or_default(), clusters.unwrap_or_default()].concat()
}

/// `accounts 1, 2 and Regions us-east-1`; `None` where all registries are meant.
pub(super) fn registries(scope: &RegistryScope) -> Option<String> {
    let accounts = scope.accounts().map(|names| format!("accounts {}", list(names)));
    let regions = scope.regions().map(|names| format!("Regions {}", list(names)));
    let named: Vec<String> = accounts.into_iter().chain(regions).collect();
    (!named.is_empty()).then(|| named.join(" and "))
}

/// `clusters blue, prod-*`; `None` where all are meant.
fn clusters(clusters: &Clusters) -> Option<String> {
    (!clusters.is_all()).then(|| format!("clusters {clusters}"))
}

fn exempts(exemption: &Exemption) -> String {
    let Exemption { rules, scope, namespaces, users, .. } = exemption;
    let clusters = clusters(&exemption.clusters);
    let patterns = |what: &str, names: &[Pattern]| {
        (!names.is_empty()).then(|| format!("{what} {}", list(names)))
    };
    let users: Vec<String> = users.iter().map(|user| quote(user, SHOWN)).collect();
    let limits = [
        registries(scope),
        patterns("repositories", scope.repositories().unwrap_or_default()),
        clusters,
        patterns("namespaces", namespaces),
        (!users.is_empty()).then(|| format!("users {}", list(users))),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    format!("from {}, for {}", list(rules), limits.join(" and "))
}
