//! Bearer tokens, the keys of URLs that are derived from them, and what is kept of the token secret.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use ring::{digest, hmac};
use serde::Serialize;
use serde_json::value::RawValue;
use subtle::{Choice, ConstantTimeEq};

use crate::url_key::UrlKey;
use crate::via::Via;

/// The least length of a token in the token secret, in characters. `CloudFormation` makes 64.
pub const SHORTEST: usize = 32;

/// The longest name that CloudWatch takes as the value of a dimension, in characters.
const LONGEST_CLUSTER: usize = 255;

/// A bearer token in the clear. It is never shown: no `Display`, no `Serialize`, and a
/// `Debug` without content.
///
/// It is not wiped when it is dropped: the event that brought it is also in the buffers of the HTTP client
/// and the JSON parser, where it cannot be wiped, and a sandbox serves one function only.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Takes any text; [`crate::authorize`] finds out whether it is the token of a cluster.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// What is compared and kept instead of the token.
    pub fn digest(&self) -> CredentialDigest {
        CredentialDigest::of(&self.0)
    }

    /// The key that stands for this token in a URL. Nobody can compute the token from it.
    pub fn url_key(&self) -> UrlKey {
        let token = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        UrlKey::encode(hmac::sign(&token, UrlKey::PURPOSE).as_ref())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a caller presents.
#[derive(Clone, Debug)]
pub enum Credential {
    /// In the `Authorization` header.
    Token(Token),
    /// In the path of the URL.
    UrlKey(UrlKey),
}

impl Credential {
    /// How it came.
    pub fn via(&self) -> Via {
        match self {
            Self::Token(_) => Via::Header,
            Self::UrlKey(_) => Via::Url,
        }
    }

    /// What is compared instead of it.
    pub fn digest(&self) -> CredentialDigest {
        match self {
            Self::Token(token) => token.digest(),
            Self::UrlKey(key) => key.digest(),
        }
    }
}

/// SHA-256 of a token or a key. Its length is the same for each, so that a comparison in constant time reveals
/// nothing, not even the length of the token.
#[derive(Clone)]
pub struct CredentialDigest(digest::Digest);

impl CredentialDigest {
    /// The digest of this text.
    pub(crate) fn of(text: &str) -> Self {
        Self(digest::digest(&digest::SHA256, text.as_bytes()))
    }
}

impl ConstantTimeEq for CredentialDigest {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_ref().ct_eq(other.0.as_ref())
    }
}

impl fmt::Debug for CredentialDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialDigest(…)")
    }
}

/// The token of one cluster.
#[derive(Clone, Debug)]
pub struct ClusterToken {
    /// The cluster's name, as the secret has it.
    pub cluster: String,
    /// The digest of its token.
    pub token: CredentialDigest,
    /// The digest of the key that is derived from the token.
    pub url_key: CredentialDigest,
}

impl ClusterToken {
    /// The digest that a credential which comes `via` is compared with: of a token with those of tokens, of a
    /// key with those of keys.
    pub fn digest(&self, via: Via) -> &CredentialDigest {
        match via {
            Via::Header => &self.token,
            Via::Url => &self.url_key,
        }
    }
}

/// One version of the token secret.
#[derive(Clone, Debug)]
pub struct SecretVersion {
    /// Its version id; empty if the service sent none.
    pub id: String,
    /// When it was created, if the service said so.
    pub created: Option<SystemTime>,
    /// The tokens that may authorize, ordered by cluster.
    pub tokens: Vec<ClusterToken>,
    /// The entries that never authorize.
    pub unusable: Vec<Unusable>,
}

impl SecretVersion {
    /// Reads the text of the token secret: a JSON object, cluster name to token.
    ///
    /// An entry that is not such a pair is [`Unusable`], and the others count. [`NotTokens`] means that the
    /// text is not a JSON object at all.
    pub fn parse(id: String, created: Option<SystemTime>, text: &str) -> Result<Self, NotTokens> {
        // Some editors put a byte order mark first.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The error of serde_json may quote a token, so it is not passed on. Values are taken raw: one that
        // cannot be read must not make the others unreadable.
        let Ok(entries) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
            return Err(NotTokens);
        };
        let mut version = Self { id, created, tokens: Vec::new(), unusable: Vec::new() };
        for (cluster, value) in entries {
            match usable(&cluster, value) {
                Ok(token) => version.tokens.push(ClusterToken {
                    cluster,
                    token: token.digest(),
                    url_key: token.url_key().digest(),
                }),
                Err(flaw) => {
                    version.unusable.push(Unusable { cluster: shown(cluster), flaw });
                }
            }
        }
        Ok(version)
    }

    /// Whether this version has a usable token for `cluster`.
    pub fn names(&self, cluster: &str) -> bool {
        self.tokens.iter().any(|token| token.cluster == cluster)
    }
}

/// The text of the token secret is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTokens;

/// An entry of the token secret that never authorizes: named by cluster, never by value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unusable {
    /// The cluster's name, as the secret has it, unless it may be a token.
    pub cluster: String,
    /// What is wrong with the entry.
    pub flaw: Flaw,
}

/// Why an entry of the token secret never authorizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Flaw {
    /// A number, a list, an object, or a string that is not valid Unicode.
    #[serde(rename = "the token is not a string")]
    NotString,
    /// Too short to be safe from guessing.
    #[serde(rename = "the token has fewer than 32 characters")]
    Short,
    /// No HTTP client can send it after `Bearer `.
    #[serde(
        rename = "the token has characters other than visible ASCII (a line end at its end, for example)"
    )]
    NotVisibleAscii,
    /// CloudWatch would refuse the metrics of such a cluster.
    #[serde(
        rename = "the cluster name is not 1 to 255 visible ASCII characters that do not begin with a colon"
    )]
    ClusterName,
}

/// The token of an entry that may authorize.
fn usable(cluster: &str, value: &RawValue) -> Result<Token, Flaw> {
    let token: String =
        serde_json::from_str(value.get()).map_err(|_quotes_the_token| Flaw::NotString)?;
    flaw(cluster, &token).map_or(Ok(Token(token)), Err)
}

/// The name of an unusable entry, for the log. Token and cluster may have been swapped,
/// so what looks like a generated token, or like a key, is not shown.
fn shown(cluster: String) -> String {
    let name = cluster.trim();
    let random = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    if (name.len() >= SHORTEST && random) || UrlKey::parse(name).is_some() {
        format!("(a name of {} characters that may be a token)", name.len())
    } else {
        cluster
    }
}

/// Whether CloudWatch takes this name of a cluster as the value of a dimension.
pub(crate) fn is_cluster_name(name: &str) -> bool {
    (1..=LONGEST_CLUSTER).contains(&name.len()) && !name.starts_with(':') && visible(name)
}

fn visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn flaw(cluster: &str, token: &str) -> Option<Flaw> {
    if !is_cluster_name(cluster) {
        Some(Flaw::ClusterName)
    } else if !visible(token) {
        Some(Flaw::NotVisibleAscii)
    } else if token.len() < SHORTEST {
        Some(Flaw::Short)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
