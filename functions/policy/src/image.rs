//! One image string: what the container runtime would pull, or why it is not an image reference.
//!
//! The grammar is that of the OCI distribution reference (`registry/repository:tag@digest`), as
//! container runtimes read it.

use std::fmt;
use std::str::FromStr;

use crate::names::{AccountId, Digest, Region, RepositoryName, Tag, is_path};
use crate::registry::EcrRegistry;

/// A parsed image string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageReference {
    /// An image in an Amazon ECR private registry.
    Ecr(EcrReference),
    /// A well-formed reference to any other registry.
    Other(OtherReference),
}

/// An image in an Amazon ECR private registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcrReference {
    registry: EcrRegistry,
    repository: RepositoryName,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

/// An image of a registry that is not ECR private. Only its text matters: it is never admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherReference(String);

/// What identifies an image to the ECR API: what is looked up, and the key of what was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcrImage {
    /// The account whose registry holds the image (`registryId`).
    pub account: AccountId,
    /// The Region of the registry.
    pub region: Region,
    /// The repository in that registry.
    pub repository: RepositoryName,
    /// The tag or digest in that repository.
    pub id: ImageId,
}

/// How an image is named inside its repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageId {
    /// By a tag, which may come to mean another image.
    Tag(Tag),
    /// By its content: this can never change.
    Digest(Digest),
}

impl EcrReference {
    /// The same reference with this digest: the tag stays (`latest` where there is none), so that a person
    /// still reads what was meant while a runtime pulls what was evaluated.
    #[must_use]
    pub fn pin(&self, digest: &Digest) -> ImageReference {
        let tag = self.tag.clone().unwrap_or_else(Tag::latest);
        let pinned = Self { tag: Some(tag), digest: Some(digest.clone()), ..self.clone() };
        ImageReference::Ecr(pinned)
    }

    /// The registry, by the host name that the reference has.
    pub fn registry(&self) -> &EcrRegistry {
        &self.registry
    }

    /// The image by the tag that is written, whatever digest follows it; `None` where there is none.
    pub fn by_tag(&self) -> Option<EcrImage> {
        let tag = self.tag.clone()?;
        Some(EcrImage { id: ImageId::Tag(tag), ..self.image() })
    }

    /// What to ask ECR for: the digest where there is one (a runtime then ignores the tag), else the
    /// tag, else the tag `latest` (which a runtime adds).
    pub fn image(&self) -> EcrImage {
        let id = match (&self.digest, &self.tag) {
            (Some(digest), _) => ImageId::Digest(digest.clone()),
            (None, Some(tag)) => ImageId::Tag(tag.clone()),
            (None, None) => ImageId::Tag(Tag::latest()),
        };
        EcrImage {
            account: self.registry.account().clone(),
            region: self.registry.region().clone(),
            repository: self.repository.clone(),
            id,
        }
    }
}

/// Why a text is not an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedImage {
    /// The text is empty, or the field is absent.
    Empty,
    /// It holds a character that no part of a reference can hold.
    Character,
    /// It begins with a scheme, as a URL does.
    Scheme,
    /// Its registry host is not a host name with an optional port.
    Host,
    /// There is nothing between the registry and the tag or digest.
    NoRepository,
    /// Its repository is not a path of lower-case components.
    Repository,
    /// Its repository is shorter or longer than those of Amazon ECR.
    RepositoryLength,
    /// A `:` is followed by no tag.
    EmptyTag,
    /// Its tag has a character or a length that tags cannot have.
    Tag,
    /// Its digest is where a tag belongs.
    DigestAfterColon,
    /// Its digest is not `sha256:` and 64 hexadecimal digits.
    Digest,
}

