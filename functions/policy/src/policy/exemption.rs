//! Who and what is exempt from which rules, for a while.

use std::collections::BTreeSet;

use super::clusters::Clusters;
use super::excuse::Excuse;
use super::pattern::Pattern;
use super::registry_scope::RegistryScope;
use crate::image::EcrImage;
use crate::rule::Rule;
use crate::timestamp::Timestamp;

/// Who makes the request, as the authorizer and kube-apiserver say: the author of a workload writes none of this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requester<'a> {
    /// The cluster, as the authorizer knows it by its token, its key or its VPC endpoint.
    pub cluster: Option<&'a str>,
    /// `request.namespace`.
    pub namespace: Option<&'a str>,
    /// `request.userInfo.username`.
    pub user: Option<&'a str>,
}

/// Rules that are only audited for what all of its lists name. An empty list leaves all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// The rules.
    pub rules: BTreeSet<Rule>,
    /// Images of allowed registries.
    pub scope: RegistryScope,
    /// Clusters.
    pub clusters: Clusters,
    /// Namespaces.
    pub namespaces: Vec<Pattern>,
    /// Users, exactly.
    pub users: Vec<String>,
    /// Why, by whom, how long.
    pub excuse: Excuse,
}

impl Exemption {
    /// Whether it holds for this requester. Its images are left to [`Self::covers`].
    pub fn concerns(&self, requester: &Requester<'_>, now: Timestamp) -> bool {
        let Requester { cluster, namespace, user } = requester;
        let cluster = self.clusters.contain(*cluster);
        let namespace = self.namespaces.is_empty()
            || namespace.is_some_and(|name| self.namespaces.iter().any(|it| it.matches(name)));
        let user = self.users.is_empty()
            || user.is_some_and(|name| self.users.iter().any(|user| user == name));
        cluster && namespace && user && self.excuse.holds_at(now)
    }

    /// Whether it exempts this image from this rule; `None` means an image outside the allowed
    /// registries, which lies in no account, Region or repository of ours.
    pub fn covers(&self, rule: Rule, image: Option<&EcrImage>) -> bool {
        self.rules.contains(&rule)
            && (self.scope.is_everything() || image.is_some_and(|image| self.scope.contains(image)))
    }
}
