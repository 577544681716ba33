//! How the values of a document are read: in the form in which they are written, and never from nothing.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A key without a value is refused: it would read as if it were left out, and what is left out often
/// means more.
pub(super) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads a list whose entries are written as `W` and mean `T`.
pub(super) fn list<'de, W, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    W: Deserialize<'de>,
    T: TryFrom<W, Error: fmt::Display>,
    D: Deserializer<'de>,
{
    let entries = Vec::<Entry<W, T>>::deserialize(deserializer)?;
    Ok(entries.into_iter().map(|entry| entry.meaning).collect())
}

/// Converted within the visit, so that an error has the place of its list.
struct Entry<W, T> {
    meaning: T,
    written: PhantomData<W>,
}

impl<'de, W, T> Deserialize<'de> for Entry<W, T>
where
    W: Deserialize<'de>,
    T: TryFrom<W, Error: fmt::Display>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let meaning = T::try_from(W::deserialize(deserializer)?).map_err(D::Error::custom)?;
        Ok(Self { meaning, written: PhantomData })
    }
}
