//! Texts of violations, and the answer of `/validate` that must say all of them.

use ecr_admission_policy::verdict::WARNING;
use serde_json::Value;

/// An answer joins the texts to one line, and counts those that have no room.
pub fn assert_line(texts: &[String], line: &Value) {
    let whole = texts.join("; ");
    let line = line.as_str().unwrap_or_default();
    match line.rsplit_once("; … and ").filter(|_| whole != line) {
        Some((start, more)) => {
            let more: usize = more.strip_suffix(" more").unwrap().parse().unwrap();
            assert_eq!(texts[..texts.len() - more].join("; "), start);
        }
        None => assert_eq!(whole, line),
    }
}

/// An answer has a warning for each text, shortened where it is too long, and counts those that have no room.
pub fn assert_warnings(texts: &[String], warnings: &Value) {
    let warnings = warnings.as_array().map_or(&[][..], Vec::as_slice);
    let warnings: Vec<&str> = warnings.iter().map(|warning| warning.as_str().unwrap()).collect();
    let said = match warnings.split_last() {
        Some((last, said)) if last.starts_with("… and ") => {
            assert_eq!(*last, format!("… and {} more", texts.len() - said.len()));
            said
        }
        _ => {
            assert_eq!(texts.len(), warnings.len(), "{texts:?}\n{warnings:?}");
            &warnings
        }
    };
    for (text, warning) in texts.iter().zip(said) {
        let rule = |text: &str| text.rsplit_once(" [").map(|(_, rule)| rule.to_owned());
        let same = text == warning || text.chars().count() > WARNING && rule(text) == rule(warning);
        assert!(same, "{text}\n{warning}");
    }
}
