//! Any text is read as a manifest, or refused. What is read names what Go would read of it.
#![no_main]

use std::fmt;

use ecr_admission::manifest::{IMAGE_TYPES, INDEX_TYPES, Kind, MAX_ENTRIES, Manifest, read};
use ecr_admission_policy::facts::manifest::Elsewhere;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// JSON as Go finds it: an object with all of its keys, however often they come.
enum Json {
    Null,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    Other,
}

impl Json {
    /// The field that Go's encoding/json takes: in any letters, the last, null being none.
    fn field(&self, name: &str) -> &Json {
        let Self::Object(members) = self else { return &Self::Null };
        let taken = |(key, value): &&(String, Json)| {
            folded(key) == name.to_lowercase() && !matches!(value, Self::Null)
        };
        members.iter().rev().find(taken).map_or(&Self::Null, |(_, value)| value)
    }

    fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    fn list(&self) -> &[Json] {
        if let Self::List(elements) = self { elements } else { &[] }
    }

    fn has_checkpoint(&self) -> bool {
        let Self::Object(annotations) = self.field("annotations") else { return false };
        annotations.iter().any(|(key, _)| {
            let key = folded(key);
            key.starts_with("org.criu.checkpoint.")
                || key.starts_with("io.kubernetes.cri-o.annotations.checkpoint.")
        })
    }

    fn urls(&self) -> usize {
        self.field("urls").list().len()
    }
}

/// Unlike `to_lowercase`, this knows the two letters that Go also takes for ASCII ones.
fn folded(key: &str) -> String {
    key.replace('ſ', "s").replace('\u{212a}', "k").to_ascii_lowercase()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E: Error>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Json, E> {
                Ok(Json::Other)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
                Ok(Json::Other)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Json, E> {
                Ok(Json::Other)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
                Ok(Json::Other)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut elements = vec![];
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Json::List(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = vec![];
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

fn check(manifest: &Manifest, go: &Json) {
    let (config, layers) = (go.field("config"), go.field("layers").list());
    let manifests = go.field("manifests").list();
    match &manifest.kind {
        Kind::Index(entries) => {
            assert_eq!(entries.len(), manifests.len().min(MAX_ENTRIES));
            for (entry, descriptor) in entries.iter().zip(manifests) {
                assert_eq!(entry.digest.as_str(), descriptor.field("digest").text());
                let platform = descriptor.field("platform");
                let (os, architecture) = (platform.field("os"), platform.field("architecture"));
                let unknown = os.text() == "unknown" && architecture.text() == "unknown";
                assert_eq!(entry.never_chosen, unknown);
                assert_eq!(entry.platform.os, os.text());
            }
            assert!(layers.is_empty() && matches!(config, Json::Null));
        }
        Kind::Image(image) => {
            assert!(manifests.is_empty());
            assert_eq!(
                image.config.as_ref().map_or("", |d| d.as_str()),
                config.field("digest").text()
            );
            let urls = config.urls() + layers.iter().map(Json::urls).sum::<usize>();
            assert_eq!(urls == 0, image.elsewhere == Elsewhere::default());
            assert!(urls == 0 || image.foreign || image.elsewhere.never.is_some());
        }
    }
    let parts = manifests.iter().chain(layers).chain([go, config]);
    let checkpoint = parts.into_iter().any(Json::has_checkpoint);
    assert_eq!(manifest.checkpoint.is_some(), checkpoint);
}

fuzz_target!(|text: &str| {
    for media_type in INDEX_TYPES.into_iter().chain(IMAGE_TYPES) {
        let Ok(manifest) = read(media_type, text) else { continue };
        // What is ignored may nest deeper than serde_json follows here, or hold half a surrogate pair.
        if let Ok(go) = serde_json::from_str::<Json>(text) {
            check(&manifest, &go);
        }
    }
});
