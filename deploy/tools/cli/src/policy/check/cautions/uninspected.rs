//! Cautions about images that nobody inspects: entries of `registries` with `inspect: false`.

use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::policy::add_on_accounts::{ADD_ON_ACCOUNTS, is_add_on_account};
use ecr_admission_policy::policy::uninspected::Uninspected;

use crate::policy::check::Explained;
use crate::policy::page::list;

pub(super) fn cautions(explained: &Explained<'_>) -> Vec<String> {
    let entries: Vec<&Uninspected> = explained.document.uninspected().collect();
    if entries.is_empty() {
        return vec![];
    }
    let images = entries.iter().map(|entry| format!("{entry}."));
    let any = images.map(|images| {
        format!("registries does not inspect {images} Everybody who may create a Pod there may run any image of these repositories, old ones with known vulnerabilities, too.")
    });
    let accounts = named(&entries);
    let others: Vec<&AccountId> =
        accounts.iter().copied().filter(|account| !is_add_on_account(account)).collect();
    let by_digest = (!others.is_empty()).then(|| {
        format!("registries does not inspect images of {}, which AWS does not list as accounts of Amazon EKS add-ons. That holds for images by digest; those by tag are inspected, or denied where another entry narrows what is allowed.", list(others))
    });
    let own = explained.parameters.own_account.as_ref().filter(|own| accounts.contains(own));
    let own = own.map(|own| {
        format!("registries has an entry with inspect: false for {own}, the account of the stack. It has no effect there: the images of that account are always inspected.")
    });
    any.chain(entries.iter().flat_map(|entry| elsewhere(entry)))
        .chain(by_digest)
        .chain(own)
        .collect()
}

/// The accounts of all entries, each once.
fn named<'a>(entries: &[&'a Uninspected]) -> Vec<&'a AccountId> {
    let accounts = entries.iter().flat_map(|entry| entry.scope.accounts().unwrap_or_default());
    let mut accounts: Vec<&AccountId> = accounts.collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// The Regions of an entry for AWS's accounts alone in which AWS keeps its add-ons in another.
fn elsewhere(entry: &Uninspected) -> impl Iterator<Item = String> {
    let accounts = entry.scope.accounts().unwrap_or_default();
    let regions = entry.scope.regions().unwrap_or_default();
    let of_aws = accounts.iter().all(is_add_on_account);
    let rows = ADD_ON_ACCOUNTS.iter().filter(move |(region, account)| {
        of_aws
            && regions.iter().any(|it| it.as_str() == *region)
            && !accounts.iter().any(|it| it.as_str() == *account)
    });
    rows.map(|(region, account)| {
        format!("registries names {region}, but not {account}, the account in which AWS keeps the images of Amazon EKS add-ons there.")
    })
}
