//! The result of each case, a line each.

use std::collections::BTreeSet;

use ecr_admission_policy::Rule;
use ecr_admission_policy::text::printable;

use super::Outcome;
use crate::policy::cases::{Case, CaseResult};
use crate::policy::options::Parameters;
use crate::policy::page::{Page, list};
use crate::policy::parameters::SEVERITY_LIMIT;

pub(super) fn report(results: &[(&Case, Outcome)], parameters: &Parameters) -> String {
    let mut page = Page::default();
    for (case, outcome) in results {
        page.whole_line(&line(case, outcome));
    }
    let good = results.iter().filter(|(case, outcome)| outcome.is_expected(case)).count();
    let (all, failed) = (results.len(), results.len() - good);
    let cases = if all == 1 { "case" } else { "cases" };
    page.title(&format!("{all} {cases}: {good} ok, {failed} FAILED"));
    page.line("", "", &assumed(parameters));
    page.into_text()
}

/// What was expected, what happened, what the author of the Pod would read, what would only be logged.
fn line(case: &Case, outcome: &Outcome) -> String {
    let name = printable(&case.name);
    let got = with_rules(outcome.result, Some(&outcome.rules).filter(|rules| !rules.is_empty()));
    let verdict = if outcome.is_expected(case) {
        format!("ok      {name}: {got}")
    } else {
        let expected = with_rules(case.expect, case.rules.as_ref());
        format!("FAILED  {name}: expected {expected}, got {got}")
    };
    let read = outcome.messages.iter().map(|line| format!(" | reads: {line}"));
    let logged = outcome.audited.iter().map(|line| format!(" | only logged: {line}"));
    let logged = logged.chain(outcome.uninspected.then(|| " | not inspected".to_owned()));
    [verdict].into_iter().chain(read).chain(logged).collect()
}

/// `deny [pinned, scan-findings]`.
fn with_rules(result: CaseResult, rules: Option<&BTreeSet<Rule>>) -> String {
    let rules = rules.map_or(String::new(), |rules| format!(" [{}]", list(rules)));
    format!("{}{rules}", result.as_str())
}

/// What the parameters of the stack were taken to be.
fn assumed(parameters: &Parameters) -> String {
    let Parameters { registry_ids, registry_region, severity_limit, pin_namespaces, .. } =
        parameters;
    let names = |names: Option<String>| names.unwrap_or("that of each case's image".to_owned());
    format!(
        "Parameters: RegistryIds: {}; RegistryRegion: {}; SeverityLimit: {}; PinNamespaces: {}. Options set them.",
        names(registry_ids.as_ref().map(list)),
        names(registry_region.as_ref().map(list)),
        severity_limit.unwrap_or(SEVERITY_LIMIT),
        pin_namespaces.as_ref().map_or("none".to_owned(), list),
    )
}
