//! Bearer tokens, and what is kept of those that the secret holds.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The least length of a token in the secret, in characters. `CloudFormation` makes 64.
pub const SHORTEST: usize = 32;

/// The longest name that CloudWatch takes as the value of a dimension, in characters.
const LONGEST_CLUSTER: usize = 255;

/// A bearer token in the clear. It shows itself to nobody: no `Display`, no `Serialize`, and a
/// `Debug` without content.
///
/// It is not wiped when it is dropped: the event it came in lies in the buffers of the HTTP client
/// and the JSON parser too, where we cannot wipe it, and a sandbox serves one function only.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Takes any text; whether it is a token of anybody is what [`crate::authorize`] finds out.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// What is compared and kept instead of the token.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a token. Equal length whatever the token, so that a comparison in constant time tells
/// nothing of it, not even its length.
#[derive(Clone)]
pub struct TokenDigest([u8; 32]);

impl ConstantTimeEq for TokenDigest {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

/// The token of one cluster.
#[derive(Clone, Debug)]
pub struct ClusterToken {
    /// The cluster's name, as the secret has it.
    pub cluster: String,
    /// The digest of its token.
    pub digest: TokenDigest,
}

/// One version of the secret.
#[derive(Clone, Debug)]
pub struct SecretVersion {
    /// Its version id; empty if the service sent none.
    pub id: String,
    /// When it was created, if the service said so.
    pub created: Option<SystemTime>,
    /// The tokens that may authorise, ordered by cluster.
    pub tokens: Vec<ClusterToken>,
    /// The entries that never authorise.
    pub unusable: Vec<Unusable>,
}

impl SecretVersion {
    /// Reads the text of a secret: a JSON object, cluster name to token.
    pub fn parse(id: String, created: Option<SystemTime>, text: &str) -> Result<Self, NotTokens> {
        // What serde_json has to say may quote a token, so nothing of it is passed on.
        let Ok(entries) = serde_json::from_str::<BTreeMap<String, String>>(text) else {
            return Err(NotTokens);
        };
        let mut version = Self { id, created, tokens: Vec::new(), unusable: Vec::new() };
        for (cluster, token) in entries {
            match flaw(&cluster, &token) {
                Some(flaw) => version.unusable.push(Unusable { cluster, flaw }),
                None => {
                    version.tokens.push(ClusterToken { cluster, digest: Token(token).digest() });
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

/// The text of a secret is not a JSON object whose values are all strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTokens;

/// An entry of the secret that never authorises: named by cluster, never by value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unusable {
    /// The cluster's name, as the secret has it.
    pub cluster: String,
    /// What is wrong with the entry.
    pub flaw: Flaw,
}

/// Why an entry of the secret never authorises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Flaw {
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

fn flaw(cluster: &str, token: &str) -> Option<Flaw> {
    let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if cluster.is_empty()
        || cluster.len() > LONGEST_CLUSTER
        || cluster.starts_with(':')
        || !visible(cluster)
    {
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
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SecretVersion, NotTokens> {
        SecretVersion::parse("v1".to_owned(), None, text)
    }

    #[test]
    fn tokens_are_kept_by_cluster_as_digests() {
        let token = "k".repeat(32);
        let version = parse(&format!(r#"{{"staging":"{token}","default":"{token}x"}}"#)).unwrap();
        let clusters: Vec<_> = version.tokens.iter().map(|token| token.cluster.as_str()).collect();
        assert_eq!(clusters, ["default", "staging"]);
        assert!(version.unusable.is_empty());
        assert!(version.names("staging") && !version.names("prod"));
        assert!(bool::from(version.tokens[1].digest.ct_eq(&Token::new(token).digest())));
    }

    #[test]
    fn a_digest_is_sha_256() {
        // The example of FIPS 180-2, B.1.
        let expected = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
            0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(Token::new("abc").digest().0, expected);
    }

    #[test]
    fn entries_that_never_authorise() {
        let good = "k".repeat(32);
        for (cluster, token, flaw) in [
            ("a", "", Flaw::Short),
            ("a", &"k".repeat(31), Flaw::Short),
            ("a", &format!("{good}\\n"), Flaw::NotVisibleAscii),
            ("a", &format!("{good} {good}"), Flaw::NotVisibleAscii),
            ("a", &"é".repeat(32), Flaw::NotVisibleAscii),
            ("", &good, Flaw::ClusterName),
            (":a", &good, Flaw::ClusterName),
            ("a b", &good, Flaw::ClusterName),
            ("ü", &good, Flaw::ClusterName),
            (&"a".repeat(256), &good, Flaw::ClusterName),
        ] {
            let version = parse(&format!(r#"{{"{cluster}":"{token}"}}"#)).unwrap();
            assert!(version.tokens.is_empty(), "{cluster} {token}");
            assert_eq!(
                version.unusable,
                [Unusable { cluster: cluster.to_owned(), flaw }],
                "{cluster} {token}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused_without_a_word_of_them() {
        for text in [
            "",
            "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
            r#""kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk""#,
            r#"["kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"]"#,
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":{"token":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"}}"#,
            r#"{"a":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"} x"#,
            r#"{"a":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk""#,
        ] {
            let refusal = format!("{:?}", parse(text).unwrap_err());
            assert_eq!(refusal, "NotTokens", "{text}");
        }
    }

    #[test]
    fn an_empty_object_names_no_cluster() {
        let version = parse("{}").unwrap();
        assert!(version.tokens.is_empty() && version.unusable.is_empty());
    }

    #[test]
    fn debug_shows_neither_token_nor_digest() {
        let token = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
        assert_eq!(format!("{:?}", Token::new(token)), "Token(…)");
        let version = parse(&format!(r#"{{"default":"{token}","weak":"hunter2"}}"#)).unwrap();
        let debug = format!("{version:?}");
        assert!(debug.contains("TokenDigest(…)") && debug.contains("weak"), "{debug}");
        assert!(!debug.contains("kkk") && !debug.contains("hunter2"), "{debug}");
    }
}
