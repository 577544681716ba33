//! Break-glass: a Pod that people whom the operator trusts admit in spite of its images.
//!
//! A controller's Pods carry the controller's groups, not those of who made the controller object, so
//! break-glass works for Pods that are created directly.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::from_text::from_text;
use crate::text::{QUOTED, quote};

/// The annotation of a Pod. Its value is the reason.
pub const ANNOTATION: &str = "ecr-admission/break-glass";

/// Who may break the glass.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Groups of `request.userInfo.groups`. A `system:` group other than `system:masters` is refused.
    groups: BTreeSet<Group>,
}

impl BreakGlass {
    /// The groups, in the order of their names.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| group.0.as_str())
    }
}

/// What comes of a request to break the glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// It is honoured.
    Honoured {
        /// The group by which it is.
        group: String,
        /// Why the glass is broken, as the annotation says.
        reason: String,
    },
    /// It is not, for this reason.
    Ignored(Ignored),
}

/// Why the annotation is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// The policy names no group.
    Nobody,
    /// Who asks is in none of the groups.
    NotInGroup,
    /// The annotation gives no reason.
    NoReason,
}

impl Request {
    /// What comes of an annotation with the value `reason`, of somebody in `groups`. `allowed` is `None`
    /// where the policy names nobody.
    pub fn judge(allowed: Option<&BreakGlass>, reason: &str, groups: &[String]) -> Self {
        let Some(allowed) = allowed else { return Self::Ignored(Ignored::Nobody) };
        let group = groups.iter().find(|group| allowed.groups.iter().any(|it| it.0 == **group));
        match group {
            None => Self::Ignored(Ignored::NotInGroup),
            Some(_) if reason.trim().is_empty() => Self::Ignored(Ignored::NoReason),
            Some(group) => {
                Self::Honoured { group: group.clone(), reason: reason.trim().to_owned() }
            }
        }
    }
}

/// What the author is told.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Honoured { group, reason } => write!(
                f,
                "admitted by break-glass, as {} may: {}; this was counted and logged",
                quote(group, 64),
                quote(reason, QUOTED / 2)
            ),
            Self::Ignored(ignored) => write!(
                f,
                "annotation {ANNOTATION} is ignored: {}",
                match ignored {
                    Ignored::Nobody => "the policy lets nobody break the glass",
                    Ignored::NotInGroup => "you are in none of the groups that may break the glass",
                    Ignored::NoReason => "it gives no reason; write one as its value",
                }
            ),
        }
    }
}

/// A group of people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group(String);

/// Why a group may not break the glass.
#[derive(Debug)]
struct InvalidGroup;

impl fmt::Display for InvalidGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "accepted: a group of people; of the system: groups only system:masters, since everybody or every controller is in the others",
        )
    }
}

impl FromStr for Group {
    type Err = InvalidGroup;

    fn from_str(text: &str) -> Result<Self, InvalidGroup> {
        let refused =
            text.trim().is_empty() || text.starts_with("system:") && text != "system:masters";
        if refused { Err(InvalidGroup) } else { Ok(Self(text.to_owned())) }
    }
}

from_text!(Group, "a group of people", r"^(system:masters|(?!system:).*\S.*)$");

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(groups: &[&str]) -> BreakGlass {
        BreakGlass { groups: groups.iter().map(|group| group.parse().unwrap()).collect() }
    }

    #[test]
    fn only_the_groups_of_the_policy_break_the_glass_and_only_with_a_reason() {
        let allowed = allowed(&["oncall", "system:masters"]);
        for (policy, reason, groups, expected) in [
            (
                Some(&allowed),
                "outage 7",
                &["dev", "oncall"][..],
                r#"admitted by break-glass, as "oncall" may: "outage 7""#,
            ),
            (Some(&allowed), "x", &["system:masters"], "admitted by break-glass"),
            (Some(&allowed), "x", &["dev"], "is ignored: you are in none"),
            (Some(&allowed), "x", &["oncall2", "on"], "is ignored: you are in none"),
            (Some(&allowed), "x", &[], "is ignored: you are in none"),
            (Some(&allowed), " ", &["oncall"], "is ignored: it gives no reason"),
            (None, "x", &["oncall"], "is ignored: the policy lets nobody"),
        ] {
            let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
            let told = Request::judge(policy, reason, &groups).to_string();
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn groups_that_everybody_or_every_controller_is_in_are_refused() {
        for group in [
            "system:authenticated",
            "system:unauthenticated",
            "system:serviceaccounts",
            "system:serviceaccounts:kube-system",
            "system:nodes",
            "",
            " ",
        ] {
            assert!(group.parse::<Group>().is_err(), "{group}");
        }
    }
}
