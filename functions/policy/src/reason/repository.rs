//! The words for what is wrong with a registry or a repository.

use std::fmt;

use super::scan::HiddenFrom;
use super::words::{WORD, unknown_word};
use crate::facts::mutability::{ExclusionFilter, TagMutability};
use crate::facts::{ScanFrequency, Scanning};
use crate::image::EcrImage;
use crate::names::RepositoryName;
use crate::policy::Allowed;
use ecr_admission_text::{cut, quote};

/// The maximum length of what is allowed, in characters.
const ALLOWED: usize = 128;

/// Names the values that are not allowed, and what is.
pub(super) fn not_allowed(
    f: &mut fmt::Formatter<'_>,
    image: &EcrImage,
    allowed: &Allowed,
) -> fmt::Result {
    let EcrImage { account, region, repository, .. } = image;
    // Which accounts and repositories are allowed says whose others are.
    let short = f.alternate();
    let expected =
        |names: String| if short { String::new() } else { format!(" (expected {names})") };
    let mut refused = vec![];
    if !allowed.registry_ids.contains(account) {
        refused.push(format!("account {account}{}", expected(some(&allowed.registry_ids))));
    }
    if !allowed.regions.contains(region) {
        refused.push(format!("Region {region} (expected {})", some(&allowed.regions)));
    }
    if refused.is_empty() {
        let scopes = allowed.scopes.iter().flat_map(|scopes| scopes.iter());
        return write!(
            f,
            "repository \"{repository}\" of account {account} in {region} is not allowed{}; use an allowed repository or add this one to registries of the policy document",
            expected(join_some(scopes, "; "))
        );
    }
    write!(
        f,
        "is in a registry that is not allowed: {}; use an allowed registry or add this one to the RegistryIds and RegistryRegion parameters",
        refused.join(" and ")
    )
}

/// As many of the allowed names as a message has room for.
fn some<'a, T: fmt::Display + 'a>(names: impl IntoIterator<Item = &'a T>) -> String {
    join_some(names, ", ")
}

/// The same, with a separator. The rest is never formatted: there may be hundreds of names, for each of
/// thousands of images.
fn join_some<'a, T: fmt::Display + 'a>(
    names: impl IntoIterator<Item = &'a T>,
    separator: &str,
) -> String {
    let mut joined = String::new();
    for name in names {
        if !joined.is_empty() {
            joined.push_str(separator);
        }
        joined.push_str(&name.to_string());
        if joined.len() > 4 * ALLOWED {
            break;
        }
    }
    cut(&joined, ALLOWED)
}

pub(super) fn mutability_value(
    f: &mut fmt::Formatter<'_>,
    mutability: &TagMutability,
) -> fmt::Result {
    let (word, filters) = match mutability {
        TagMutability::Mutable => ("MUTABLE", None),
        TagMutability::Immutable => ("IMMUTABLE", None),
        TagMutability::MutableWithExclusion(filters) => ("MUTABLE_WITH_EXCLUSION", Some(filters)),
        TagMutability::ImmutableWithExclusion(filters) => {
            ("IMMUTABLE_WITH_EXCLUSION", Some(filters))
        }
        TagMutability::Unknown(word) => return unknown_word(f, word),
    };
    f.write_str(word)?;
    for (position, filter) in filters.into_iter().flatten().enumerate() {
        f.write_str(if position == 0 { ": " } else { ", " })?;
        match filter {
            ExclusionFilter::Wildcard(pattern) => f.write_str(&quote(pattern, WORD))?,
            ExclusionFilter::Unknown { filter_type, filter } => {
                write!(
                    f,
                    "{} of the unknown type {}",
                    quote(filter, WORD),
                    quote(filter_type, WORD)
                )?;
            }
        }
    }
    Ok(())
}

pub(super) fn not_scanned_on_push(
    f: &mut fmt::Formatter<'_>,
    repository: &RepositoryName,
    scanning: &Scanning,
    hidden: Option<&HiddenFrom>,
) -> fmt::Result {
    write!(f, "repository \"{repository}\" does not scan images on push (")?;
    match scanning {
        Scanning::Effective(ScanFrequency::ScanOnPush) => f.write_str("SCAN_ON_PUSH")?,
        Scanning::Effective(ScanFrequency::ContinuousScan) => f.write_str("CONTINUOUS_SCAN")?,
        Scanning::Effective(ScanFrequency::Manual) => f.write_str("MANUAL")?,
        Scanning::Effective(ScanFrequency::Unknown(word)) => unknown_word(f, word)?,
        Scanning::RepositoryFlag(flag) => write!(f, "scanOnPush is {flag}")?,
    }
    f.write_str(")")?;
    let Some(hidden) = hidden else {
        return f.write_str("; turn on scan on push in the registry's scanning configuration");
    };
    write!(
        f,
        " as far as another account can see: {hidden}, and Amazon ECR shows the registry's scanning configuration only to the owner; "
    )?;
    hidden.remedy(f)?;
    f.write_str(", or turn on scanOnPush of the repository")
}
