//! The document as it is written.

use std::sync::Arc;

use serde::Deserialize;

use super::Document;
#[cfg(test)]
use super::caches::WrittenCache;
#[cfg(test)]
use super::excused::WrittenExemption;
use super::host_name::HostName;
use super::namespaces::Namespaces;
#[cfg(test)]
use super::namespaces::WrittenModes;
use super::pin::{Pin, Rewrites};
use super::rules::Rules;
use crate::break_glass::BreakGlass;
use crate::enforcement::Enforcement;
use crate::facts::SeverityLimit;
use crate::policy::denials::Denials;
use crate::policy::exemption::Exemption;
use crate::policy::image_config::ImageConfigPolicy;
use crate::policy::modes::Modes;
use crate::policy::pull_through_cache::PullThroughCache;
use crate::policy::registry_scope::RegistryScope;
#[cfg(test)]
use crate::policy::registry_scope::WrittenScope;
use crate::policy::scan_findings::ScanPolicy;

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
    mode: Enforcement,
    /// How much denials and warnings say. `short` names no vulnerability, and no account and no repository
    /// but those that the author of the workload wrote. Audit annotations and the log have the whole.
    /// Default: `full`.
    #[serde(default)]
    denials: Denials,
    /// The rules: their modes and their switches.
    #[serde(default)]
    rules: Rules,
    /// What is allowed of the registries that the parameters `RegistryIds` and `RegistryRegion` allow. An image passes when
    /// one entry contains it. Default: all of them.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(with = "Option<Vec<WrittenScope>>", length(min = 1)))]
    registries: Option<Vec<RegistryScope>>,
    /// The DNS names of the hosts from which images for Windows may take layers that no registry is allowed
    /// to distribute (foreign or nondistributable layers), such as `mcr.microsoft.com`. Default: none.
    #[serde(default)]
    foreign_layer_hosts: Vec<HostName>,
    /// The prefixes of repositories that a pull-through cache fills: exempt from `tag-immutability`, and
    /// what is not found there is `not imported yet`. A text is a prefix in every allowed registry. Default:
    /// none.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Vec<WrittenCache>"))]
    pull_through_cache_prefixes: Vec<PullThroughCache>,
    /// The modes of rules in namespaces. The most specific name applies: an exact one, then the longest
    /// start.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Vec<WrittenModes>"))]
    namespaces: Namespaces,
    /// What is only audited, for a while.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Vec<WrittenExemption>"))]
    exemptions: Vec<Exemption>,
    /// Who may have a Pod admitted whatever its images, by the annotation `ecr-admission/break-glass`, or an
    /// ephemeral container by its variable `ECR_ADMISSION_BREAK_GLASS`. Default: nobody.
    #[serde(default, deserialize_with = "present")]
    break_glass: Option<BreakGlass>,
    /// Where the mutating half pins images to their digest. Default: the parameter `PinNamespaces`.
    #[serde(default, deserialize_with = "present")]
    pin: Option<Pin>,
    /// Which images of other registries the mutating half maps into yours. Default: the parameter `Rewrites`.
    #[serde(default, deserialize_with = "present")]
    rewrites: Option<Rewrites>,
}

fn deny() -> Enforcement {
    Enforcement::Deny
}

/// A key that stands there with nothing behind it is refused: it would read as if it were left out, and
/// what is left out is often wider.
pub(super) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl TryFrom<Written> for Document {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        if written.registries.as_ref().is_some_and(Vec::is_empty) {
            return Err("registries is empty, so that nothing would be allowed; leave it out for all that the parameters allow".to_owned());
        }
        let scopes: Option<Arc<[RegistryScope]>> = written.registries.map(Into::into);
        let rewrites = written.rewrites.map(|it| it.table(scopes.as_deref())).transpose()?;
        let modes = Modes::default().under(Some(written.mode), &written.rules.modes());
        let Rules { pinned, scan_findings: scan, image_config, .. } = written.rules;
        let scan_findings = ScanPolicy {
            severity_limit: scan.severity_limit.unwrap_or(SeverityLimit::Critical),
            fixable_only: scan.fixable_only,
            grace_days: scan.grace_days,
            max_scan_age_days: scan.max_scan_age_days,
            max_feed_age_days: scan.max_feed_age_days,
            statuses: scan.statuses,
            accepted: scan.accepted,
        };
        let image_config = ImageConfigPolicy {
            forbidden_ports: image_config.forbidden_ports.into_iter().map(u16::from).collect(),
            non_root: image_config.non_root,
        };
        Ok(Self {
            modes,
            pin: written.pin,
            pinned: pinned.required,
            scopes,
            foreign_layer_hosts: Arc::new(
                written.foreign_layer_hosts.into_iter().map(HostName::into_string).collect(),
            ),
            pull_through_caches: written.pull_through_cache_prefixes.into(),
            namespaces: written.namespaces,
            scan_findings: scan_findings.into(),
            limit_given: scan.severity_limit.is_some(),
            image_config: image_config.into(),
            exemptions: written.exemptions.into_iter().map(Arc::new).collect(),
            break_glass: written.break_glass,
            denials: written.denials,
            rewrites,
        })
    }
}
