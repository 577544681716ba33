//! Entries of `registries` with `inspect: false`: what they admit, and all that they leave as it is.

use std::collections::BTreeMap;

use super::super::Document;
use crate::decide::decide;
use crate::facts::{Cause, Inspection, Unavailable};
use crate::mode::Mode;
use crate::mutate::mutate;
use crate::plan::{FieldPath, plan};
use crate::policy::Policy;
use crate::policy::exemption::Requester;
use crate::policy::pinning::Pinning;
use crate::rewrite::RewriteTable;
use crate::testing::{ACCOUNT, NOW, clean, digest, policy};
use crate::verdict::Verdict;

const ADD_ONS: &str = "602401143452.dkr.ecr.us-east-1.amazonaws.com";
const VENDOR: &str = "210987654321.dkr.ecr.us-east-1.amazonaws.com";
const OURS: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// AWS's add-ons in one namespace, and a vendor's tools in all.
const ENTRIES: &str = "
  - {accounts: ['602401143452'], regions: [us-east-1], repositories: ['eks/*'], inspect: false, namespaces: [tools, 'team-*']}
  - {accounts: ['210987654321', '123456789012'], regions: [us-east-1], repositories: [agent], inspect: false}";

/// The parameters of a function of this account: three accounts, one Region.
fn base() -> Policy {
    let accounts = [ACCOUNT, "210987654321", "602401143452"];
    Policy {
        registry_ids: accounts.map(|account| account.parse().unwrap()).into(),
        own_account: Some(ACCOUNT.parse().unwrap()),
        ..policy()
    }
}

