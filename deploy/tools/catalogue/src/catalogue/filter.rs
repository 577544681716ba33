//! Exclusion filters: a bare pattern, or a pattern with its type.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// One filter of `imageTagMutabilityExclusionFilters`, in the shape in which ECR sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExclusionFilter {
    pub(crate) filter_type: String,
    pub(crate) filter: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Typed {
    filter_type: String,
    filter: String,
}

impl<'de> Deserialize<'de> for ExclusionFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FilterVisitor)
    }
}

struct FilterVisitor;

impl<'de> Visitor<'de> for FilterVisitor {
    type Value = ExclusionFilter;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(r#"a quoted pattern such as "dev-*", or {filter: …, filterType: …}"#)
    }

    fn visit_str<E>(self, pattern: &str) -> Result<ExclusionFilter, E> {
        Ok(ExclusionFilter { filter_type: "WILDCARD".to_owned(), filter: pattern.to_owned() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ExclusionFilter, A::Error> {
        let Typed { filter_type, filter } = Typed::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ExclusionFilter { filter_type, filter })
    }
}
