//! The rule table of README.md is the code's.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use ecr_admission_policy::Rule;

#[test]
fn the_readme_has_a_row_for_every_rule_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(folder.join("../../README.md")).unwrap();
    let table = readme.split("| rule | passes when |\n|---|---|\n").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> =
        Rule::ALL.iter().map(|rule| format!("| `{rule}` | {} |", rule.passes_when())).collect();
    assert_eq!(rows, expected);
}

#[test]
fn every_rule_is_a_file_of_its_name() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    for rule in Rule::ALL {
        let file = rules.join(format!("{}.rs", rule.id().replace('-', "_")));
        assert!(file.is_file(), "{} is missing", file.display());
    }
}
