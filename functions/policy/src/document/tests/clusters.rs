//! `clusters` wherever a document may have it: in these clusters alone, and never for a caller whose cluster is not
//! known.

use proptest::prelude::*;

use super::super::Document;
use super::switches::{DENIED, EXEMPT, Pod, finding, mutable, table, with_findings};
use crate::mode::Mode;
use crate::policy::exemption::Requester;
use crate::policy::modes::Modes;
use crate::policy::pattern::Pattern;
use crate::rule::Rule;
use crate::testing::{NOW, policy};

const WARNED: &str = "warn tag-immutability";
const AUDITED: &str = "audit tag-immutability";

fn document(rest: &str) -> Document {
    let text = format!("apiVersion: ecr-admission/v1\n{rest}");
    Document::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A Pod of the namespace `shop` whose tag can be overwritten, in a cluster.
fn pod_in(cluster: Option<&str>) -> Pod<'_> {
    let mut pod = Pod::of(mutable());
    pod.requester.cluster = cluster;
    pod
}

#[test]
fn modes_apply_in_the_listed_clusters_alone() {
    let blue = "namespaces: [{names: [shop], clusters: [blue, 'prod-*'], mode: warn}]";
    for (cluster, expected) in [
        (Some("blue"), WARNED),
        (Some("prod-eu"), WARNED),
        (Some("blue-2"), DENIED),
        (Some("green"), DENIED),
        (None, DENIED),
    ] {
        table(&pod_in(cluster), &[(blue, expected)]);
    }
}

#[test]
fn the_most_specific_namespace_applies_and_then_the_most_specific_cluster() {
    let pod = pod_in(Some("prod-eu"));
    table(
        &pod,
        &[
            // Of one name: an exact cluster, the longer start, the shorter start, every cluster.
            (
                "namespaces: [{names: [shop], mode: deny}, {names: [shop], clusters: ['p*'], mode: deny}, {names: [shop], clusters: ['prod-*'], mode: deny}, {names: [shop], clusters: [prod-eu], mode: warn}]",
                WARNED,
            ),
            (
                "namespaces: [{names: [shop], mode: deny}, {names: [shop], clusters: ['p*'], mode: deny}, {names: [shop], clusters: ['prod-*'], mode: warn}]",
                WARNED,
            ),
            (
                "namespaces: [{names: [shop], clusters: ['p*'], mode: warn}, {names: [shop], mode: deny}]",
                WARNED,
            ),
            (
                "namespaces: [{names: [shop], clusters: [green], mode: deny}, {names: [shop], mode: warn}]",
                WARNED,
            ),
            // The namespace comes first, whatever the clusters.
            (
                "namespaces: [{names: ['*'], clusters: [prod-eu], mode: deny}, {names: [shop], mode: warn}]",
                WARNED,
            ),
            (
                "namespaces: [{names: ['sh*'], clusters: [prod-eu], mode: deny}, {names: [shop], clusters: ['p*'], mode: warn}]",
                WARNED,
            ),
            // An entry of another cluster hides none that is less specific.
            (
                "namespaces: [{names: [shop], clusters: [green], mode: deny}, {names: ['sh*'], mode: warn}]",
                WARNED,
            ),
            // One entry alone applies: nothing is taken from the others.
            (
                "namespaces: [{names: [shop], clusters: [prod-eu], rules: {pinned: warn}}, {names: [shop], mode: warn}]",
                DENIED,
            ),
        ],
    );
}

#[test]
fn a_caller_without_a_name_has_the_strictest_mode_of_any_cluster() {
    let pod = pod_in(None);
    table(
        &pod,
        &[
            ("mode: audit\nnamespaces: [{names: [shop], clusters: [blue], mode: deny}]", DENIED),
            ("mode: audit\nnamespaces: [{names: [shop], clusters: [blue], mode: warn}]", WARNED),
            ("mode: deny\nnamespaces: [{names: [shop], clusters: [blue], mode: audit}]", DENIED),
            (
                "namespaces: [{names: [shop], clusters: [blue], mode: audit}, {names: [shop], clusters: [green], mode: warn}, {names: [shop], mode: audit}]",
                WARNED,
            ),
            // By rule.
            (
                "mode: audit\nnamespaces: [{names: [shop], clusters: [blue], rules: {tag-immutability: deny}}, {names: [shop], clusters: [green], rules: {pinned: deny}}]",
                DENIED,
            ),
            // What another entry comes before in every cluster does not count.
            (
                "namespaces: [{names: ['sh*'], clusters: [blue], mode: deny}, {names: [shop], mode: audit}]",
                AUDITED,
            ),
            (
                "namespaces: [{names: [other], clusters: [blue], mode: deny}, {names: [shop], mode: audit}]",
                AUDITED,
            ),
        ],
    );
}

