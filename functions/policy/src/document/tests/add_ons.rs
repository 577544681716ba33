//! deploy/samples/eks-add-ons.yaml is made from the table of accounts. `UPDATE_SCHEMA=1` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::super::Document;
use crate::policy::add_on_accounts::ADD_ON_ACCOUNTS;

const BEGIN: &str = "  # begin: accounts\n";
const END: &str = "  # end: accounts\n";

/// The repositories of the add-ons, as AWS names them in every Region.
const REPOSITORIES: &str = r#"["eks/*", amazon-k8s-cni, amazon-k8s-cni-init, amazon/aws-network-policy-agent, amazon/aws-load-balancer-controller]"#;

#[test]
fn the_sample_has_the_account_of_every_region() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/samples/eks-add-ons.yaml");
    let sample = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = sample.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut accounts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (region, account) in ADD_ON_ACCOUNTS {
        accounts.entry(account).or_default().push(region);
    }
    let mut accounts: Vec<_> =
        accounts.into_iter().map(|(account, regions)| (regions, account)).collect();
    accounts.sort_unstable();
    let mut entries = String::new();
    for (regions, account) in accounts {
        write!(
            entries,
            "  - accounts: [\"{account}\"]\n    regions: [{}]\n    repositories: {REPOSITORIES}\n    inspect: false\n",
            regions.join(", ")
        )
        .unwrap();
    }
    let expected = format!("{before}{BEGIN}{entries}{END}{after}");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(
        sample == expected,
        "deploy/samples/eks-add-ons.yaml is not what the table says; UPDATE_SCHEMA=1 cargo test -p ecr-admission-policy writes it"
    );
    assert_eq!(Document::from_yaml(&sample).unwrap().uninspected().count(), 23);
}
