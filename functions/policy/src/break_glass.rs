//! Break-glass: people that the operator trusts admit a Pod despite its images.
//!
//! A controller's Pods carry the groups of the controller, not of the user who created the controller
//! object, so break-glass works only for Pods that are created directly.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::from_text::from_text;
use crate::policy::clusters::Clusters;
use ecr_admission_text::{QUOTED, quote, shorten};

/// The annotation of a Pod. Its value is the reason.
pub const ANNOTATION: &str = "ecr-admission/break-glass";

/// The environment variable of an ephemeral container. Its value is the reason.
pub const VARIABLE: &str = "ECR_ADMISSION_BREAK_GLASS";

/// The longest reason that is kept, in characters: a variable may be as large as a request.
const LONGEST_REASON: usize = 1_024;

/// Who may use break-glass.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Groups of `request.userInfo.groups`. A `system:` group other than `system:masters` is refused.
    groups: BTreeSet<Group>,
    /// Clusters in which they may use it: names, or starts of names followed by `*`. Default: all.
    #[serde(default)]
    clusters: Clusters,
}

impl BreakGlass {
    /// The groups, in the order of their names.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| group.0.as_str())
    }

    /// The clusters in which they may use it.
    pub fn clusters(&self) -> &Clusters {
        &self.clusters
    }
}

/// How a request asks for break-glass. Only what the request itself writes counts: the user who asks must
/// be the user who is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The request creates the annotation, or changes it to this value.
    Annotation(String),
    /// The annotation was there before, and the request leaves it as it is.
    OldAnnotation,
    /// The request adds ephemeral containers to a Pod that has the annotation, and none of them has the
    /// variable. Their subresource takes no annotation, so somebody else wrote this one.
    AnnotationOfPod,
    /// The value of the variable in each ephemeral container that the request adds, empty where one has
    /// none.
    Variable(Vec<String>),
}

impl Asked {
    /// The means by which it asks.
    fn means(&self) -> Means {
        match self {
            Self::Annotation(_) | Self::OldAnnotation | Self::AnnotationOfPod => Means::Annotation,
            Self::Variable(_) => Means::Variable,
        }
    }

    /// The reason that it gives, or why that does not count.
    fn reason(&self) -> Result<String, Ignored> {
        match self {
            Self::Annotation(reason) => reason_of(std::slice::from_ref(reason)),
            Self::Variable(reasons) => reason_of(reasons),
            Self::OldAnnotation => Err(Ignored::NotChanged),
            Self::AnnotationOfPod => Err(Ignored::AnnotationOfPod),
        }
    }
}

/// The reasons without the white space around them, each once; every one must say something.
fn reason_of(reasons: &[String]) -> Result<String, Ignored> {
    let mut different: Vec<&str> = vec![];
    for reason in reasons.iter().map(|reason| reason.trim()) {
        if reason.is_empty() {
            return Err(Ignored::NoReason);
        }
        if !different.contains(&reason) {
            different.push(reason);
        }
    }
    if different.is_empty() {
        Err(Ignored::NoReason)
    } else {
        Ok(shorten(&different.join("; "), LONGEST_REASON))
    }
}

/// The means by which a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// [`ANNOTATION`].
    Annotation,
    /// [`VARIABLE`].
    Variable,
}

impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Annotation => write!(f, "annotation {ANNOTATION}"),
            Self::Variable => write!(f, "variable {VARIABLE}"),
        }
    }
}

/// The ruling on a request for break-glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It is honored.
    Honored {
        /// The group by which it is.
        group: String,
        /// Why, in the words of the user.
        reason: String,
    },
    /// It is not.
    Ignored {
        /// The means by which it asked.
        means: Means,
        /// Why it is ignored.
        why: Ignored,
    },
}

/// Why a request for break-glass is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// The policy names no group.
    Nobody,
    /// The policy names other clusters.
    OtherCluster,
    /// The user is in none of the groups.
    NotInGroup,
    /// It gives no reason.
    NoReason,
    /// The annotation was there before the request.
    NotChanged,
    /// The annotation of a Pod says nothing about an ephemeral container that is added to it.
    AnnotationOfPod,
}

impl Ruling {
    /// The ruling when a user in `groups` asks in `cluster`. `allowed` is `None` where the policy names nobody.
    pub fn of(
        allowed: Option<&BreakGlass>,
        cluster: Option<&str>,
        asked: &Asked,
        groups: &[String],
    ) -> Self {
        let here = |allowed: &BreakGlass| allowed.clusters.contain(cluster);
        let may = |group: &&String| {
            allowed.is_some_and(|allowed| allowed.groups.iter().any(|it| it.0 == **group))
        };
        let why = match (allowed, groups.iter().find(may), asked.reason()) {
            (None, ..) => Ignored::Nobody,
            (Some(allowed), ..) if !here(allowed) => Ignored::OtherCluster,
            (Some(_), None, _) => Ignored::NotInGroup,
            (Some(_), Some(_), Err(why)) => why,
            (Some(_), Some(group), Ok(reason)) => {
                return Self::Honored { group: group.clone(), reason };
            }
        };
        Self::Ignored { means: asked.means(), why }
    }
}

/// The warning that the author reads.
impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (means, why) = match self {
            Self::Honored { group, reason } => {
                return write!(
                    f,
                    "admitted by break-glass (group {}): {}; this was counted and logged",
                    quote(group, 64),
                    quote(reason, QUOTED / 2)
                );
            }
            Self::Ignored { means, why } => (means, why),
        };
        write!(f, "{means} is ignored: ")?;
        match (why, means) {
            (Ignored::Nobody, _) => f.write_str("the policy allows nobody to use break-glass"),
            (Ignored::OtherCluster, _) => {
                f.write_str("the policy allows nobody to use break-glass in this cluster")
            }
            (Ignored::NotInGroup, _) => {
                f.write_str("you are in none of the groups that may use break-glass")
            }
            (Ignored::NoReason, Means::Annotation) => {
                f.write_str("it gives no reason; write one as its value")
            }
            (Ignored::NoReason, Means::Variable) => f.write_str(
                "it gives no reason; write one as its value in every ephemeral container that you add",
            ),
            (Ignored::NotChanged, _) => f.write_str(
                "this request does not change it; write the reason for this request as its value",
            ),
            (Ignored::AnnotationOfPod, _) => write!(
                f,
                "it does not count for an ephemeral container; set variable {VARIABLE} to the reason, as with kubectl debug --env"
            ),
        }
    }
}

/// A group of people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group(String);

/// Why a group may not use break-glass.
#[derive(Debug)]
struct InvalidGroup;

impl fmt::Display for InvalidGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a group of people; of the system: groups only system:masters is allowed, since the others contain everybody or every controller",
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

from_text!(Group, "a string that names a group of people", r"^(system:masters|(?!system:).*\S.*)$");

#[cfg(test)]
mod tests;
