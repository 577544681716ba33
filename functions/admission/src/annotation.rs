//! An annotation of an object, found without reading the rest of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    annotations: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

/// The value of the annotation `name`; `None` when there is none that is a text.
pub fn of(object: &RawValue, name: &str) -> Option<String> {
    let object: Object<'_> = serde_json::from_str(object.get()).ok()?;
    serde_json::from_str(object.metadata.annotations.get(name)?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_under_the_whole_name_counts() {
        for (object, expected) in [
            (r#"{"metadata":{"annotations":{"a/b":"c"}}}"#, Some("c")),
            (r#"{"metadata":{"annotations":{"a\/b":"\u0063","x":null}}}"#, Some("c")),
            (r#"{"metadata":{"annotations":{"a/b":""}}}"#, Some("")),
            (r#"{"metadata":{"annotations":{"a/bc":"c"},"labels":{"a/b":"c"}}}"#, None),
            (r#"{"metadata":{"annotations":{"a/b":7}}}"#, None),
            (r#"{"metadata":{"annotations":null}}"#, None),
            (r#"{"spec":{}}"#, None),
            ("7", None),
        ] {
            let object: &RawValue = serde_json::from_str(object).unwrap();
            assert_eq!(of(object, "a/b").as_deref(), expected, "{object}");
        }
    }
}