fn document(rest: &str) -> Document {
    let text = format!("apiVersion: ecr-admission/v1\n{rest}");
    Document::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What became of an image whose look-up, if there is one, ends like this.
fn verdict(
    rest: &str,
    base: Policy,
    namespace: Option<&str>,
    image: &str,
    found: &Inspection,
) -> Verdict {
    let requester = Requester { namespace, ..Requester::default() };
    let policy = document(rest).policy(base, &requester, NOW);
    let plan = plan([(FieldPath::new("p"), image.to_owned())], Mode::Deny, &policy);
    let lookups = plan.lookups();
    let found: BTreeMap<_, _> = lookups.iter().map(|it| (it.clone(), found.clone())).collect();
    let verdict = decide(&plan, &found, &policy, NOW);
    let uninspected = verdict.images[0].uninspected;
    assert!(!uninspected || lookups.is_empty(), "{image} was to be looked up");
    assert_eq!(verdict.not_inspected(), uninspected.then(|| format!("p \"{image}\"")));
    verdict
}

/// `not inspected`, `inspected`, or what denies an image of which every look-up is denied access.
fn outcome(rest: &str, namespace: &str, image: &str) -> String {
    let denied = Unavailable { operation: "ecr:BatchGetImage", cause: Cause::AccessDenied };
    let no_access = Inspection::Unavailable(denied);
    let verdict = verdict(rest, base(), Some(namespace), image, &no_access);
    match verdict.message() {
        None if verdict.images[0].uninspected => "not inspected".to_owned(),
        Some(message) if message.ends_with("[image-available]") => "inspected".to_owned(),
        message => message.unwrap_or_else(|| "admitted".to_owned()),
    }
}

#[test]
fn only_what_an_entry_names_goes_uninspected() {
    let (coredns, by_digest) = (format!("{ADD_ONS}/eks/coredns:v1"), format!("@{}", digest('a')));
    let inspected = |image: &str| (image.to_owned(), "tools", "inspected");
    let uninspected = |image: &str| (image.to_owned(), "tools", "not inspected");
    for (image, namespace, expected) in [
        uninspected(&coredns),
        uninspected(&format!("{ADD_ONS}/eks/coredns")),
        uninspected(&format!("{ADD_ONS}/eks/kube-proxy{by_digest}")),
        uninspected("602401143452.dkr-ecr-fips.us-east-1.on.aws/eks/coredns:v1"),
        (coredns.clone(), "team-a", "not inspected"),
        // Everything else stays as it was.
        (coredns.clone(), "shop", "inspected"),
        inspected(&format!("{ADD_ONS}/amazon-k8s-cni:v1")),
        inspected(&format!("{ADD_ONS}/eks:v1")),
        inspected(&format!("{OURS}/eks/coredns:v1")),
        // An account that is not one of AWS's needs a digest.
        (format!("{VENDOR}/agent{by_digest}"), "shop", "not inspected"),
        (format!("{VENDOR}/agent:1{by_digest}"), "shop", "not inspected"),
        inspected(&format!("{VENDOR}/agent:1")),
        // That of the function is always inspected.
        inspected(&format!("{OURS}/agent{by_digest}")),
    ] {
        let rest = format!("registries:{ENTRIES}");
        assert_eq!(outcome(&rest, namespace, &image), expected, "{image} in {namespace}");
        assert_eq!(outcome("", namespace, &image), "inspected", "{image}");
    }
    // What has no namespace is in none that an entry names.
    let rest = format!("registries:{ENTRIES}");
    let found = Inspection::Inspected(clean().into());
    assert!(!verdict(&rest, base(), None, &coredns, &found).images[0].uninspected);
    let agent = format!("{VENDOR}/agent{by_digest}");
    assert!(verdict(&rest, base(), None, &agent, &found).images[0].uninspected);
}

/// The parameters stay the outer limit, for these entries as for every other.
#[test]
fn an_account_and_a_region_must_be_among_the_parameters() {
    let rest = "registries: [{accounts: ['602401143452', '800184023465'], regions: [us-east-1, eu-west-1], repositories: ['eks/*'], inspect: false}]";
    for (registry, problem) in [
        ("800184023465.dkr.ecr.us-east-1.amazonaws.com", "account 800184023465 (expected "),
        ("602401143452.dkr.ecr.eu-west-1.amazonaws.com", "Region eu-west-1 (expected us-east-1)"),
    ] {
        let message = outcome(rest, "tools", &format!("{registry}/eks/coredns:v1"));
        assert!(message.contains(problem) && message.ends_with("[ecr-registry]"), "{message}");
    }
}

#[test]
fn beside_other_entries_they_add_to_what_is_allowed() {
    let rest = format!("registries:{ENTRIES}\n  - {{repositories: [pay, eks/coredns]}}");
    let by_digest = digest('a');
    for (image, expected) in [
        (format!("{OURS}/pay:1"), "inspected"),
        (format!("{ADD_ONS}/eks/kube-proxy:v1"), "not inspected"),
        // An inspected entry contains it, too.
        (format!("{ADD_ONS}/eks/coredns:v1"), "inspected"),
        (format!("{VENDOR}/agent@{by_digest}"), "not inspected"),
        (
            format!("{VENDOR}/agent:1"),
            "p \"210987654321.dkr.ecr.us-east-1.amazonaws.com/agent:1\": repository \"agent\" of account 210987654321 in us-east-1 is allowed without inspection, but only by digest, since it is not an Amazon EKS add-on account of AWS; name the digest [ecr-registry]",
        ),
        (
            format!("{OURS}/agent@{by_digest}"),
            &format!(
                "p \"{OURS}/agent@{by_digest}\": repository \"agent\" of account 123456789012 in us-east-1 is not allowed (expected every account in every Region: pay, eks/coredns); use an allowed repository or add this one to registries of the policy document [ecr-registry]"
            ),
        ),
    ] {
        assert_eq!(outcome(&rest, "tools", &image), expected, "{image}");
    }
    let message = outcome(&rest, "shop", &format!("{ADD_ONS}/eks/kube-proxy:v1"));
    assert!(message.contains("repository \"eks/kube-proxy\" of account 602401143452"), "{message}");
}

/// Nothing is known of such an image, and no rule says that something is missing.
#[test]
fn no_rule_that_needs_a_look_up_applies() {
    let every_rule = "rules: {image-config: {nonRoot: true}, signed: {profiles: ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/a1']}, scan-findings: {maxScanAgeDays: 1}, ecr-registry: {mode: warn}, image-available: {mode: warn}}";
    let rest = format!("{every_rule}\nregistries:{ENTRIES}");
    let image = format!("{ADD_ONS}/eks/coredns:v1");
    for pinning in [Pinning::Off, Pinning::Pinnable] {
        let base = Policy { pinning, ..base() };
        let verdict = verdict(&rest, base, Some("tools"), &image, &Inspection::ImageNotFound);
        assert_eq!(verdict.violations, [], "{pinning:?}");
        assert!(verdict.violating.is_empty() && verdict.images[0].digest.is_none());
    }
}

#[test]
fn a_digest_that_the_document_requires_is_required() {
    let rest = |mode: &str| {
        format!("rules: {{pinned: {{required: true, mode: {mode}}}}}\nregistries:{ENTRIES}")
    };
    let image = format!("{ADD_ONS}/eks/coredns:v1");
    let found = Inspection::ImageNotFound;
    let of = |mode: &str, image: &str| verdict(&rest(mode), base(), Some("tools"), image, &found);
    let message = format!(
        "p \"{image}\": is not pinned by digest, which the policy document requires; name the digest, since the mutating webhook cannot pin an image that is not inspected [pinned]"
    );
    assert_eq!(of("deny", &image).message().as_ref(), Some(&message));
    // Later rules have nothing to say, whatever the mode.
    assert_eq!(of("warn", &image).warnings(), [message]);
    assert_eq!(of("warn", &image).violations.len(), 1);
    assert!(of("warn", &image).violating.is_empty());
    assert_eq!(of("deny", &format!("{image}@{}", digest('a'))).violations, []);
}

#[test]
fn the_mutating_webhook_looks_none_of_them_up() {
    let requester = Requester { namespace: Some("tools"), ..Requester::default() };
    let policy = document(&format!("registries:{ENTRIES}")).policy(base(), &requester, NOW);
    let lookups = |image: &str| {
        let image = [(FieldPath::new("p"), image.to_owned())];
        let mutation = mutate(image, &RewriteTable::default(), true, &policy);
        let lookups = mutation.lookups().len();
        let mutated = mutation.finish(&BTreeMap::new(), &policy);
        (lookups, mutated.changes.len(), mutated.warnings.len())
    };
    assert_eq!(lookups(&format!("{ADD_ONS}/eks/coredns:v1")), (0, 0, 0));
    assert_eq!(lookups(&format!("{OURS}/pay:1")), (1, 0, 1));
}
