//! The policy of one request: the parameters, and the document on top of them.

use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::policy::exemption::Requester;
use ecr_admission_policy::policy::pinning::Pinning;
use ecr_admission_policy::rewrite::RewriteTable;
use ecr_admission_policy::{Mode, Policy};

use super::Evaluator;
use crate::arrival::Arrival;
use crate::policy_copy::{DocumentCopy, InForce};
use crate::refusal::Refusal;
use crate::review::Request;

impl<I, R> Evaluator<I, R> {
    /// The policy for a request under this document, or under the parameters alone.
    pub(super) fn policy(
        &self,
        copy: Option<&DocumentCopy>,
        request: &Request<'_>,
        mode: Mode,
        own_account: &AccountId,
        arrival: &Arrival,
    ) -> Policy {
        let registry_ids = self.config.registry_ids.clone();
        let registry_ids = registry_ids.unwrap_or_else(|| [own_account.clone()].into());
        let (regions, limit) = (self.config.regions.clone(), self.config.severity_limit);
        let mut policy = Policy::new(registry_ids, regions, limit);
        policy.own_account = Some(own_account.clone());
        if let Some(DocumentCopy { document, version, .. }) = copy {
            let requester = Requester {
                cluster: arrival.cluster.as_deref(),
                namespace: request.namespace.as_deref(),
                user: request.user_info.username.as_deref(),
            };
            policy = document.policy(policy, &requester, arrival.timestamp());
            policy.document_version = Some(version.clone());
        }
        if self.pins(copy, request) {
            // A controller's template need not be pinned: the mutating webhook pins its Pods, and the
            // template only if the webhook configuration names controllers.
            policy.pinning = match mode {
                Mode::Deny => policy.pinning.max(Pinning::Pinnable),
                Mode::Warn | Mode::Audit => Pinning::Off,
            };
        }
        policy
    }

    /// Whether the mutating webhook pins the images of a request.
    pub(super) fn pins(&self, copy: Option<&DocumentCopy>, request: &Request<'_>) -> bool {
        let namespace = request.namespace.as_deref();
        let by_document = copy.and_then(|copy| copy.document.pins(namespace));
        by_document.unwrap_or_else(|| self.config.pin.contains(namespace))
    }

    /// The table of rewrites.
    pub(super) fn rewrites<'a>(&'a self, copy: Option<&'a DocumentCopy>) -> &'a RewriteTable {
        let by_document = copy.and_then(|copy| copy.document.rewrites());
        by_document.unwrap_or(&self.config.rewrites)
    }
}

/// The document in force; `None` for the parameters alone.
pub(super) fn in_force(in_force: InForce) -> Result<Option<DocumentCopy>, Refusal> {
    match in_force {
        InForce::Parameters => Ok(None),
        InForce::Document(copy) => Ok(Some(copy)),
        InForce::Unavailable(why) => Err(Refusal::PolicyUnavailable(why)),
    }
}
