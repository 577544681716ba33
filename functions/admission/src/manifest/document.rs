//! A manifest of any kind, as it is written.

use std::borrow::Cow;

use ecr_admission_policy::facts::manifest::{Elsewhere, MAX_HOSTS, NotUnderstood};
use ecr_admission_policy::names::InvalidName;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};

use super::descriptor::{Descriptor, media_type_of};
use super::object::{Elements, List, Notes, Object, OrNull, Record, object};
use super::urls::Urls;
use super::{Entry, INDEX_TYPES, MAX_ENTRIES, annotations, media_type};

/// The only version of the format that is read.
const SCHEMA_VERSION: i64 = 2;

#[derive(Default)]
pub(super) struct Document<'de> {
    pub(super) media_type: Option<Cow<'de, str>>,
    /// `manifests`. To Go, null, absent and empty are the same.
    pub(super) entries: Vec<Entry>,
    pub(super) config: Option<Descriptor<'de>>,
    pub(super) layers: Layers,
    /// Whether it has the layers of Docker's schema 1.
    pub(super) schema_1: bool,
}

impl<'de> Document<'de> {
    pub(super) fn read(text: &'de str, notes: &Notes) -> Result<Self, NotUnderstood> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let document = Object::<Self>::new(notes).deserialize(&mut deserializer);
        let whole = document.and_then(|document| deserializer.end().map(|()| document));
        whole.map_err(|error| notes.problem(&error))
    }
}

impl<'de> Record<'de> for Document<'de> {
    const FIELDS: &'static [&'static str] =
        &["schemaVersion", "mediaType", "manifests", "config", "layers", "annotations", "fsLayers"];

    fn field<A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        map: &mut A,
        notes: &Notes,
    ) -> Result<(), A::Error> {
        match name {
            "schemaVersion" => {
                let version = map.next_value::<Option<i64>>()?;
                if version.is_some_and(|version| version != SCHEMA_VERSION) {
                    return Err(notes.malformed(format!("schemaVersion is not {SCHEMA_VERSION}")));
                }
            }
            "mediaType" => self.media_type = media_type_of(map, notes)?,
            "manifests" => {
                let entries = Entries { notes, kept: vec![] };
                let entries = map.next_value_seed(OrNull(List(entries)))?;
                self.entries = entries.map(|entries| entries.kept).unwrap_or_default();
            }
            "config" => self.config = object(map, notes)?,
            "layers" => {
                let layers = LayerList { notes, layers: Layers::default() };
                let layers = map.next_value_seed(OrNull(List(layers)))?;
                self.layers = layers.map(|list| list.layers).unwrap_or_default();
            }
            "annotations" => annotations::read(map, notes)?,
            _ => self.schema_1 = map.next_value::<Option<IgnoredAny>>()?.is_some(),
        }
        Ok(())
    }
}

struct Entries<'n> {
    notes: &'n Notes,
    kept: Vec<Entry>,
}

impl<'de> Elements<'de> for Entries<'_> {
    fn next<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let Some(descriptor) =
            list.next_element_seed(Object::<Descriptor<'de>>::new(self.notes))?
        else {
            return Ok(false);
        };
        let digest = descriptor.digest.as_deref().unwrap_or_default().parse();
        let digest = digest.map_err(|invalid: InvalidName| {
            let accepted = invalid.accepted();
            self.notes.malformed(format!("a digest in manifests is not {accepted}"))
        })?;
        if self.kept.len() < MAX_ENTRIES {
            let platform = descriptor.platform.unwrap_or_default();
            let never_chosen = platform.is_never_chosen();
            let media_type = descriptor.media_type.as_deref().unwrap_or_default();
            let says_index = INDEX_TYPES.contains(&media_type);
            self.kept.push(Entry { digest, platform: platform.shown(), never_chosen, says_index });
        }
        Ok(true)
    }
}

/// The layers of an image, as far as anybody asks.
#[derive(Default)]
pub(super) struct Layers {
    /// Whether there is any.
    pub(super) any: bool,
    /// Whether a runtime may unpack or run one of them.
    pub(super) unpacked: bool,
    /// Whether one has a foreign or nondistributable type.
    pub(super) foreign: bool,
    /// What of them is fetched from elsewhere.
    pub(super) elsewhere: Elsewhere,
}

impl Layers {
    fn add(&mut self, layer: Descriptor<'_>) {
        self.any = true;
        let media_type = layer.media_type.as_deref().unwrap_or_default();
        if !media_type.is_empty() {
            self.unpacked |= media_type::is_unpacked(media_type);
            self.foreign |= media_type::is_foreign(media_type);
        }
        if let Some(urls) = layer.urls {
            self.add_urls(*urls, media_type::may_come_from_elsewhere(media_type));
        }
    }

    fn add_urls(&mut self, urls: Urls, allowed: bool) {
        let Elsewhere { hosts, never } = &mut self.elsewhere;
        if never.is_some() {
            return;
        }
        if !allowed {
            *never = urls.first;
            return;
        }
        *never = urls.odd;
        for host in urls.hosts {
            if hosts.len() == MAX_HOSTS && !hosts.contains(&host) {
                never.get_or_insert_with(|| format!("more than {MAX_HOSTS} hosts"));
                return;
            }
            hosts.insert(host);
        }
    }
}

struct LayerList<'n> {
    notes: &'n Notes,
    layers: Layers,
}

impl<'de> Elements<'de> for LayerList<'_> {
    fn next<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let Some(layer) = list.next_element_seed(Object::<Descriptor<'de>>::new(self.notes))?
        else {
            return Ok(false);
        };
        self.layers.add(layer);
        Ok(true)
    }
}
