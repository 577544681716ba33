//! The controller that owns an object, such as the `ReplicaSet` of a Pod.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The owner that manages an object. An object has at most one (apimachinery, `OwnerReference`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its kind, such as `ReplicaSet`.
    pub kind: String,
    /// Its name, in the object's namespace.
    pub name: String,
}

/// The controller among the `metadata.ownerReferences` of an object; `None` where there is none, or where
/// it cannot be read.
///
/// Reads no further than the metadata, which kube-apiserver sends before what may be a megabyte.
pub fn controller(object: &RawValue) -> Option<Owner> {
    let mut owner = None;
    // Stopping before the end of the object is an error for serde.
    let _ = serde_json::Deserializer::from_str(object.get()).deserialize_map(Search(&mut owner));
    owner
}

struct Search<'a>(&'a mut Option<Owner>);

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(field) = object.next_key::<Cow<'de, str>>()? {
            if field == "metadata" {
                *self.0 = object.next_value::<Metadata>()?.controller();
                return Ok(());
            }
            object.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    metadata: Option<Metadata>,
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

impl Metadata {
    fn controller(self) -> Option<Owner> {
        let mut references = self.owner_references.into_iter().flatten();
        let controller = references.find(|reference| reference.controller == Some(true))?;
        Some(Owner { kind: controller.kind, name: controller.name })
    }
}

/// Whether the object has a controller, or may have one: its owners cannot be read.
pub fn may_have_controller(object: &RawValue) -> bool {
    let Ok(object) = serde_json::from_str::<Object>(object.get()) else { return true };
    object.metadata.is_some_and(|metadata| metadata.controller().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(object: &str) -> Option<(String, String)> {
        let object: &RawValue = serde_json::from_str(object).unwrap();
        controller(object).map(|Owner { kind, name }| (kind, name))
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
    fn an_object_whose_owners_cannot_be_read_may_have_a_controller() {
        let of = |object: &str| may_have_controller(serde_json::from_str(object).unwrap());
        for (object, expected) in [
            (
                r#"{"metadata":{"ownerReferences":[{"kind":"A","name":"a","controller":true}]}}"#,
                true,
            ),
            (r#"{"metadata":{"ownerReferences":[{"kind":1}]}}"#, true),
            (r#"{"metadata":7}"#, true),
            ("7", true),
            (
                r#"{"metadata":{"ownerReferences":[{"kind":"A","name":"a","controller":false}]}}"#,
                false,
            ),
            (r#"{"metadata":{"ownerReferences":null}}"#, false),
            (r#"{"metadata":null}"#, false),
            ("{}", false),
        ] {
            assert_eq!(of(object), expected, "{object}");
        }
    }

    #[test]
    fn only_an_object_has_an_owner() {
        for object in ["7", "null", "[]", "{}", r#"{"spec":{}}"#] {
            assert_eq!(owner(object), None, "{object}");
        }
    }
}
