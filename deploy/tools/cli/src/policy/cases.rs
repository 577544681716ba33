//! An operator's table of cases, as it is written and with its defaults.

use std::collections::BTreeSet;
use std::path::Path;

use ecr_admission_policy::names::ClusterName;
use ecr_admission_policy::{Rule, Timestamp, document};
use serde::{Deserialize, Deserializer};

use crate::check::options::CLUSTER;
use crate::read::{self, Unusable};

mod facts;
mod words;

pub(crate) use facts::Facts;

/// A file of cases. The keys at its top are the defaults of every case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, deserialize_with = "present")]
    image: Option<String>,
    #[serde(default, deserialize_with = "present")]
    cluster: Option<ClusterName>,
    #[serde(default, deserialize_with = "present")]
    namespace: Option<String>,
    #[serde(default, deserialize_with = "present")]
    user: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    at: Option<Timestamp>,
    cases: Vec<WrittenCase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenCase {
    name: String,
    #[serde(default, deserialize_with = "present")]
    image: Option<String>,
    #[serde(default, deserialize_with = "present")]
    cluster: Option<ClusterName>,
    #[serde(default, deserialize_with = "present")]
    namespace: Option<String>,
    #[serde(default, deserialize_with = "present")]
    user: Option<String>,
    #[serde(default, deserialize_with = "present")]
    groups: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    break_glass: Option<String>,
    #[serde(default, deserialize_with = "present")]
    at: Option<Timestamp>,
    #[serde(default)]
    facts: Facts,
    expect: CaseResult,
    #[serde(default, deserialize_with = "present")]
    rules: Option<BTreeSet<Rule>>,
}

/// The result for a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CaseResult {
    /// It is admitted without a warning.
    Admit,
    /// It is admitted with a warning.
    Warn,
    /// It is denied.
    Deny,
}

impl CaseResult {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// One Pod that is created, what ECR says about its image, and the result that is expected.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) cluster: String,
    pub(crate) namespace: String,
    pub(crate) user: Option<String>,
    pub(crate) groups: Vec<String>,
    /// The value of the annotation.
    pub(crate) break_glass: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) facts: Facts,
    pub(crate) expect: CaseResult,
    /// Exactly the rules that must have that result; `None` for any.
    pub(crate) rules: Option<BTreeSet<Rule>>,
}

/// The namespace of a case that names none.
const NAMESPACE: &str = "default";

/// The cases of a file, of which those that name no instant are at `now`.
pub(crate) fn read(path: &Path, now: Timestamp) -> Result<Vec<Case>, Unusable> {
    let text = read::text(path, "a table of cases such as deploy/samples/policy-cases.yaml")?;
    let written: Written = document::from_yaml(&text)
        .map_err(|invalid| read::bad(path, invalid.line(), invalid.column(), invalid.problem()))?;
    if written.cases.is_empty() {
        return Err(read::bad(path, 1, 1, "cases is empty; expected at least one case"));
    }
    let Written { image, cluster, namespace, user, groups, at, cases } = written;
    let complete = |(case, number): (WrittenCase, usize)| {
        let name = case.name;
        let Some(image) = case.image.or_else(|| image.clone()) else {
            let problem = format!(
                "case {number} ({name}) has no image; expected one in the case or at the top of the file"
            );
            return Err(read::bad(path, 1, 1, &problem));
        };
        let cluster = case.cluster.as_ref().or(cluster.as_ref());
        let namespace = case.namespace.or_else(|| namespace.clone());
        Ok(Case {
            name,
            image,
            cluster: cluster.map_or(CLUSTER, ClusterName::as_str).to_owned(),
            namespace: namespace.unwrap_or_else(|| NAMESPACE.to_owned()),
            user: case.user.or_else(|| user.clone()),
            groups: case.groups.unwrap_or_else(|| groups.clone()),
            break_glass: case.break_glass,
            at: case.at.or(at).unwrap_or(now),
            facts: case.facts,
            expect: case.expect,
            rules: case.rules,
        })
    };
    cases.into_iter().zip(1..).map(complete).collect()
}

/// A key without a value is not a key that is left out: it is empty, or refused.
fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
