//! An exemption as a document has it.

use ecr_admission_policy::{Rule, Timestamp};
use serde_json::{Map, Value};

use crate::policy::secret::moment::in_full;

/// An exemption that is to be written.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) rules: Vec<Rule>,
    /// The lists that say what it covers, by their keys. An empty one is left out.
    pub(super) lists: [(&'static str, Vec<String>); 6],
    pub(super) owner: String,
    pub(super) reason: String,
    pub(super) expires: Timestamp,
}

impl Entry {
    /// What a reader of the document gets.
    pub(super) fn value(&self) -> Value {
        let lists = self.all_lists().map(|(key, names)| (key.to_owned(), names.into()));
        let texts = self.texts().map(|(key, text)| (key.to_owned(), text.into()));
        Value::Object(lists.chain(texts).collect::<Map<_, _>>())
    }

    /// As an entry of a list in block style whose dash has this column.
    pub(super) fn block(&self, column: usize, end_of_line: &str) -> String {
        let lists = self.all_lists().map(|(key, names)| format!("{key}: {}", flow_list(&names)));
        let texts = self.texts().map(|(key, text)| format!("{key}: {}", scalar(&text)));
        let mut block = String::new();
        for (line, start) in
            lists.chain(texts).zip(["- "].into_iter().chain(std::iter::repeat("  ")))
        {
            block.push_str(&" ".repeat(column));
            block.push_str(start);
            block.push_str(&line);
            block.push_str(end_of_line);
        }
        block
    }

    /// As an entry of a list in flow style.
    pub(super) fn flow(&self) -> String {
        let lists = self.all_lists().map(|(key, names)| format!("{key}: {}", flow_list(&names)));
        let texts = self.texts().map(|(key, text)| format!("{key}: {}", scalar(&text)));
        format!("{{{}}}", lists.chain(texts).collect::<Vec<_>>().join(", "))
    }

    /// In words: the rules, and what they are exempt for.
    pub(super) fn words(&self) -> String {
        let rules = self.rules.iter().map(|rule| rule.id()).collect::<Vec<_>>().join(", ");
        let lists = self.lists.iter().filter(|(_, names)| !names.is_empty());
        let lists = lists.map(|(key, names)| format!("{key} {}", names.join(", ")));
        format!("{rules} for {}", lists.collect::<Vec<_>>().join("; "))
    }

    fn all_lists(&self) -> impl Iterator<Item = (&'static str, Vec<String>)> {
        let rules = self.rules.iter().map(|rule| rule.id().to_owned()).collect();
        let lists = self.lists.iter().filter(|(_, names)| !names.is_empty()).cloned();
        std::iter::once(("rules", rules)).chain(lists)
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, String)> {
        let expires = in_full(self.expires);
        [("owner", self.owner.clone()), ("reason", self.reason.clone()), ("expires", expires)]
            .into_iter()
    }
}

fn flow_list(names: &[String]) -> String {
    format!("[{}]", names.iter().map(|name| scalar(name)).collect::<Vec<_>>().join(", "))
}

/// Plain where every reader of YAML takes it for a text, else quoted as in JSON.
fn scalar(text: &str) -> String {
    const OTHER_VALUES: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let stem = text.strip_suffix('*').unwrap_or(text);
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '/' | '-');
    let is_other = OTHER_VALUES.contains(&&*text.to_ascii_lowercase());
    let is_time = text.ends_with('Z') && text.parse::<Timestamp>().is_ok();
    if is_time || (start && stem.chars().all(inner) && !stem.ends_with(' ') && !is_other) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_could_take_for_something_else_is_quoted() {
        for (text, written) in [
            ("payments team", "payments team"),
            ("INC-1", "INC-1"),
            ("team-*", "team-*"),
            ("legacy/*", "legacy/*"),
            ("2026-11-27T03:55:00Z", "2026-11-27T03:55:00Z"),
            ("*", "\"*\""),
            ("123456789012", "\"123456789012\""),
            ("No", "\"No\""),
            ("1e3", "\"1e3\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("a, b", "\"a, b\""),
            ("say \"no\" \\ ü", "\"say \\\"no\\\" \\\\ ü\""),
            ("system:serviceaccount:ci:deployer", "\"system:serviceaccount:ci:deployer\""),
            ("tail ", "\"tail \""),
            ("- a", "\"- a\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
