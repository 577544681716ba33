use ecr_admission_policy::{Document, Rule, Timestamp};

use super::*;

const V: &str = "apiVersion: ecr-admission/v1\n";

const OLD: &str = "  - rules: [signed]
    namespaces: [old] # why
    owner: web
    reason: \"it's late\"
    expires: 2027-03-31";

const NEW: &str = "  - rules: [scan-findings]
    namespaces: [shop]
    owner: payments team
    reason: INC-1
    expires: 2026-11-27T03:55:00Z
";

const FLOW: &str = "{rules: [scan-findings], namespaces: [shop], owner: payments team, reason: INC-1, \
                    expires: 2026-11-27T03:55:00Z}";

fn entry() -> Entry {
    let none = |key| (key, vec![]);
    Entry {
        rules: vec![Rule::ScanFindings],
        lists: [
            none("clusters"),
            ("namespaces", vec!["shop".to_owned()]),
            none("users"),
            none("repositories"),
            none("accounts"),
            none("regions"),
        ],
        owner: "payments team".to_owned(),
        reason: "INC-1".to_owned(),
        expires: "2026-11-27T03:55:00Z".parse::<Timestamp>().unwrap(),
    }
}

/// Where `|` is, the new text stands; every other byte of `old` is there, in its order.
fn added(before: &str, inserted: &str, after: &str) {
    let old = format!("{before}{after}");
    let new = appended(&old, &entry()).unwrap_or_else(|refused| panic!("{refused}\n{old}"));
    assert_eq!(new, format!("{before}{inserted}{after}"));
    let exemptions = |text: &str| {
        Document::from_yaml(text).unwrap_or_else(|e| panic!("{e}\n{text}")).exemptions().count()
    };
    assert_eq!(exemptions(&new), exemptions(&old) + 1);
}

#[test]
fn a_document_without_exemptions_gets_the_key_at_its_end() {
    let key = format!("exemptions:\n{NEW}");
    added(V, &key, "");
    added(&format!("# top\n---\n{V}mode: warn # why\n\n# the end\n"), &key, "");
    added(V, &key, "...\n");
    added(V, &key, "... # over\n# and out\n");
    added(&format!("\u{feff}{V}"), &key, "");
    added("apiVersion: ecr-admission/v1", &format!("\n{key}"), "");
    // A block scalar, and a list at the end of the text.
    added(&format!("{V}breakGlass:\n  groups:\n  - >-\n    on call\n"), &key, "");
    let indented = format!("  {}", key.replace('\n', "\n  "));
    let indented = indented.trim_end_matches(' ');
    added(&format!("  {V}  mode: warn\n"), indented, "");
    let windows = key.replace('\n', "\r\n");
    added(&format!("{V}mode: warn\n").replace('\n', "\r\n"), &windows, "");
}

#[test]
fn an_entry_comes_behind_the_last_one_and_before_what_follows() {
    let after = "\n# Who may.\nbreakGlass:\n  groups: [oncall]\n";
    added(&format!("{V}exemptions:\n{OLD} # soon\n"), NEW, after);
    added(&format!("{V}exemptions: # few\n  # The first.\n{OLD}\n"), NEW, "    # not yet\n");
    added(&format!("{V}exemptions:\n{OLD}"), &format!("\n{NEW}"), "");
    let not_indented = |text: &str| {
        let text = text.replace("\n  ", "\n");
        format!("{}\n", text.trim())
    };
    added(&format!("{V}exemptions:\n{}", not_indented(OLD)), &not_indented(NEW), after);
    // A dash in a line of its own, with a comment; entries in braces; a list that closes the last entry.
    let braces =
        "  - {rules: [signed], namespaces: [old], owner: a, reason: b, expires: 2027-03-31}\n";
    added(&format!("{V}exemptions:\n{braces}"), NEW, after);
    let alone = "  - # the first\n    owner: a\n    reason: b\n    expires: 2027-03-31\n    namespaces: [a]\n    rules: [signed]\n";
    added(&format!("{V}exemptions:\n{alone}"), NEW, after);
    let folded = "  - rules:\n      - signed\n    namespaces:\n      - old\n    owner: a\n    expires: 2027-03-31\n    reason: >-\n      a long\n      story\n";
    added(&format!("{V}exemptions:\n{folded}"), NEW, after);
    // An anchor elsewhere changes nothing.
    let anchors = format!(
        "{V}exemptions:\n  - &x {{rules: [signed], namespaces: [old], owner: a, reason: b, expires: 2027-03-31}}\n  - *x\n"
    );
    added(&anchors, NEW, after);
    let windows = |text: &str| text.replace('\n', "\r\n");
    added(&windows(&format!("{V}exemptions:\n{OLD}\n")), &windows(NEW), &windows(after));
}

#[test]
fn a_list_in_brackets_stays_in_brackets() {
    let old = "{rules: [signed], namespaces: [old], owner: a, reason: b, expires: 2027-03-31}";
    added(&format!("{V}exemptions: ["), FLOW, "] # none yet\nmode: warn\n");
    added(&format!("{V}exemptions: [{old}"), &format!(", {FLOW}"), "]\n");
    added(&format!("{V}exemptions: [\n  {old}"), &format!(", {FLOW}"), ", # soon\n]\nmode: warn\n");
    added(&format!("{V}exemptions: &x [{old}"), &format!(", {FLOW}"), "]\n");
    added(
        &format!("{{apiVersion: ecr-admission/v1, exemptions: [{old}"),
        &format!(", {FLOW}"),
        "]}\n",
    );
}

#[test]
fn a_text_without_a_place_for_it_is_refused() {
    for (text, problem) in [
        (
            "{apiVersion: ecr-admission/v1}\n".to_owned(),
            "the document is written in braces, where an exemption has no line of its own; add it by hand, then use \
             deploy/policy put FILE",
        ),
        (
            format!("{V}pin: &x []\nexemptions: *x\n"),
            "exemptions is not written as a list where it is; add it by hand, then use deploy/policy put FILE",
        ),
        (
            // The new entry would belong to both lists.
            format!(
                "{V}exemptions: &x [{{rules: [signed], users: [a], owner: a, reason: b, expires: 2027-03-31}}]\npin: *x\n"
            ),
            "the exemption cannot be added to this text without a change elsewhere in it; add it by hand, then use \
             deploy/policy put FILE",
        ),
    ] {
        assert_eq!(appended(&text, &entry()).unwrap_err(), problem, "{text}");
    }
}
