//! The accounts in which AWS keeps the images of Amazon EKS add-ons, by Region.
//!
//! Source: "View Amazon container image registries for Amazon EKS add-ons" of the Amazon EKS User Guide
//! (<https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html>, November 2026). For `ap-east-2`,
//! that page has a host in `ap-east-1`. The `GuardDuty` User Guide names the same account in `ap-east-2`
//! (repositories of the agent for Amazon EKS), which the table follows.

use crate::names::AccountId;

/// A Region and the account of its registry, in the order of the Regions.
pub const ADD_ON_ACCOUNTS: [(&str, &str); 39] = [
    ("af-south-1", "877085696533"),
    ("ap-east-1", "800184023465"),
    ("ap-east-2", "533267051163"),
    ("ap-northeast-1", "602401143452"),
    ("ap-northeast-2", "602401143452"),
    ("ap-northeast-3", "602401143452"),
    ("ap-south-1", "602401143452"),
    ("ap-south-2", "900889452093"),
    ("ap-southeast-1", "602401143452"),
    ("ap-southeast-2", "602401143452"),
    ("ap-southeast-3", "296578399912"),
    ("ap-southeast-4", "491585149902"),
    ("ap-southeast-5", "151610086707"),
    ("ap-southeast-6", "333609536671"),
    ("ap-southeast-7", "121268973566"),
    ("ca-central-1", "602401143452"),
    ("ca-west-1", "761377655185"),
    ("cn-north-1", "918309763551"),
    ("cn-northwest-1", "961992271922"),
    ("eu-central-1", "602401143452"),
    ("eu-central-2", "900612956339"),
    ("eu-north-1", "602401143452"),
    ("eu-south-1", "590381155156"),
    ("eu-south-2", "455263428931"),
    ("eu-west-1", "602401143452"),
    ("eu-west-2", "602401143452"),
    ("eu-west-3", "602401143452"),
    ("eusc-de-east-1", "877088126301"),
    ("il-central-1", "066635153087"),
    ("me-central-1", "759879836304"),
    ("me-south-1", "558608220178"),
    ("mx-central-1", "730335286997"),
    ("sa-east-1", "602401143452"),
    ("us-east-1", "602401143452"),
    ("us-east-2", "602401143452"),
    ("us-gov-east-1", "151742754352"),
    ("us-gov-west-1", "013241004608"),
    ("us-west-1", "602401143452"),
    ("us-west-2", "602401143452"),
];

/// Whether AWS keeps images of Amazon EKS add-ons in this account, in any Region.
pub fn is_add_on_account(account: &AccountId) -> bool {
    ADD_ON_ACCOUNTS.iter().any(|(_, add_ons)| *add_ons == account.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Region;

    #[test]
    fn every_row_is_a_region_once_and_an_account() {
        for (region, account) in ADD_ON_ACCOUNTS {
            assert!(region.parse::<Region>().is_ok(), "{region}");
            assert!(
                account.parse::<AccountId>().is_ok_and(|it| is_add_on_account(&it)),
                "{account}"
            );
        }
        assert!(ADD_ON_ACCOUNTS.is_sorted_by(|(one, _), (other, _)| one < other));
        assert!(!is_add_on_account(&"123456789012".parse().unwrap()));
    }

    /// Regions that an account has to opt in to, and those of other partitions, have accounts of their own.
    #[test]
    fn only_the_regions_of_every_account_share_one_registry_account() {
        let shared = |(_, account): &&(&str, &str)| *account == "602401143452";
        assert_eq!(ADD_ON_ACCOUNTS.iter().filter(shared).count(), 17);
        let mut others: Vec<&str> = ADD_ON_ACCOUNTS
            .iter()
            .filter(|row| !shared(row))
            .map(|(_, account)| *account)
            .collect();
        others.sort_unstable();
        assert!(others.is_sorted_by(|one, other| one < other), "{others:?}");
    }
}
