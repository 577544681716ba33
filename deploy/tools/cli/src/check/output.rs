//! The report in the form that each reader expects. Every form says the same: none leaves out what another denies.

use std::path::PathBuf;
use std::str::FromStr;

use super::report::Report;

pub mod github;
pub mod json;
mod place;
pub mod sarif;
#[cfg(test)]
mod testing;
pub mod text;

/// A format, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The format.
    pub format: Format,
    /// The file; `None` for stdout.
    pub file: Option<PathBuf>,
}

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs (deploy/check.md).
    Json,
    /// For GitHub code scanning.
    Sarif,
    /// Annotations of a GitHub Actions run.
    Github,
}

impl FromStr for Output {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("expected a file after ="),
            Some((format, file)) => (format, Some(file.into())),
            None => (text, None),
        };
        let format = match format {
            "text" => Format::Text,
            "json" => Format::Json,
            "sarif" => Format::Sarif,
            "github" => Format::Github,
            _ => return Err("expected text, json, sarif or github, and = and a file, if any"),
        };
        Ok(Self { format, file })
    }
}

/// The outputs that are asked for: text on stdout, unless another is written there. Not more than one can be.
pub(super) fn outputs(asked: &[Output]) -> Result<Vec<Output>, String> {
    let to_stdout = asked.iter().filter(|output| output.file.is_none()).count();
    let text = Output { format: Format::Text, file: None };
    match to_stdout {
        0 => Ok(asked.iter().cloned().chain([text]).collect()),
        1 => Ok(asked.to_vec()),
        _ => Err("--output: expected one output for stdout and a file for every other, as in -o text -o json=report.json".to_owned()),
    }
}

/// The report in this format.
pub(super) fn write(format: Format, report: &Report, color: bool) -> String {
    match format {
        Format::Text => text::write(report, color),
        Format::Json => json::write(report),
        Format::Sarif => sarif::write(report, env!("CARGO_PKG_VERSION")),
        Format::Github => github::write(report),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_output_is_for_stdout_and_every_other_has_a_file() {
        let of = |texts: &[&str]| {
            let asked: Vec<Output> = texts.iter().map(|text| text.parse().unwrap()).collect();
            outputs(&asked).map(|all| {
                let file = |it: &Output| it.file.as_ref().map(|it| it.display().to_string());
                all.iter().map(|it| (it.format, file(it))).collect::<Vec<_>>()
            })
        };
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(of(&[]), Ok(vec![(Format::Text, None)]));
        assert_eq!(of(&["json"]), Ok(vec![(Format::Json, None)]));
        let both = vec![(Format::Json, file("a=b.json")), (Format::Text, None)];
        assert_eq!(of(&["json=a=b.json"]), Ok(both.clone()));
        assert_eq!(of(&["json=a=b.json", "text"]), Ok(both));
        assert!(of(&["json", "text"]).is_err());
        for bad in ["", "yaml", "json=", "Text", "=file"] {
            assert!(bad.parse::<Output>().is_err(), "{bad}");
        }
    }
}
