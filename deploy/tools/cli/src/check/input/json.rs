//! JSON: objects in a row, as `kubectl get -o json` and `jq` write them.

use serde_json::value::RawValue;

use super::objects::{self, Document, File, Places};
use super::{Input, yaml};

/// Whether a text is JSON rather than YAML, as kubectl guesses it.
pub(super) fn is_likely(text: &str) -> bool {
    let text = text.trim_ascii_start();
    text.starts_with(['{', '[']) && !text.starts_with("{{")
}

/// The largest text that is read as YAML where it is not JSON.
const MOST_YAML: usize = 16 << 20;

/// Reads every value of a file.
pub(super) fn read(file: &File<'_>, input: &mut Input) {
    let mut values = vec![];
    for value in serde_json::Deserializer::from_str(file.text).into_iter::<&RawValue>() {
        match value {
            Ok(value) => values.push(value),
            Err(error) => {
                // YAML has braces as well, and `---` between documents of them.
                if file.text.len() <= MOST_YAML {
                    let mut other = Input::default();
                    yaml::read(file, &mut other);
                    if other.unreadable.is_empty() {
                        return input.add(other);
                    }
                }
                let offset = file.lines.offset(error.line(), error.column());
                let problem = format!("expected JSON: {}", objects::message(&error));
                file.refuse(file.lines.place(offset), None, &problem, input);
                break;
            }
        }
    }
    for value in values {
        let document = Document { file, source: None, json: file.text, places: Places::Json };
        objects::read_value(&document, value, input);
    }
}
