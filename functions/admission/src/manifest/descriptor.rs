//! Descriptors: what a manifest says of a blob or of another manifest.

use std::borrow::Cow;

use ecr_admission_policy::index::Platform;
use ecr_admission_policy::text::cut;
use serde::de::{MapAccess, SeqAccess};

use super::object::{Elements, List, Notes, OrNull, Record, Text, object, text};
use super::urls::Urls;
use super::{SHOWN, annotations, media_type};

/// The longest `os` that is compared, in bytes.
pub(super) const LONGEST_OS: usize = 128;

/// What no runtime runs on: the `os` and the `architecture` of a build attestation.
const NO_PLATFORM: &str = "unknown";

/// Small, since a manifest can name tens of thousands of blobs: most of them have neither URLs nor a
/// platform.
#[derive(Default)]
pub(super) struct Descriptor<'de> {
    pub(super) media_type: Option<Cow<'de, str>>,
    pub(super) digest: Option<Cow<'de, str>>,
    pub(super) urls: Option<Box<Urls>>,
    pub(super) platform: Option<Box<RawPlatform<'de>>>,
}

impl<'de> Record<'de> for Descriptor<'de> {
    const FIELDS: &'static [&'static str] =
        &["mediaType", "digest", "urls", "annotations", "platform"];

    fn field<A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        map: &mut A,
        notes: &Notes,
    ) -> Result<(), A::Error> {
        match name {
            "mediaType" => self.media_type = media_type_of(map, notes)?,
            "digest" => self.digest = text(map)?,
            "urls" => {
                let urls = map.next_value_seed(OrNull(List(Urls::default())))?;
                self.urls = urls.map(Box::new);
            }
            "annotations" => annotations::read(map, notes)?,
            _ => self.platform = object(map, notes)?.map(Box::new),
        }
        Ok(())
    }
}

/// Reads a media type, which is compared as a whole.
pub(super) fn media_type_of<'de, A: MapAccess<'de>>(
    map: &mut A,
    notes: &Notes,
) -> Result<Option<Cow<'de, str>>, A::Error> {
    text(map)?.map(|text| notes.at_most(media_type::LONGEST, "a mediaType", text)).transpose()
}

/// The platform of a descriptor, as it is written.
#[derive(Default)]
pub(super) struct RawPlatform<'de> {
    os: Cow<'de, str>,
    architecture: Cow<'de, str>,
    variant: Cow<'de, str>,
    os_version: Cow<'de, str>,
}

impl RawPlatform<'_> {
    /// Whether no runtime would ever choose what has this platform.
    pub(super) fn is_never_chosen(&self) -> bool {
        self.os == NO_PLATFORM && self.architecture == NO_PLATFORM
    }

    /// The platform as it is kept: all but `os` is only shown.
    pub(super) fn shown(&self) -> Platform {
        Platform {
            os: self.os.clone().into_owned(),
            architecture: cut(&self.architecture, SHOWN),
            variant: cut(&self.variant, SHOWN),
            os_version: cut(&self.os_version, SHOWN),
        }
    }
}

impl<'de> Record<'de> for RawPlatform<'de> {
    const FIELDS: &'static [&'static str] =
        &["architecture", "os", "variant", "os.version", "os.features"];

    fn field<A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        map: &mut A,
        notes: &Notes,
    ) -> Result<(), A::Error> {
        match name {
            "architecture" => self.architecture = text(map)?.unwrap_or_default(),
            "os" => {
                self.os = notes.at_most(LONGEST_OS, "an os", text(map)?.unwrap_or_default())?;
            }
            "variant" => self.variant = text(map)?.unwrap_or_default(),
            "os.version" => self.os_version = text(map)?.unwrap_or_default(),
            _ => {
                map.next_value_seed(OrNull(List(Texts)))?;
            }
        }
        Ok(())
    }
}

/// A list of texts that nobody asks for.
struct Texts;

impl<'de> Elements<'de> for Texts {
    fn next<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        Ok(list.next_element::<Option<Text<'de>>>()?.is_some())
    }
}
