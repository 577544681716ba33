//! The operator's policy document: what it may say, and what it makes of the parameters.
//!
//! What the document leaves out, the parameters say. An unknown key or word, a key that appears twice
//! and an entry that could never apply are refused when the document is read, never at review time.
//!
//! ```
//! use ecr_admission_policy::document::Document;
//!
//! let document = Document::from_yaml("apiVersion: ecr-admission/v1\nmode: warn\n").unwrap();
//! let error = Document::from_yaml("apiVersion: ecr-admission/v1\nmode: dny\n").unwrap_err();
//! assert_eq!((error.line(), error.column()), (2, 7));
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use crate::break_glass::BreakGlass;
use crate::facts::SeverityLimit;
use crate::policy::Policy;
use crate::policy::denials::Denials;
use crate::policy::excuse::Excuse;
use crate::policy::exemption::{Exemption, Requester};
use crate::policy::image_config::ImageConfigPolicy;
use crate::policy::modes::Modes;
use crate::policy::pattern::Pattern;
use crate::policy::pinning::Pinning;
use crate::policy::pull_through_cache::PullThroughCache;
use crate::policy::registry_scope::RegistryScope;
use crate::policy::scan_findings::ScanPolicy;
use crate::policy::signed::SignedPolicy;
use crate::policy::uninspected::Uninspected;
use crate::rewrite::RewriteTable;
use crate::timestamp::Timestamp;

mod caches;
mod excused;
mod host_name;
mod invalid;
mod namespaces;
mod pin;
mod read;
mod rule_modes;
mod rules;
mod scope;
#[cfg(test)]
mod tests;
mod written;
mod yaml;

pub use invalid::{InvalidDocument, Kind};
pub use namespaces::NamespacePlace;
pub use yaml::from_yaml;

use host_name::HostName;
use namespaces::Namespaces;
use pin::Pin;
use rules::Rules;
use scope::RegistryEntry;
use written::Written;

/// The maximum size of a document in bytes: what one secret of Secrets Manager can hold (API reference,
/// `PutSecretValue`).
pub const MAX_BYTES: usize = 65_536;

/// A document that was read and found good.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct Document {
    modes: Modes,
    pin: Option<Pin>,
    pinning: Pinning,
    scopes: Option<Arc<[RegistryScope]>>,
    uninspected: Vec<Arc<Uninspected>>,
    foreign_layer_hosts: Arc<BTreeSet<String>>,
    pull_through_caches: Arc<[PullThroughCache]>,
    namespaces: Namespaces,
    /// Its limit is there only for who gives none by parameter: see `limit_given`.
    scan_findings: Arc<ScanPolicy>,
    limit_given: bool,
    image_config: Arc<ImageConfigPolicy>,
    signed: Arc<SignedPolicy>,
    exemptions: Vec<Arc<Exemption>>,
    break_glass: Option<BreakGlass>,
    denials: Denials,
    rewrites: Option<RewriteTable>,
}

impl TryFrom<Written> for Document {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        if written.registries.as_ref().is_some_and(Vec::is_empty) {
            return Err("registries is empty, which would allow nothing; leave it out to allow everything that the parameters allow".to_owned());
        }
        let (mut scopes, mut uninspected) = (vec![], vec![]);
        for entry in written.registries.into_iter().flatten() {
            match entry {
                RegistryEntry::Inspected(scope) => scopes.push(scope),
                RegistryEntry::Uninspected(entry) => uninspected.push(Arc::new(entry)),
            }
        }
        // An entry that is not inspected takes nothing from what the parameters allow.
        let scopes: Option<Arc<[RegistryScope]>> = (!scopes.is_empty()).then(|| scopes.into());
        let rewrites = written.rewrites.map(|it| it.table(scopes.as_deref())).transpose()?;
        let modes = Modes::default().under(Some(written.mode), &written.rules.modes());
        let Rules { pinned, scan_findings: scan, image_config, signed, .. } = written.rules;
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
        let profiles = signed.into_iter().flat_map(|signed| signed.profiles).collect();
        Ok(Self {
            modes,
            pin: written.pin,
            pinning: if pinned.required { Pinning::All } else { Pinning::Off },
            scopes,
            uninspected,
            foreign_layer_hosts: Arc::new(
                written.foreign_layer_hosts.into_iter().map(HostName::into_string).collect(),
            ),
            pull_through_caches: written.pull_through_cache_prefixes.into(),
            namespaces: written.namespaces,
            scan_findings: scan_findings.into(),
            limit_given: scan.severity_limit.is_some(),
            image_config: image_config.into(),
            signed: SignedPolicy { profiles }.into(),
            exemptions: written.exemptions.into_iter().map(Arc::new).collect(),
            break_glass: written.break_glass,
            denials: written.denials,
            rewrites,
        })
    }
}

