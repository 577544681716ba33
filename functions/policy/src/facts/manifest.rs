//! What the manifests of an image say, as far as rules depend on it.

use std::collections::BTreeSet;

/// How many hosts of one manifest are kept. With more, no policy lets it pass.
pub const MAX_HOSTS: usize = 16;

/// What of an image is fetched from elsewhere than its repository, or may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The hosts of the https URLs of foreign and nondistributable layers, lower case: at most
    /// [`MAX_HOSTS`]. A policy may list them.
    pub hosts: BTreeSet<String>,
    /// What no policy lets pass, as a message shows it: a URL of a config or of another layer, one that
    /// is not https, or too many hosts. At most 64 characters, still to be quoted.
    pub never: Option<String>,
}

impl Elsewhere {
    /// About how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let hosts = self.hosts.iter().map(|host| size_of::<String>() + host.len());
        size_of::<Self>() + hosts.sum::<usize>() + self.never.as_ref().map_or(0, String::len)
    }
}

/// Why a manifest is not understood. A runtime could read it otherwise, so that nothing is known of what
/// would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotUnderstood {
    /// It is longer than what is read.
    TooLong {
        /// The maximum in bytes.
        limit: usize,
    },
    /// It is not JSON, or a field of it has a type that Go refuses or a value longer than what is
    /// compared: what is wrong, in words that hold no foreign text.
    Malformed(String),
    /// A field that container runtimes read appears twice, or not in these letters.
    Ambiguous {
        /// The field, such as `digest`.
        field: &'static str,
    },
    /// What ECR says of its kind, what it says of itself, and its shape do not agree.
    Contradictory {
        /// What does not fit, as a message shows it: foreign text in it is quoted.
        what: String,
    },
    /// Its media type is none that this version knows: at most 64 characters, still to be quoted.
    UnknownType(String),
}
