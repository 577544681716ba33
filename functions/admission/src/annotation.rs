//! The annotations of an object, found without reading the rest of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

/// The metadata of an object, of which only the annotations are read.
#[derive(Debug, Default, Deserialize)]
pub struct Metadata<'a> {
    #[serde(borrow, default)]
    annotations: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
}

impl Metadata<'_> {
    /// Whether the object has annotations, even if empty.
    pub fn has_annotations(&self) -> bool {
        self.annotations.is_some()
    }

    /// The value of the annotation `name`; `None` when there is none that is a string.
    pub fn annotation(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    fn raw(&self, name: &str) -> Option<&RawValue> {
        self.annotations.as_ref()?.get(name).copied()
    }
}

fn object(object: &RawValue) -> Option<Object<'_>> {
    serde_json::from_str(object.get()).ok()
}

/// The metadata of an object; `None` when it has none or when it cannot be read.
pub fn metadata(of: &RawValue) -> Option<Metadata<'_>> {
    object(of)?.metadata
}

/// The value of the annotation `name`; `None` when there is none that is a string.
pub fn of(object: &RawValue, name: &str) -> Option<String> {
    metadata(object)?.annotation(name)
}

/// Whether there is an annotation `name`, whatever its value.
pub fn is_there(object: &RawValue, name: &str) -> bool {
    metadata(object).is_some_and(|metadata| metadata.raw(name).is_some())
}

/// Whether the annotation `name` of this object is known to have a value other than `value`, or to be
/// absent. What cannot be read is not known.
pub fn differs(of: &RawValue, name: &str, value: &str) -> bool {
    object(of).is_some_and(|object| match object.metadata.unwrap_or_default().raw(name) {
        None => true,
        Some(other) => serde_json::from_str::<String>(other.get()).is_ok_and(|it| it != value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_string_under_the_whole_name_counts() {
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
