//! Every parameter of the admission function is read from a stack, or is known to change no verdict.

use std::collections::BTreeSet;

use ecr_admission_cli::check::aws::{CHANGE_NO_VERDICT, OUTPUTS};
use serde_json::Value;

#[test]
fn no_parameter_of_the_function_is_forgotten() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/parameters.json");
    let table: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(table).unwrap()).unwrap();
    let of_function = |row: &&Value| {
        row["functions"].as_array().is_some_and(|of| of.contains(&"admission".into()))
    };
    let expected: BTreeSet<(String, &str)> = table
        .iter()
        .filter(of_function)
        .map(|row| (row["parameter"].as_str().unwrap(), row["variable"].as_str().unwrap()))
        .filter(|(_, variable)| !CHANGE_NO_VERDICT.contains(variable))
        .map(|(parameter, variable)| (format!("{parameter}InForce"), variable))
        .collect();
    let read: BTreeSet<_> = OUTPUTS.map(|(output, variable)| (output.to_owned(), variable)).into();
    assert_eq!(read, expected);

    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/template.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
    for (output, _) in OUTPUTS {
        assert!(outputs.contains(&format!("\n  {output}:\n")), "{output}");
    }
}
