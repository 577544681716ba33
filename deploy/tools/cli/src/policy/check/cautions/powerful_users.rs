//! Cautions about users and groups that stand for too many people.

use ecr_admission_policy::break_glass::BreakGlass;
use ecr_admission_policy::text::quote;

use crate::policy::check::Explained;

/// The users with which the controllers of a cluster create Pods.
const CONTROLLERS: [&str; 2] =
    ["system:serviceaccount:kube-system:", "system:kube-controller-manager"];

pub(super) fn cautions(explained: &Explained<'_>) -> Vec<String> {
    let entries = explained.document.exemptions().zip(1..);
    let controllers = entries
        .filter(|(exemption, _)| exemption.excuse.holds_at(explained.now))
        .flat_map(|(exemption, number)| exemption.users.iter().map(move |user| (user, number)))
        .filter(|(user, _)| CONTROLLERS.iter().any(|start| user.starts_with(start)))
        .map(|(user, number)| {
            let user = quote(user, 128);
            format!("exemption {number} is for {user}. Controllers of kube-system create the Pods of everybody's Deployments, Jobs and DaemonSets, so it exempts all of them.")
        });
    let mut groups = explained.document.break_glass().into_iter().flat_map(BreakGlass::groups);
    let masters = groups.any(|group| group == "system:masters").then(|| {
        "breakGlass lists system:masters: everybody with an administrator certificate of a cluster, such as kubeadm's super-admin.conf. That group cannot be removed from a certificate, and its members can remove the webhook anyway.".to_owned()
    });
    controllers.chain(masters).collect()
}
