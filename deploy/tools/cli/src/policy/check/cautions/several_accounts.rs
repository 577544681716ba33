//! A caution about entries that apply in several accounts.

use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::policy::add_on_accounts::is_add_on_account;

use crate::policy::check::Explained;
use crate::policy::page::list;

/// A repository name does not tell accounts apart: where several are allowed, the owner of each can create
/// a repository of that name.
pub(super) fn caution(explained: &Explained<'_>) -> Option<String> {
    let allowed = allowed(explained).filter(|accounts| accounts.len() > 1)?;
    let Explained { document, policy, now, .. } = explained;
    let accepted = policy
        .scan_findings
        .accepted
        .iter()
        .filter(|it| it.scope.accounts().is_none() && it.excuse.holds_at(*now))
        .map(|it| format!("accepted {}", it.vulnerability));
    let exemptions = document
        .exemptions()
        .zip(1..)
        .filter(|(it, _)| it.scope.accounts().is_none() && it.scope.repositories().is_some())
        .filter(|(it, _)| it.excuse.holds_at(*now))
        .map(|(_, number)| format!("exemption {number}"));
    let caches = policy
        .pull_through_caches
        .iter()
        .filter(|it| it.scope.accounts().is_none())
        .map(|it| format!("pull-through prefix {}", it.prefix));
    let entries: Vec<String> = accepted.chain(exemptions).chain(caches).collect();
    (!entries.is_empty()).then(|| {
        format!("Several accounts are allowed ({}), and these entries apply in all of them: {}. In each account, a repository of the same name may belong to somebody else; add accounts to an entry that is meant for one account.", list(&allowed), list(entries))
    })
}

/// The accounts that are allowed, as far as the parameters and the document say, without those of AWS.
fn allowed(explained: &Explained<'_>) -> Option<Vec<AccountId>> {
    let given = explained.parameters.registry_ids.as_deref();
    let scopes = explained.policy.scopes.iter().flat_map(|scopes| scopes.iter());
    let named: Option<Vec<&[AccountId]>> = scopes.map(|scope| scope.accounts()).collect();
    let named = named.filter(|named| !named.is_empty()).map(|named| named.concat());
    let mut allowed = match (given, named) {
        (Some(given), Some(named)) => {
            given.iter().filter(|account| named.contains(account)).cloned().collect()
        }
        (Some(given), None) => given.to_vec(),
        (None, named) => named?,
    };
    // Nobody but AWS can create a repository there.
    allowed.retain(|account| !is_add_on_account(account));
    allowed.sort();
    allowed.dedup();
    Some(allowed)
}
