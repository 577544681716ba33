//! An annotation of an object, found without reading the rest of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    annotations: Option<Annotations<'a>>,
}

type Annotations<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The annotations, none where an object has none; `None` when they cannot be read.
fn annotations(object: &RawValue) -> Option<Annotations<'_>> {
    let object: Object<'_> = serde_json::from_str(object.get()).ok()?;
    Some(object.metadata.and_then(|metadata| metadata.annotations).unwrap_or_default())
}

/// The value of the annotation `name`; `None` when there is none that is a text.
pub fn of(object: &RawValue, name: &str) -> Option<String> {
    serde_json::from_str(annotations(object)?.get(name)?.get()).ok()
}

/// Whether there is an annotation `name`, whatever its value.
pub fn is_there(object: &RawValue, name: &str) -> bool {
    annotations(object).is_some_and(|annotations| annotations.contains_key(name))
}

/// Whether the annotation `name` of this object is known to have another value than `value`, or to be
/// absent. What cannot be read is not known.
pub fn differs(object: &RawValue, name: &str, value: &str) -> bool {
    annotations(object).is_some_and(|annotations| match annotations.get(name) {
        None => true,
        Some(other) => serde_json::from_str::<String>(other.get()).is_ok_and(|it| it != value),
    })
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
            (r#"{"metadata":null}"#, None),
            (r#"{"spec":{}}"#, None),
            ("7", None),
        ] {
            let object: &RawValue = serde_json::from_str(object).unwrap();
            assert_eq!(of(object, "a/b").as_deref(), expected, "{object}");
            assert!(expected.is_none() || is_there(object, "a/b"), "{object}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_known_to_differ() {
        for (object, expected) in [
            (r#"{"metadata":{"annotations":{"a/b":"c"}}}"#, false),
            (r#"{"metadata":{"annotations":{"a\/b":"\u0063"}}}"#, false),
            (r#"{"metadata":{"annotations":{"a/b":"d"}}}"#, true),
            (r#"{"metadata":{"annotations":{"a/b":""}}}"#, true),
            (r#"{"metadata":{"annotations":{"x":"c"}}}"#, true),
            (r#"{"metadata":{"annotations":null}}"#, true),
            (r#"{"metadata":{}}"#, true),
            (r#"{"spec":{}}"#, true),
            (r#"{"metadata":{"annotations":{"a/b":7}}}"#, false),
            (r#"{"metadata":{"annotations":[]}}"#, false),
            (r#"{"metadata":7}"#, false),
            ("null", false),
            ("7", false),
        ] {
            let object: &RawValue = serde_json::from_str(object).unwrap();
            assert_eq!(differs(object, "a/b", "c"), expected, "{object}");
        }
    }
}
