//! What the operator chose: the parameters, and what a [policy document](crate::document) adds.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::facts::SeverityLimit;
use crate::image::EcrImage;
use crate::mode::Mode;
use crate::names::{AccountId, Region};
use crate::rule::Rule;
use ecr_admission_text::{join, quote};

pub mod add_on_accounts;
mod allowed;
pub mod clusters;
pub mod denials;
pub mod excuse;
pub mod exemption;
pub mod image_config;
pub mod modes;
mod needs;
pub mod pattern;
pub mod pinning;
pub mod pull_through_cache;
pub mod registry_scope;
pub mod scan_findings;
pub mod signed;
pub mod uninspected;

pub use allowed::Allowed;
pub use needs::Needs;

use denials::Denials;
use exemption::Exemption;
use image_config::ImageConfigPolicy;
use modes::Modes;
use pinning::Pinning;
use pull_through_cache::PullThroughCache;
use registry_scope::RegistryScope;
use scan_findings::ScanPolicy;
use signed::SignedPolicy;
use uninspected::Uninspected;

/// The longest name of a cluster, in characters.
const LONGEST_CLUSTER: usize = 255;

/// Whether an image is allowed, and looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is allowed, and looked up.
    Inspected,
    /// It is allowed, and never looked up.
    Uninspected,
    /// It would be allowed without being looked up if it were named by digest.
    DigestMissing,
    /// It is not allowed.
    NotAllowed,
}

/// What applies to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The accounts whose registries are allowed.
    pub registry_ids: BTreeSet<AccountId>,
    /// The Regions whose registries are allowed.
    pub regions: BTreeSet<Region>,
    /// The account of the function, whose images are always inspected; `None` where it is not known.
    pub own_account: Option<AccountId>,
    /// What is allowed of them and inspected; `None` for all.
    pub scopes: Option<Arc<[RegistryScope]>>,
    /// What is allowed of them for the request without being looked up, unless `scopes` names it, too.
    pub uninspected: Vec<Arc<Uninspected>>,
    /// The DNS names, in lower case, of the hosts from which images for Windows may take layers that ECR
    /// does not hold.
    pub foreign_layer_hosts: Arc<BTreeSet<String>>,
    /// The repositories into which ECR imports images of other registries.
    pub pull_through_caches: Arc<[PullThroughCache]>,
    /// What a violation of each rule does.
    pub modes: Modes,
    /// Which images pass only by digest.
    pub pinning: Pinning,
    /// The switches of `scan-findings`.
    pub scan_findings: Arc<ScanPolicy>,
    /// The switches of `image-config`.
    pub image_config: Arc<ImageConfigPolicy>,
    /// The switches of `signed`.
    pub signed: Arc<SignedPolicy>,
    /// The exemptions that hold for the request, whatever its images.
    pub exemptions: Vec<Arc<Exemption>>,
    /// How much the author of the workload reads.
    pub denials: Denials,
    /// The cluster whose request it is; `None` where it is not known, or the policy is the same for all.
    pub cluster: Option<String>,
    /// The version of the document; `None` without one.
    pub document_version: Option<Arc<str>>,
}

impl Policy {
    /// The policy of the parameters alone: every rule denies; `pinned`, `image-config` and `signed` are off.
    pub fn new(
        registry_ids: BTreeSet<AccountId>,
        regions: BTreeSet<Region>,
        severity_limit: SeverityLimit,
    ) -> Self {
        Self {
            registry_ids,
            regions,
            own_account: None,
            scopes: None,
            uninspected: vec![],
            foreign_layer_hosts: Arc::default(),
            pull_through_caches: [].into(),
            modes: Modes::default(),
            pinning: Pinning::Off,
            scan_findings: ScanPolicy::new(severity_limit).into(),
            image_config: ImageConfigPolicy::default().into(),
            signed: Arc::default(),
            exemptions: vec![],
            denials: Denials::Full,
            cluster: None,
            document_version: None,
        }
    }

    /// Whether the image is allowed and looked up: it lies in an allowed account and Region, and the
    /// document's `registries` leave it.
    pub fn inspects(&self, image: &EcrImage) -> bool {
        self.standing(image) == Standing::Inspected
    }

    /// Whether the image is allowed, and looked up. What goes uninspected only adds to what the document
    /// allows: it takes nothing from it, and nothing that an inspected entry names, too.
    pub(crate) fn standing(&self, image: &EcrImage) -> Standing {
        if !self.registry_ids.contains(&image.account) || !self.regions.contains(&image.region) {
            return Standing::NotAllowed;
        }
        let named = |scopes: &[RegistryScope]| scopes.iter().any(|scope| scope.contains(image));
        if self.scopes.as_deref().is_some_and(named) {
            return Standing::Inspected;
        }
        let uninspected = self.own_account.as_ref() != Some(&image.account)
            && self.uninspected.iter().any(|entry| entry.scope.contains(image));
        match (uninspected, &self.scopes) {
            (true, _) if uninspected::names_enough(image) => Standing::Uninspected,
            (_, None) => Standing::Inspected,
            (true, Some(_)) => Standing::DigestMissing,
            (false, Some(_)) => Standing::NotAllowed,
        }
    }

    /// What is allowed, as a denial names it.
    pub(crate) fn allowed(&self) -> Allowed {
        Allowed {
            registry_ids: self.registry_ids.clone(),
            regions: self.regions.clone(),
            scopes: self.scopes.clone(),
        }
    }

    /// Whether ECR imports the image from another registry when it is first pulled.
    pub(crate) fn is_imported(&self, image: &EcrImage) -> bool {
        self.pull_through_caches.iter().any(|cache| cache.fills(image))
    }

    /// The exemption of an image from a rule.
    pub(crate) fn exemption(&self, rule: Rule, image: Option<&EcrImage>) -> Option<&Exemption> {
        self.exemptions.iter().find(|exemption| exemption.covers(rule, image)).map(Arc::as_ref)
    }

    /// The facts to look up for it.
    pub fn needs(&self) -> Needs {
        Needs {
            severity_limit: self.scan_findings.severity_limit,
            all_findings: self.scan_findings.filters(),
            config: self.image_config.is_on(),
            signing: self.signed.is_on(),
            foreign_layers: !self.foreign_layer_hosts.is_empty(),
        }
    }
}

/// One line for the audit log: which policy a verdict was reached by.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (registry_ids, regions) = (join(&self.registry_ids), join(&self.regions));
        let severity_limit = self.scan_findings.severity_limit;
        write!(
            f,
            "registry ids {registry_ids}; Regions {regions}; severity limit {severity_limit}"
        )?;
        if self.pinning != Pinning::Off {
            f.write_str("; pinned")?;
        }
        for rule in Rule::ALL {
            match self.modes.of(rule) {
                Mode::Deny => {}
                mode @ (Mode::Audit | Mode::Warn) => write!(f, "; {rule} {mode}")?,
            }
        }
        if let Some(cluster) = &self.cluster {
            write!(f, "; cluster {}", quote(cluster, LONGEST_CLUSTER))?;
        }
        match &self.document_version {
            Some(version) => write!(f, "; document {version}"),
            None => Ok(()),
        }
    }
}