impl fmt::Display for MalformedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Character => "it holds white space or a control character",
            Self::Scheme => {
                "it begins with a scheme such as https://, which an image reference does not have"
            }
            Self::Host => "its registry is not a host name with an optional port",
            Self::NoRepository => "it names no repository",
            Self::Repository => {
                "its repository is not a path of lower-case letters and digits, joined by . _ __ - or /"
            }
            Self::RepositoryLength => {
                "its repository does not have 2 to 256 characters, which Amazon ECR requires"
            }
            Self::EmptyTag => "its tag is empty",
            Self::Tag => "its tag is not 1 to 128 letters, digits, _ . or -, the first not . or -",
            Self::DigestAfterColon => "its digest follows a colon; write @ before sha256:",
            Self::Digest => "its digest is not sha256: and 64 lower-case hexadecimal digits",
        })
    }
}

impl std::error::Error for MalformedImage {}

impl FromStr for ImageReference {
    type Err = MalformedImage;

    fn from_str(text: &str) -> Result<Self, MalformedImage> {
        if text.is_empty() {
            return Err(MalformedImage::Empty);
        }
        if text.chars().any(|c| c.is_whitespace() || !ecr_admission_text::is_printable(c)) {
            return Err(MalformedImage::Character);
        }
        if text.contains("://") {
            return Err(MalformedImage::Scheme);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().or(Err(MalformedImage::Digest))?)),
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        let (host, path) = split_host(name);
        if let Some(host) = host.filter(|host| !is_host(host)) {
            return Err(malformed_host(host));
        }
        if path.is_empty() {
            return Err(MalformedImage::NoRepository);
        }
        if !is_path(path) {
            return Err(malformed_path(path));
        }
        let tag = match tag {
            Some("") => return Err(MalformedImage::EmptyTag),
            Some(tag) => Some(tag.parse().or(Err(MalformedImage::Tag))?),
            None => None,
        };
        match host.and_then(EcrRegistry::from_host) {
            Some(registry) => {
                // Its path is well formed, so that only its length is left to be wrong.
                let repository = path.parse().or(Err(MalformedImage::RepositoryLength))?;
                Ok(Self::Ecr(EcrReference { registry, repository, tag, digest }))
            }
            None => Ok(Self::Other(OtherReference(text.to_owned()))),
        }
    }
}

/// Where the slip is in what comes before the first `/`. `nginx:feature/x` was meant as a tag: a name
/// without a dot is rarely a registry, and a word is never a port.
fn malformed_host(host: &str) -> MalformedImage {
    match host.split_once(':') {
        Some((name, _)) if name != "localhost" && is_path(name) && !name.contains('.') => {
            MalformedImage::Tag
        }
        _ => MalformedImage::Host,
    }
}

/// Where the slip is in what is between the registry and the last `:` without a `/` behind it. A
/// repository has no `:`, so that one begins the tag.
fn malformed_path(path: &str) -> MalformedImage {
    match path.split_once(':') {
        Some((repository, tag)) if is_path(repository) => {
            let digest = tag.rsplit(':').next() == Some("sha256");
            if digest { MalformedImage::DigestAfterColon } else { MalformedImage::Tag }
        }
        _ => MalformedImage::Repository,
    }
}

/// The registry host, if there is one, and the path. The first component is a host when it could not
/// be a path component of Docker Hub: it has a dot, a colon or a capital, or is `localhost`.
pub(crate) fn split_host(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, path))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.contains(|c: char| c.is_ascii_uppercase()) =>
        {
            (Some(first), path)
        }
        _ => (None, name),
    }
}

/// A host name or a bracketed IPv6 address, with an optional port.
pub(crate) fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let address = |text: &str| {
        text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).is_some_and(|text| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
        })
    };
    port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
        && (host.split('.').all(label) || address(host))
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecr(EcrReference { registry, repository, tag, digest }) => {
                write!(f, "{registry}/{repository}")?;
                tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
                digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
            }
            Self::Other(OtherReference(text)) => f.write_str(text),
        }
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, ":{tag}"),
            Self::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

impl fmt::Display for EcrImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, repository, id } = self;
        write!(f, "{account}/{region}/{repository}{id}")
    }
}
