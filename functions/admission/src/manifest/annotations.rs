//! Annotations: whether they make a checkpoint of an image.

use std::fmt;

use ecr_admission_policy::text::cut;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::SHOWN;
use super::object::{Notes, OrNull, Text, begins_with};

/// How the annotations begin by which a node takes an image for the checkpoint of a container, and
/// restores it on a base image that the checkpoint names: containerd 2.1 and later, and CRI-O.
const CHECKPOINTS: [&str; 2] =
    ["org.criu.checkpoint.", "io.kubernetes.cri-o.annotations.checkpoint."];

/// Reads the annotations of a manifest or a descriptor, and notes the first of a checkpoint. Go compares
/// the keys of a map exactly, so they may repeat, and be written in any letters.
pub(super) fn read<'de, A: MapAccess<'de>>(map: &mut A, notes: &Notes) -> Result<(), A::Error> {
    map.next_value_seed(OrNull(Annotations(notes)))?;
    Ok(())
}

struct Annotations<'n>(&'n Notes);

impl<'de> DeserializeSeed<'de> for Annotations<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Annotations<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annotations")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(checkpoint) = map.next_key_seed(CheckpointKey)? {
            map.next_value::<Option<Text<'de>>>()?;
            let mut first = self.0.checkpoint.borrow_mut();
            *first = first.take().or(checkpoint);
        }
        Ok(())
    }
}

/// A key, if it makes a checkpoint of the image.
struct CheckpointKey;

impl<'de> DeserializeSeed<'de> for CheckpointKey {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for CheckpointKey {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        let checkpoint = CHECKPOINTS.iter().any(|prefix| begins_with(key, prefix));
        Ok(checkpoint.then(|| cut(key, SHOWN)))
    }
}
