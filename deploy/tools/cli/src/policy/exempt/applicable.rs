//! Exemptions that could never apply.

use ecr_admission::config::Config;
use ecr_admission_policy::names::{AccountId, Region};
use ecr_admission_policy::policy::exemption::Requester;
use ecr_admission_policy::policy::pattern::Pattern;
use ecr_admission_policy::{Document, Policy, Rule, SeverityLimit, Timestamp};

use super::entry::Entry;
use crate::policy::check::cautions::impossible_namespaces::can_be;
use crate::policy::secret::moment::in_full;

/// Refuses an exemption that would have no effect, with what to do instead.
pub(super) fn check(
    entry: &Entry,
    document: &Document,
    config: Option<&Config>,
    now: Timestamp,
) -> Result<(), String> {
    if entry.expires <= now {
        return Err(format!(
            "the exemption would end at {}, which is not in the future; use --for or a later --until",
            in_full(entry.expires)
        ));
    }
    rules(entry, document, now)?;
    let namespaces = names(entry, "namespaces");
    for name in namespaces {
        if name.parse::<Pattern>().is_ok_and(|pattern| !can_be(&pattern)) {
            return Err(format!(
                "--namespace \"{name}\": expected a name that a namespace can have, of 1 to 63 lower-case letters, digits \
                 and -"
            ));
        }
    }
    let Some(config) = config else { return Ok(()) };
    if !namespaces.is_empty() && namespaces.iter().all(|it| config.ignored_namespaces.contains(it))
    {
        return Err(format!(
            "--namespace {}: is in IgnoredNamespaces, so that its Pods are admitted without evaluation; no exemption is \
             needed",
            namespaces.join(",")
        ));
    }
    let accounts =
        names(entry, "accounts").iter().filter_map(|name| name.parse::<AccountId>().ok());
    for account in accounts {
        if config.registry_ids.as_ref().is_some_and(|ids| !ids.contains(&account)) {
            return Err(not_allowed("--account", account.as_str(), "RegistryIds"));
        }
    }
    for region in names(entry, "regions").iter().filter_map(|name| name.parse::<Region>().ok()) {
        if !config.regions.contains(&region) {
            return Err(not_allowed("--registry-region", region.as_str(), "RegistryRegion"));
        }
    }
    Ok(())
}

/// Rules that are off exempt nothing.
fn rules(entry: &Entry, document: &Document, now: Timestamp) -> Result<(), String> {
    let base = Policy::new([].into(), [].into(), SeverityLimit::Critical);
    let policy = document.policy(base, &Requester::default(), now);
    let off = |rule: &&Rule| match rule {
        Rule::ImageConfig => !policy.image_config.is_on(),
        Rule::Signed => !policy.signed.is_on(),
        _ => false,
    };
    let off: Vec<&str> = entry.rules.iter().filter(off).map(|rule| rule.id()).collect();
    if off.len() < entry.rules.len() {
        return Ok(());
    }
    Err(format!(
        "--rules {}: is off in the document, so that it denies nothing; name the rule in brackets at the end of the denial",
        off.join(",")
    ))
}

fn not_allowed(option: &str, name: &str, parameter: &str) -> String {
    format!(
        "{option} {name}: is not in {parameter} of the stack, so that ecr-registry denies every image there; exempt from \
         ecr-registry by --namespace or --user instead"
    )
}

fn names<'a>(entry: &'a Entry, key: &str) -> &'a [String] {
    entry.lists.iter().find(|(of, _)| *of == key).map_or(&[], |(_, names)| names)
}
