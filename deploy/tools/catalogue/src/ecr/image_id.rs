//! How a request names an image.

use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{Image, Repository};

/// `imageId`: a tag, a digest, or both.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ImageId {
    image_tag: Option<String>,
    image_digest: Option<String>,
}

/// Why a request's image cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    NeitherTagNorDigest,
    InvalidDigest,
    InvalidTag,
    NotFound,
    TagOfAnotherDigest,
    NotRecorded,
}

impl ImageId {
    /// The image, archived or not.
    pub(super) fn find<'a>(&self, repository: &'a Repository) -> Result<&'a Image, Missing> {
        let (tag, digest) = (self.image_tag.as_deref(), self.image_digest.as_deref());
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(Missing::InvalidDigest);
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(Missing::InvalidTag);
        }
        match (tag, digest) {
            (None, None) => Err(Missing::NeitherTagNorDigest),
            (None, Some(digest)) => {
                repository.by_digest(digest).ok_or_else(|| missing(repository, digest))
            }
            (Some(tag), None) => repository.by_tag(tag).ok_or_else(|| missing(repository, tag)),
            (Some(tag), Some(digest)) => match repository.by_tag(tag) {
                Some(image) if image.digest == digest => Ok(image),
                Some(_) => Err(Missing::TagOfAnotherDigest),
                None => Err(missing(repository, tag)),
            },
        }
    }

    /// The tag, or the digest, that the request names; the tag where it names both.
    pub(super) fn name(&self) -> Option<&str> {
        self.image_tag.as_deref().or(self.image_digest.as_deref())
    }

    /// The tag, where no digest is given beside it.
    pub(super) fn tag_alone(&self) -> Option<&str> {
        self.image_digest.is_none().then_some(self.image_tag.as_deref()).flatten()
    }

    /// The image as ECR names it back: with its digest, and the tag that was asked for.
    pub(super) fn echo(&self, digest: &str) -> Value {
        json!({"imageDigest": digest, "imageTag": self.image_tag})
    }

    /// As it was asked for.
    pub(super) fn as_asked(&self) -> Value {
        json!({"imageDigest": self.image_digest, "imageTag": self.image_tag})
    }

    /// `{imageDigest:'null', imageTag:'1.4'}`, as ECR writes it in messages.
    pub(super) fn text(&self) -> String {
        let or_null = |part: &Option<String>| part.clone().unwrap_or_else(|| "null".to_owned());
        format!(
            "{{imageDigest:'{}', imageTag:'{}'}}",
            or_null(&self.image_digest),
            or_null(&self.image_tag)
        )
    }
}

fn missing(repository: &Repository, id: &str) -> Missing {
    if repository.is_silent_about(id) { Missing::NotRecorded } else { Missing::NotFound }
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || matches!(c, '.' | '-'))
}
