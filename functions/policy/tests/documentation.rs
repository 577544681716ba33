//! The rule table of README.md is made from the code. `UPDATE_SCHEMA=1` writes it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use ecr_admission_policy::Rule;

const HEAD: &str = "| rule | passes when |\n|---|---|\n";

#[test]
fn the_readme_has_a_row_for_every_rule_and_no_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, table) = readme.split_once(HEAD).unwrap();
    let (_, after) = table.split_once("\n\n").unwrap();
    let rows = Rule::ALL.map(|rule| format!("| `{rule}` | {} |", rule.passes_when())).join("\n");
    let expected = format!("{before}{HEAD}{rows}\n\n{after}");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(
        readme == expected,
        "the rules in README.md are not those of the code; UPDATE_SCHEMA=1 cargo test -p ecr-admission-policy writes them"
    );
}

#[test]
fn every_rule_is_a_file_of_its_name() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    for rule in Rule::ALL {
        let file = rules.join(format!("{}.rs", rule.id().replace('-', "_")));
        assert!(file.is_file(), "{} is missing", file.display());
    }
}