#[test]
fn an_exemption_holds_in_the_listed_clusters_alone() {
    let exempt = |selector: &str| {
        format!(
            "exemptions: [{{rules: [tag-immutability], {selector}, reason: r, owner: o, expires: 2027-01-01}}]"
        )
    };
    for (selector, cluster, expected) in [
        ("clusters: [blue]", Some("blue"), EXEMPT),
        ("clusters: ['b*']", Some("blue"), EXEMPT),
        ("clusters: [green, blue]", Some("blue"), EXEMPT),
        ("clusters: [blue]", Some("green"), DENIED),
        ("clusters: [blue]", None, DENIED),
        ("clusters: [blue], namespaces: [shop], users: [alice]", Some("blue"), EXEMPT),
        ("clusters: [blue], namespaces: [shop], users: [alice]", Some("green"), DENIED),
        ("clusters: [blue], namespaces: [other]", Some("blue"), DENIED),
        ("clusters: [blue], users: [bob]", Some("blue"), DENIED),
        ("clusters: [blue], repositories: [other]", Some("blue"), DENIED),
        // Without the list, it holds everywhere.
        ("namespaces: [shop]", Some("green"), EXEMPT),
        ("namespaces: [shop]", None, EXEMPT),
    ] {
        table(&pod_in(cluster), &[(&exempt(selector), expected)]);
    }
}

#[test]
fn a_vulnerability_is_accepted_in_the_listed_clusters_alone() {
    let accepted = |more: &str| {
        format!(
            "rules: {{scan-findings: {{accepted: [{{cve: CVE-2026-1, reason: r, owner: o, expires: 2027-01-01, {more}}}]}}}}"
        )
    };
    for (more, cluster, expected) in [
        ("clusters: [blue]", Some("blue"), ""),
        ("clusters: ['b*']", Some("blue"), ""),
        ("clusters: [blue]", Some("green"), "deny scan-findings"),
        ("clusters: [blue]", None, "deny scan-findings"),
        ("clusters: [blue], repositories: [other]", Some("blue"), "deny scan-findings"),
        ("accounts: ['123456789012']", None, ""),
    ] {
        let mut pod = Pod::of(with_findings(&[finding("CVE-2026-1", "CRITICAL")]));
        pod.requester.cluster = cluster;
        table(&pod, &[(&accepted(more), expected)]);
    }
    // Of two entries for one vulnerability, one for each cluster, neither hides the other.
    let both = "rules: {scan-findings: {accepted: [{cve: CVE-2026-1, clusters: [green], reason: r, owner: o, expires: 2027-01-01}, {cve: CVE-2026-1, clusters: [blue], reason: r, owner: o, expires: 2027-01-01}]}}";
    let pod = Pod::of(with_findings(&[finding("CVE-2026-1", "CRITICAL")]));
    table(&pod, &[(both, "")]);
}

/// A sandbox that several clusters call forgets what it remembers of images when it is needed for something else.
#[test]
fn what_is_looked_up_is_the_same_for_all_clusters() {
    let document = document(
        "rules: {scan-findings: {accepted: [{cve: CVE-2026-1, clusters: [blue], reason: r, owner: o, expires: 2027-01-01}]}}",
    );
    let needs = |cluster| {
        let requester = Requester { cluster, ..Requester::default() };
        document.policy(policy(), &requester, NOW).needs()
    };
    assert!(needs(Some("blue")).all_findings);
    assert_eq!(needs(Some("green")), needs(Some("blue")));
    assert_eq!(needs(None), needs(Some("blue")));
}

