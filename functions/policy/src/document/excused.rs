//! What is let through for a while, as a document has it: accepted vulnerabilities and exemptions.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::read::present;
use crate::from_text::from_text;
use crate::names::{AccountId, Region};
use crate::policy::clusters::Clusters;
use crate::policy::excuse::Excuse;
use crate::policy::exemption::Exemption;
use crate::policy::pattern::Pattern;
use crate::policy::registry_scope::{EmptyList, RegistryScope};
use crate::policy::scan_findings::Accepted;
use crate::rule::Rule;
use crate::timestamp::Timestamp;
use ecr_admission_text::quote;

/// A vulnerability whose findings do not deny for a while.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAccepted {
    /// The vulnerability as Amazon ECR names it, such as `CVE-2026-1234`, in upper or lower case.
    cve: VulnerabilityId,
    /// Why it is accepted.
    reason: Line,
    /// Who answers for it.
    owner: Line,
    /// When it ends: a date, which is its start in UTC, or an RFC 3339 time.
    expires: Timestamp,
    /// The accounts of the registries in which it is accepted. Default: all.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    accounts: Option<Vec<AccountId>>,
    /// The Regions of the registries in which it is accepted. Default: all.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    regions: Option<Vec<Region>>,
    /// The repositories for which it is accepted. Default: all.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    repositories: Option<Vec<Pattern>>,
    /// The clusters in which it is accepted: names, or starts of names followed by `*`. Default: all.
    #[serde(default)]
    clusters: Clusters,
}

/// Rules that are only audited, for a while, for what all of the lists `accounts`, `regions`,
/// `repositories`, `clusters`, `namespaces` and `users` name. At least one of them must be there.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("anyOf" = [
    {"required": ["accounts"]}, {"required": ["regions"]}, {"required": ["repositories"]},
    {"required": ["clusters"]}, {"required": ["namespaces"]}, {"required": ["users"]},
])))]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenExemption {
    /// The rules.
    #[cfg_attr(test, schemars(length(min = 1)))]
    rules: Vec<Rule>,
    /// Accounts of allowed registries.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    accounts: Option<Vec<AccountId>>,
    /// Regions of allowed registries.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    regions: Option<Vec<Region>>,
    /// Repositories of allowed registries.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    repositories: Option<Vec<Pattern>>,
    /// Clusters of the request: names, or starts of names followed by `*`.
    #[serde(default)]
    clusters: Clusters,
    /// Namespaces of the request.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    namespaces: Option<Vec<Pattern>>,
    /// Users, exactly as `request.userInfo.username` has them.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    users: Option<Vec<Line>>,
    /// Why.
    reason: Line,
    /// Who answers for it.
    owner: Line,
    /// When it ends: a date, which is its start in UTC, or an RFC 3339 time.
    expires: Timestamp,
}

impl TryFrom<WrittenAccepted> for Accepted {
    type Error = String;

    fn try_from(written: WrittenAccepted) -> Result<Self, String> {
        let WrittenAccepted { cve, reason, owner, expires, clusters, .. } = written;
        let scope = RegistryScope::new(written.accounts, written.regions, written.repositories);
        let scope = scope.map_err(|EmptyList| {
            format!("{}: one of its lists is empty; leave it out for all", cve.0)
        })?;
        Ok(Self {
            vulnerability: cve.0,
            scope,
            clusters,
            excuse: Excuse { reason: reason.0, owner: owner.0, expires },
        })
    }
}

impl TryFrom<WrittenExemption> for Exemption {
    type Error = String;

    /// An error names the owner: the parser only knows where the list begins.
    fn try_from(written: WrittenExemption) -> Result<Self, String> {
        let problem = written.problem();
        let WrittenExemption { rules, clusters, namespaces, users, reason, owner, expires, .. } =
            written;
        let scope = RegistryScope::new(written.accounts, written.regions, written.repositories);
        let scope = match (problem, scope) {
            (None, Ok(scope)) => scope,
            (problem, _) => {
                let (owner, problem) = (quote(&owner.0, 64), problem.unwrap_or(EMPTY_LIST));
                return Err(format!("the exemption of owner {owner}: {problem}"));
            }
        };
        Ok(Self {
            rules: rules.into_iter().collect(),
            scope,
            clusters,
            namespaces: namespaces.unwrap_or_default(),
            users: users.unwrap_or_default().into_iter().map(|user| user.0).collect(),
            excuse: Excuse { reason: reason.0, owner: owner.0, expires },
        })
    }
}

/// What is wrong with a list that could never match.
const EMPTY_LIST: &str = "one of its lists is empty; leave it out or name something in it";

impl WrittenExemption {
    fn problem(&self) -> Option<&'static str> {
        let Self { rules, accounts, regions, repositories, clusters, namespaces, users, .. } = self;
        let of_images = [
            accounts.as_ref().map(Vec::is_empty),
            regions.as_ref().map(Vec::is_empty),
            repositories.as_ref().map(Vec::is_empty),
        ];
        let of_requests =
            [namespaces.as_ref().map(Vec::is_empty), users.as_ref().map(Vec::is_empty)];
        let lists = [&of_images[..], &of_requests[..]].concat();
        if rules.is_empty() {
            Some("its rules are empty; name the rules that it exempts from")
        } else if clusters.is_all() && lists.iter().all(Option::is_none) {
            Some(
                "it needs accounts, regions, repositories, clusters, namespaces or users; without them it would exempt everything",
            )
        } else if lists.contains(&Some(true)) {
            Some(EMPTY_LIST)
        } else if of_images.iter().any(Option::is_some) && rules.contains(&Rule::EcrRegistry) {
            Some(
                "ecr-registry cannot be exempted by account, Region or repository: an image outside the allowed registries is in none of them",
            )
        } else {
            None
        }
    }
}

/// The name of a vulnerability.
#[derive(Debug)]
struct VulnerabilityId(String);

/// A text of one line that says something.
#[derive(Debug)]
struct Line(String);

/// Why a text is refused: what was expected instead.
#[derive(Debug)]
struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

impl FromStr for VulnerabilityId {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let accepted = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'_');
        if (2..=64).contains(&text.len()) && text.bytes().all(accepted) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Refused("one name such as CVE-2026-1234, without a pattern"))
        }
    }
}

impl FromStr for Line {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let one_line = text.chars().all(ecr_admission_text::is_printable);
        if one_line && !text.trim().is_empty() && text.chars().count() <= 256 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Refused("1 to 256 characters in one line"))
        }
    }
}

from_text!(VulnerabilityId, "a name such as CVE-2026-1234", r"^[A-Za-z0-9._:-]{2,64}$");
from_text!(Line, "1 to 256 characters in one line", r"^.{0,255}\S.{0,255}$");