/// Something in a document that expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring<'a> {
    /// What it is, such as `exemption 1` or `accepted CVE-2026-1234`.
    pub name: String,
    /// Why, by whom, how long.
    pub excuse: &'a Excuse,
}

impl Document {
    /// Reads a document.
    pub fn from_yaml(text: &str) -> Result<Self, InvalidDocument> {
        if text.len() > MAX_BYTES {
            return Err(InvalidDocument::too_long(text.len(), MAX_BYTES));
        }
        from_yaml(text)
    }

    /// What applies to a request, on top of the parameters in `base`. `base.pinning` says whether the
    /// mutating webhook pins images there.
    pub fn policy(&self, base: Policy, requester: &Requester<'_>, now: Timestamp) -> Policy {
        let concerned = self.exemptions.iter().filter(|it| it.concerns(requester, now));
        let scan_findings = if self.limit_given {
            Arc::clone(&self.scan_findings)
        } else {
            let severity_limit = base.scan_findings.severity_limit;
            Arc::new(ScanPolicy { severity_limit, ..(*self.scan_findings).clone() })
        };
        let uninspected = self.uninspected.iter().filter(|it| it.concerns(requester));
        Policy {
            scopes: self.scopes.clone(),
            uninspected: uninspected.cloned().collect(),
            foreign_layer_hosts: Arc::clone(&self.foreign_layer_hosts),
            pull_through_caches: Arc::clone(&self.pull_through_caches),
            modes: self.modes(requester.namespace, requester.cluster),
            pinning: base.pinning.max(self.pinning),
            scan_findings,
            image_config: Arc::clone(&self.image_config),
            signed: Arc::clone(&self.signed),
            exemptions: concerned.cloned().collect(),
            denials: self.denials,
            cluster: requester.cluster.map(str::to_owned),
            ..base
        }
    }

    /// Whether the mutating webhook pins images in this namespace; `None` leaves it to the parameter.
    pub fn pins(&self, namespace: Option<&str>) -> Option<bool> {
        self.pin.as_ref().map(|pin| pin.covers(namespace))
    }

    /// The table of rewrites; `None` leaves it to the parameter.
    pub fn rewrites(&self) -> Option<&RewriteTable> {
        self.rewrites.as_ref()
    }

    /// Who may use break-glass.
    pub fn break_glass(&self) -> Option<&BreakGlass> {
        self.break_glass.as_ref()
    }

    /// The severity limit that the document gives; `None` leaves it to the parameter.
    pub fn severity_limit(&self) -> Option<SeverityLimit> {
        self.limit_given.then_some(self.scan_findings.severity_limit)
    }

    /// The places in `namespaces` and the modes of each, in the order in which they are tried.
    pub fn namespaces(&self) -> impl Iterator<Item = (&NamespacePlace, Modes)> {
        self.namespaces.all(&self.modes)
    }

    /// What is allowed without being looked up, in the order of the document, for every namespace.
    pub fn uninspected(&self) -> impl Iterator<Item = &Uninspected> {
        self.uninspected.iter().map(Arc::as_ref)
    }

    /// The exemptions, in the order of the document, also those that have expired.
    pub fn exemptions(&self) -> impl Iterator<Item = &Exemption> {
        self.exemptions.iter().map(Arc::as_ref)
    }

    /// The namespaces in which the mutating webhook pins images; `None` leaves it to the parameter.
    pub fn pin(&self) -> Option<&[Pattern]> {
        self.pin.as_ref().map(Pin::namespaces)
    }

    /// All that expires, in the order of the document.
    pub fn expiring(&self) -> impl Iterator<Item = Expiring<'_>> {
        let accepted = self.scan_findings.accepted.iter().map(|accepted| Expiring {
            name: format!("accepted {}", accepted.vulnerability),
            excuse: &accepted.excuse,
        });
        let exemptions = self.exemptions.iter().enumerate().map(|(index, exemption)| Expiring {
            name: format!("exemption {}", index + 1),
            excuse: &exemption.excuse,
        });
        accepted.chain(exemptions)
    }

    /// The modes of all rules in a namespace of a cluster; where that is not known, the strictest that any cluster has.
    pub fn modes(&self, namespace: Option<&str>, cluster: Option<&str>) -> Modes {
        self.namespaces.modes(namespace, cluster, &self.modes)
    }
}