#[test]
fn the_audit_log_says_which_cluster_the_caller_was_taken_for() {
    let shown = |cluster| {
        let requester = Requester { cluster, ..Requester::default() };
        document("").policy(policy(), &requester, NOW).to_string()
    };
    let parameters = "registry ids 123456789012; Regions us-east-1; severity limit CRITICAL";
    assert_eq!(shown(Some("blue")), format!("{parameters}; cluster \"blue\""));
    assert_eq!(shown(None), parameters);
}

/// A few names and starts, so that they often meet.
const NAMESPACES: [&str; 5] = ["shop", "sho*", "s*", "*", "tools"];
const CLUSTERS: [&str; 5] = ["blue", "b*", "bl*", "green", "g*"];

/// An entry as it is written: its name, its cluster, the mode of all rules and that of one.
type Entry = (usize, Option<usize>, Mode, Option<Mode>);

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Audit), Just(Mode::Warn), Just(Mode::Deny)]
}

/// A document whose places are all different, and the entries in it.
fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (0..5usize, proptest::option::of(0..5usize), mode(), proptest::option::of(mode()));
    proptest::collection::vec(entry, 0..8).prop_map(|mut entries| {
        entries.sort_by_key(|(name, cluster, ..)| (*name, *cluster));
        entries.dedup_by_key(|(name, cluster, ..)| (*name, *cluster));
        entries
    })
}

fn written(entries: &[Entry]) -> Document {
    let lines = entries.iter().map(|(name, cluster, mode, pinned)| {
        let name = NAMESPACES[*name];
        let clusters =
            cluster.map_or(String::new(), |at| format!("clusters: ['{}'], ", CLUSTERS[at]));
        let pinned = pinned.map_or(String::new(), |mode| format!(", rules: {{pinned: {mode}}}"));
        format!("  - {{names: ['{name}'], {clusters}mode: {mode}{pinned}}}\n")
    });
    let lines: String = lines.collect();
    document(&if lines.is_empty() {
        "mode: warn".to_owned()
    } else {
        format!("mode: warn\nnamespaces:\n{lines}")
    })
}

/// How specific a name is that matches: an exact one, then by the length of the start.
fn rank(pattern: &str) -> usize {
    pattern.strip_suffix('*').map_or(usize::MAX, str::len)
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.parse::<Pattern>().unwrap().matches(name)
}

proptest! {
    /// Whatever the order of the entries, the one applies that is most specific by its name, then by its cluster.
    #[test]
    fn one_entry_applies(entries in entries().prop_shuffle(), cluster in "blue|blur|green|red") {
        let applying = entries.iter().filter(|(name, at, ..)| {
            matches(NAMESPACES[*name], "shop") && at.is_none_or(|at| matches(CLUSTERS[at], &cluster))
        });
        let expected = applying.max_by_key(|(name, at, ..)| {
            (rank(NAMESPACES[*name]), at.map_or(0, |at| rank(CLUSTERS[at])))
        });
        let modes = written(&entries).modes(Some("shop"), Some(&cluster));
        let of = |rule| match expected {
            None => Mode::Warn,
            Some((_, _, _, Some(mode))) if rule == Rule::Pinned => *mode,
            Some((_, _, mode, _)) => *mode,
        };
        for rule in Rule::ALL {
            prop_assert_eq!(modes.of(rule), of(rule), "{}", rule);
        }
    }

    /// No cluster has a stricter mode than a caller without a name.
    #[test]
    fn without_a_name_the_strictest_mode_applies(entries in entries()) {
        let document = written(&entries);
        let unknown = document.modes(Some("shop"), None);
        let clusters = ["blue", "bleu", "blau", "black", "b", "bl", "green", "gray", "g", "red"];
        let known: Vec<Modes> =
            clusters.iter().map(|name| document.modes(Some("shop"), Some(name))).collect();
        for rule in Rule::ALL {
            let strictest = known.iter().map(|modes| modes.of(rule)).max().unwrap();
            prop_assert!(unknown.of(rule) >= strictest, "{}", rule);
        }
    }
}
