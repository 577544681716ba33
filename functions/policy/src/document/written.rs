//! The document as it is written.

use serde::{Deserialize, Deserializer};

use super::caches::WrittenCache;
use super::excused::WrittenExemption;
use super::host_name::HostName;
use super::namespaces::Namespaces;
#[cfg(test)]
use super::namespaces::WrittenModes;
use super::pin::{Pin, Rewrites};
use super::read::{list, present};
use super::rules::Rules;
use super::scope::{RegistryEntry, WrittenScope};
use crate::break_glass::BreakGlass;
use crate::mode::Mode;
use crate::policy::denials::Denials;
use crate::policy::exemption::Exemption;
use crate::policy::pull_through_cache::PullThroughCache;

/// The version of the format.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum ApiVersion {
    #[serde(rename = "ecr-admission/v1")]
    V1,
}

/// A policy document of ecr-admission. What it leaves out, the parameters of the stack say.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "ecr-admission policy"))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Written {
    /// The version of this format.
    #[expect(dead_code, reason = "that it could be read is all there is to it")]
    api_version: ApiVersion,
    /// The mode of every rule that has none of its own. Default: `deny`.
    #[serde(default = "deny")]
    pub(super) mode: Mode,
    /// How much denials and warnings say. `short` names no vulnerability, and no account and no repository
    /// but those that the author of the workload wrote. Audit annotations and the log have the whole.
    /// Default: `full`.
    #[serde(default)]
    pub(super) denials: Denials,
    /// The rules: their modes and their switches.
    #[serde(default)]
    pub(super) rules: Rules,
    /// What is allowed of the registries that the parameters `RegistryIds` and `RegistryRegion` allow. An image passes when
    /// one entry contains it. Entries with `inspect: false` only add to the others. Default: all of them.
    #[serde(default, deserialize_with = "scopes")]
    #[cfg_attr(test, schemars(with = "Option<Vec<WrittenScope>>", length(min = 1)))]
    pub(super) registries: Option<Vec<RegistryEntry>>,
    /// The DNS names of the hosts from which images for Windows may take layers that no registry is allowed
    /// to distribute (foreign or nondistributable layers), such as `mcr.microsoft.com`. Default: none.
    #[serde(default)]
    pub(super) foreign_layer_hosts: Vec<HostName>,
    /// The prefixes of repositories that a pull-through cache fills: exempt from `tag-immutability`, and
    /// what is not found there is `not imported yet`. A text is a prefix in every allowed registry. Default:
    /// none.
    #[serde(default, deserialize_with = "list::<WrittenCache, _, _>")]
    #[cfg_attr(test, schemars(with = "Vec<WrittenCache>"))]
    pub(super) pull_through_cache_prefixes: Vec<PullThroughCache>,
    /// The modes of rules in namespaces. The most specific name applies: an exact one, then the longest
    /// start; of entries with the same name, the one with the most specific cluster.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Vec<WrittenModes>"))]
    pub(super) namespaces: Namespaces,
    /// What is only audited, for a while.
    #[serde(default, deserialize_with = "list::<WrittenExemption, _, _>")]
    #[cfg_attr(test, schemars(with = "Vec<WrittenExemption>"))]
    pub(super) exemptions: Vec<Exemption>,
    /// Who may have a Pod admitted whatever its images, by the annotation `ecr-admission/break-glass`, or an
    /// ephemeral container by its variable `ECR_ADMISSION_BREAK_GLASS`. Default: nobody.
    #[serde(default, deserialize_with = "present")]
    pub(super) break_glass: Option<BreakGlass>,
    /// Where the mutating webhook pins images to their digest. Default: the parameter `PinNamespaces`.
    #[serde(default, deserialize_with = "present")]
    pub(super) pin: Option<Pin>,
    /// Which images of other registries the mutating webhook maps into yours. Default: the parameter `Rewrites`.
    #[serde(default, deserialize_with = "present")]
    pub(super) rewrites: Option<Rewrites>,
}

fn deny() -> Mode {
    Mode::Deny
}

fn scopes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<RegistryEntry>>, D::Error> {
    list::<WrittenScope, _, _>(deserializer).map(Some)
}
