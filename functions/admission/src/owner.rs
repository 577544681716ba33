//! The controller that owns an object, such as the `ReplicaSet` of a Pod.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The owner that manages an object. There is at most one (apimachinery, `OwnerReference`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its kind, such as `ReplicaSet`.
    pub kind: String,
    /// Its name, in the object's namespace.
    pub name: String,
}

/// The controlling `metadata.ownerReferences` of an object; `None` where there is none, or where it cannot
/// be read.
///
/// Reads no further than the metadata, which kube-apiserver sends before what may be a megabyte.
pub fn of(object: &RawValue) -> Option<Owner> {
    let mut owner = None;
    // The error of an object that was not read to its end.
    let _ = serde_json::Deserializer::from_str(object.get()).deserialize_map(Search(&mut owner));
    owner
}

struct Search<'a>(&'a mut Option<Owner>);

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of Kubernetes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(field) = object.next_key::<Cow<'de, str>>()? {
            if field == "metadata" {
                let Metadata { owner_references } = object.next_value()?;
                let mut references = owner_references.into_iter().flatten();
                let controller = references.find(|reference| reference.controller == Some(true));
                *self.0 = controller.map(|Reference { kind, name, .. }| Owner { kind, name });
                return Ok(());
            }
            object.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    owner_references: Option<Vec<Reference>>,
}

#[derive(Deserialize)]
struct Reference {
    kind: String,
    name: String,
    controller: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(object: &str) -> Option<(String, String)> {
        let object: &RawValue = serde_json::from_str(object).unwrap();
        of(object).map(|Owner { kind, name }| (kind, name))
    }

    #[test]
    fn only_the_controller_is_the_owner() {
        let set = r#"{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"pay-5d","uid":"u","controller":true,"blockOwnerDeletion":true}"#;
        let other = r#"{"apiVersion":"v1","kind":"ConfigMap","name":"c","uid":"u"}"#;
        let not = r#"{"kind":"Node","name":"n","controller":false}"#;
        let found = Some(("ReplicaSet".to_owned(), "pay-5d".to_owned()));
        for (metadata, expected) in [
            (format!(r#"{{"ownerReferences":[{set}]}}"#), &found),
            (
                format!(r#"{{"name":"p","ownerReferences":[{other},{not},{set}],"uid":"u"}}"#),
                &found,
            ),
            (format!(r#"{{"ownerReferences":[{other},{not}]}}"#), &None),
            (r#"{"ownerReferences":[]}"#.to_owned(), &None),
            (r#"{"ownerReferences":null}"#.to_owned(), &None),
            (r#"{"ownerReferences":[{"kind":1}]}"#.to_owned(), &None),
            ("{}".to_owned(), &None),
            ("null".to_owned(), &None),
        ] {
            for object in [
                format!(r#"{{"kind":"Pod","metadata":{metadata},"spec":{{"a":[1]}}}}"#),
                format!(r#"{{"spec":{{"metadata":{{}}}},"m\u0065tadata":{metadata}}}"#),
            ] {
                assert_eq!(&owner(&object), expected, "{object}");
            }
        }
    }

    #[test]
    fn what_is_no_object_has_no_owner() {
        for object in ["7", "null", "[]", "{}", r#"{"spec":{}}"#] {
            assert_eq!(owner(object), None, "{object}");
        }
    }
}
