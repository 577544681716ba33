//! Cautions about exemptions that exempt nearly everything.

use ecr_admission_policy::Rule;
use ecr_admission_policy::policy::exemption::Exemption;
use ecr_admission_policy::policy::pattern::Pattern;
use ecr_admission_policy::text::quote;

use crate::policy::check::Explained;
use crate::policy::page::list;

pub(super) fn cautions(explained: &Explained<'_>) -> Vec<String> {
    let entries = explained.document.exemptions().zip(1..);
    let holding = entries.filter(|(exemption, _)| exemption.excuse.holds_at(explained.now));
    holding.filter_map(|(exemption, number)| caution(exemption, number)).collect()
}

fn caution(exemption: &Exemption, number: usize) -> Option<String> {
    let Exemption { rules, scope, clusters, namespaces, users, excuse } = exemption;
    let expires = excuse.expires;
    let everywhere = namespaces.is_empty() || has_star(namespaces);
    let repositories = scope.repositories();
    let every_image = scope.accounts().is_none()
        && scope.regions().is_none()
        && repositories.is_none_or(has_star);
    if !everywhere || !every_image {
        return None;
    }
    let users: Vec<String> = users.iter().map(|user| quote(user, 128)).collect();
    let (of, there) = if clusters.is_all() {
        (String::new(), "")
    } else {
        (format!(" of clusters {clusters}"), " there")
    };
    let all_rules = Rule::ALL.iter().all(|rule| rules.contains(rule));
    match (all_rules, users.is_empty()) {
        (true, true) => Some(format!(
            "exemption {number} covers all rules, every namespace and every image{of}: nothing is denied{there} until {expires}."
        )),
        (true, false) => Some(format!(
            "exemption {number} covers all rules, every namespace and every image{of}: until {expires}, nothing that these users request{there} is denied: {}.",
            list(users)
        )),
        (false, true) => Some(format!(
            "exemption {number} covers every namespace and every image{of}: until {expires}, these rules deny nothing{there}: {}.",
            list(rules)
        )),
        // Some rules for some users: that is what exemptions are for.
        (false, false) => None,
    }
}

fn has_star(patterns: &[Pattern]) -> bool {
    patterns.iter().any(Pattern::is_all)
}
