//! The settings that both functions read, against the table from which the infrastructure sets them.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;

use ecr_admission_lambda::{BadVariable, Environment};
use serde::Deserialize;

/// Not a number, and not a name of anything, not even of a cluster.
const BAD: &str = "! !";

/// A row of infra/parameters.json, as far as it concerns a function.
#[derive(Deserialize)]
struct Parameter {
    variable: Option<String>,
    #[serde(default)]
    functions: Vec<String>,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Kind {
    List { example: String, default: Items },
    Text { example: String, default: String },
    Word { words: Vec<String>, default: String },
    Number { unit: String, range: Option<[u32; 2]>, default: u32 },
    Flag { default: bool },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Items {
    Literal(Vec<String>),
    /// The stack's own, which an empty list stands for.
    OfTheStack(String),
}

impl Kind {
    fn default(&self) -> String {
        match self {
            Self::List { default: Items::Literal(items), .. } => items.join(","),
            Self::List { default: Items::OfTheStack(value), .. } => {
                assert!(value.starts_with("AWS::"), "{value}");
                String::new()
            }
            Self::Text { default, .. } | Self::Word { default, .. } => default.clone(),
            Self::Number { default, .. } => default.to_string(),
            Self::Flag { default } => default.to_string(),
        }
    }

    /// Values that the function accepts.
    fn good(&self) -> Vec<String> {
        match self {
            Self::List { example, .. } | Self::Text { example, .. } => vec![example.clone()],
            Self::Word { words, .. } => words.clone(),
            Self::Number { range, .. } => range.unwrap().map(|end| end.to_string()).to_vec(),
            Self::Flag { .. } => vec!["true".to_owned(), "false".to_owned()],
        }
    }

    /// Values that it refuses: the nearest to those that it accepts, and none at all like them.
    fn bad(&self) -> Vec<String> {
        let mut bad = vec![BAD.to_owned()];
        match self {
            Self::List { .. } | Self::Text { .. } | Self::Flag { .. } => {}
            Self::Word { words, .. } => bad.extend(words.iter().map(|word| word.to_lowercase())),
            Self::Number { range, .. } => {
                let [least, most] = range.unwrap();
                bad.extend(least.checked_sub(1).map(|number| number.to_string()));
                bad.push((most + 1).to_string());
            }
        }
        bad
    }

    /// What the error about a bad value must say.
    fn expected(&self) -> Vec<String> {
        match self {
            Self::List { .. } | Self::Text { .. } => vec![],
            Self::Word { words, .. } => words.clone(),
            Self::Flag { .. } => vec!["true or false".to_owned()],
            Self::Number { unit, range, .. } => {
                let [least, most] = range.unwrap();
                vec![format!("a whole number of {unit} from {least} to {most}")]
            }
        }
    }
}

struct Function {
    name: &'static str,
    config: &'static str,
    /// What the stack sets, and no operator: a value for each variable.
    given: &'static [(&'static str, &'static str)],
    read: fn(&Environment) -> Result<String, BadVariable>,
}

const FUNCTIONS: [Function; 2] = [
    Function {
        name: "admission",
        config: include_str!("../../admission/src/config.rs"),
        given: &[],
        read: |environment| {
            let config = ecr_admission::config::Config::from_environment(environment)?;
            Ok(settings(&config))
        },
    },
    Function {
        name: "authorizer",
        config: include_str!("../../../authorizer/src/config.rs"),
        given: &[("TOKEN_SECRET_ARN", "tokens"), ("CALLER_KEY", "header")],
        read: |environment| {
            let config = ecr_admission_authorizer::config::Config::from_environment(environment)?;
            Ok(settings(&config))
        },
    },
];

/// The settings as text: what comes before the SDK's, whose credentials have a new id each time.
fn settings(config: &impl std::fmt::Debug) -> String {
    format!("{config:?}").split_once("sdk: ").unwrap().0.to_owned()
}

impl Function {
    /// Its rows of the table, by variable.
    fn parameters(&self) -> Vec<(String, Kind)> {
        let table = include_str!("../../../infra/parameters.json");
        serde_json::from_str::<Vec<Parameter>>(table)
            .unwrap()
            .into_iter()
            .filter(|row| row.functions.iter().any(|name| name == self.name))
            .map(|row| (row.variable.unwrap(), row.kind))
            .collect()
    }

    /// What it reads from these variables and those that Lambda and the stack set.
    fn read(&self, variables: &[(&str, &str)]) -> Result<String, BadVariable> {
        let base = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
        ];
        let given = self.given.iter().copied();
        (self.read)(&base.into_iter().chain(given).chain(variables.iter().copied()).collect())
    }
}

#[test]
fn a_function_reads_the_variables_of_the_table_and_no_others() {
    for function in FUNCTIONS {
        let is_variable = |text: &&str| {
            text.len() > 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        };
        let code = function.config.split("#[cfg(test)]").next().unwrap();
        let read: BTreeSet<&str> = code
            .split('"')
            .filter(is_variable)
            .filter(|name| {
                !name.starts_with("AWS_") && !function.given.iter().any(|(given, _)| given == name)
            })
            // Read by `Level::from_environment`.
            .chain(["LOG_LEVEL"])
            .collect();
        let parameters = function.parameters();
        let listed: BTreeSet<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(read, listed, "{}", function.name);
    }
}

#[test]
fn a_variable_that_is_not_set_means_the_default_of_the_table() {
    for function in FUNCTIONS {
        let unset = function.read(&[]).unwrap();
        for (name, kind) in function.parameters() {
            let set = function.read(&[(&name, &kind.default())]);
            assert_eq!(set.as_ref(), Ok(&unset), "{name} in {}", function.name);
        }
    }
}

#[test]
fn a_function_accepts_what_the_table_accepts_and_nothing_next_to_it() {
    for function in FUNCTIONS {
        let parameters = function.parameters();
        // All at once: rewrites must lead to a registry that is allowed.
        let examples: Vec<(&str, String)> = parameters
            .iter()
            .map(|(name, kind)| (name.as_str(), kind.good().swap_remove(0)))
            .collect();
        let with = |name: &str, value: &str| {
            let variables: Vec<(&str, &str)> =
                examples.iter().map(|(name, value)| (*name, value.as_str())).collect();
            function.read(&[variables.as_slice(), &[(name, value)]].concat())
        };
        for (name, kind) in &parameters {
            for value in kind.good() {
                assert!(with(name, &value).is_ok(), "{name}: {value}");
            }
            for value in kind.bad() {
                let error = with(name, &value).unwrap_err();
                assert_eq!(error.name(), name, "{value}");
                let text = error.to_string();
                assert!(kind.expected().iter().all(|words| text.contains(words)), "{text}");
            }
        }
    }
}
