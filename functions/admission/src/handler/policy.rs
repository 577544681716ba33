//! The policy of one request: the parameters, and the document on top of them.

use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::policy::exemption::Requester;
use ecr_admission_policy::rewrite::RewriteTable;
use ecr_admission_policy::{Enforcement, Policy, Timestamp};

use super::Handler;
use crate::policy_copy::{Copy, InForce};
use crate::review::Request;

impl<I, R> Handler<I, R> {
    /// The policy that judges a request under this document, or under the parameters alone.
    pub(super) fn policy(
        &self,
        copy: Option<&Copy>,
        request: &Request<'_>,
        enforcement: Enforcement,
        own_account: &AccountId,
        now: Timestamp,
    ) -> Policy {
        let registry_ids = self.config.registry_ids.clone();
        let registry_ids = registry_ids.unwrap_or_else(|| [own_account.clone()].into());
        let (regions, limit) = (self.config.regions.clone(), self.config.severity_limit);
        let mut policy = Policy::new(registry_ids, regions, limit);
        let pins = self.pins(copy, request);
        // Only Pods are pinned, unless the mutating configuration names controllers too: of those
        // nothing is asked here.
        policy.pinned = pins && enforcement == Enforcement::Deny;
        let Some(Copy { document, version, .. }) = copy else { return policy };
        let requester = Requester {
            namespace: request.namespace.as_deref(),
            user: request.user_info.username.as_deref(),
        };
        let mut policy = document.policy(policy, &requester, now);
        policy.pinned &= !pins || enforcement == Enforcement::Deny;
        policy.document = Some(version.clone());
        policy
    }

    /// Whether the mutating half pins the images of a request.
    pub(super) fn pins(&self, copy: Option<&Copy>, request: &Request<'_>) -> bool {
        let namespace = request.namespace.as_deref();
        let by_document = copy.and_then(|copy| copy.document.pins(namespace));
        by_document.unwrap_or_else(|| self.config.pin.contains(namespace))
    }

    /// The table of rewrites.
    pub(super) fn rewrites<'a>(&'a self, copy: Option<&'a Copy>) -> &'a RewriteTable {
        let by_document = copy.and_then(|copy| copy.document.rewrites());
        by_document.unwrap_or(&self.config.rewrites)
    }
}

/// The copy that judges; `None` for the parameters alone. The error says why nothing may judge.
pub(super) fn judging(in_force: InForce) -> Result<Option<Copy>, String> {
    match in_force {
        InForce::Parameters => Ok(None),
        InForce::Document(copy) => Ok(Some(copy)),
        InForce::Unavailable(why) => Err(format!(
            "policy unavailable: {why}; see the function's log, and check the document with deploy/policy check"
        )),
    }
}
