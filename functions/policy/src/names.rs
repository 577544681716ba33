//! The names of Amazon ECR, of AWS Signer and of clusters, each parsed once: a value of one of these types is well formed.

use std::fmt;
use std::str::FromStr;

use crate::from_text::from_text;

/// Why a text is not a valid name: what was expected, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvalidName(&'static str);

impl InvalidName {
    /// What was expected, for example `a string of 12 digits`.
    pub fn accepted(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

impl std::error::Error for InvalidName {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $valid:path, $accepted:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                if $valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName($accepted)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        from_text!($name, $accepted, $pattern);
    };
}

name!(
    /// A 12-digit AWS account, which is also the id of its private registry (`registryId`).
    AccountId,
    is_account_id,
    "a string of 12 digits",
    r"^[0-9]{12}$"
);
name!(
    /// An AWS Region code, such as `us-east-1` or `eusc-de-east-1`.
    Region,
    is_region,
    "a Region code such as us-east-1",
    r"^[a-z]{2,}(-[a-z]+)+-[0-9]+$"
);
name!(
    /// A repository name: 2 to 256 characters (API reference, `CreateRepository`).
    RepositoryName,
    is_repository_name,
    "a repository name: 2 to 256 characters of lower-case letters and digits, joined by . _ __ - or /",
    r"^[a-z0-9][a-z0-9._/-]*[a-z0-9]$"
);
name!(
    /// An image tag: 1 to 128 characters (OCI distribution specification).
    Tag,
    is_tag,
    "a tag: 1 to 128 letters, digits, _ . or -, the first not . or -",
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"
);
name!(
    /// An image digest: `sha256:` and 64 lower-case hexadecimal digits, the only form that ECR makes.
    Digest,
    is_digest,
    "sha256: and 64 lower-case hexadecimal digits",
    r"^sha256:[0-9a-f]{64}$"
);

name!(
    /// The ARN of an AWS Signer signing profile, without a version, as Amazon ECR names it (API reference,
    /// `ImageSigningStatus`): `arn:aws:signer:us-east-1:123456789012:/signing-profiles/release`.
    SigningProfile,
    is_signing_profile,
    "the ARN of an AWS Signer signing profile, without a version, such as arn:aws:signer:us-east-1:123456789012:/signing-profiles/release",
    r"^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[a-zA-Z0-9_]{2,}$"
);

name!(
    /// The name of a cluster, as the token secret has it.
    ClusterName,
    is_cluster_name,
    "the name of a cluster: 1 to 255 visible ASCII characters that do not begin with a colon",
    r"^[!-9;-~][!-~]{0,254}$"
);

impl Tag {
    /// The tag that a container runtime adds to a reference with neither tag nor digest.
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }
}

impl Digest {
    /// `sha256:` and the first 12 digits: enough to tell images apart in a message.
    pub fn short(&self) -> &str {
        self.0.get(..19).unwrap_or(&self.0)
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let last = parts.next_back().unwrap_or_default();
    let middle: Vec<&str> = parts.collect();
    text.len() <= 32
        && first.len() >= 2
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && !middle.is_empty()
        && middle
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
        && !last.is_empty()
        && last.bytes().all(|b| b.is_ascii_digit())
}

fn is_repository_name(text: &str) -> bool {
    (2..=256).contains(&text.len()) && is_path(text)
}

/// Path components of an OCI name: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, joined by `/`.
pub(crate) fn is_path(text: &str) -> bool {
    text.split('/').all(is_path_component)
}

fn is_path_component(text: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut rest = text.as_bytes();
    loop {
        let word = rest.iter().take_while(|b| alphanumeric(**b)).count();
        rest = rest.get(word..).unwrap_or_default();
        if word == 0 {
            return false;
        }
        let separator = match rest {
            [] => return true,
            [b'_', b'_', ..] => 2,
            [b'.' | b'_', ..] => 1,
            [b'-', ..] => rest.iter().take_while(|b| **b == b'-').count(),
            _ => return false,
        };
        rest = rest.get(separator..).unwrap_or_default();
    }
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// As the authorizer takes them from the token secret.
pub(crate) fn is_cluster_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && !text.starts_with(':')
        && text.bytes().all(|b| b.is_ascii_graphic())
}

/// The longest ARN of a signing profile, in bytes (API reference, `ImageSigningStatus`).
pub const LONGEST_SIGNING_PROFILE: usize = 200;

fn is_signing_profile(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let &["arn", partition, "signer", region, account, resource] = parts.as_slice() else {
        return false;
    };
    let lower = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let mut partition = partition.split('-');
    let name = resource.strip_prefix("/signing-profiles/").unwrap_or_default();
    text.len() <= LONGEST_SIGNING_PROFILE
        && partition.next() == Some("aws")
        && partition.all(lower)
        && !region.is_empty()
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && is_account_id(account)
        && name.len() >= 2
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (fn(&str) -> bool, &'a [&'a str], &'a [&'a str]);

    #[test]
    fn names_are_accepted_exactly_as_ecr_spells_them() {
        let long = "a".repeat(256);
        let table: [Row<'_>; 6] = [
            (
                is_account_id,
                &["123456789012", "000000000000"],
                &["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"],
            ),
            (
                is_region,
                &["us-east-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-14"],
                &[
                    "",
                    "us",
                    "us-east",
                    "us-1",
                    "us--1",
                    "US-EAST-1",
                    "us-east-1 ",
                    "us-east-1!",
                    "-us-east-1",
                ],
            ),
            (
                is_repository_name,
                &["ab", "a-b", "a--b", "a__b", "a_b.c", "team/app", "public.ecr.aws/foo", &long],
                &[
                    "", "a", "A", "a___b", "a..b", "-a", "a-", "a/", "/a", "a//b", "a b", "a._b",
                    "é1",
                ],
            ),
            (
                is_tag,
                &["1", "_", "v1.2-rc.1", "A__", "latest"],
                &["", ".a", "-a", "a b", "a/b", "a:b", "é"],
            ),
            (
                is_cluster_name,
                &["a", "Prod_EU/1", "a:b", "*", "arn:aws:eks:us-east-1:123456789012:cluster/a"],
                &["", ":a", "a b", "a\n", "ä", "a\u{7f}"],
            ),
            (
                is_signing_profile,
                &[
                    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release",
                    "arn:aws-us-gov:signer:us-gov-west-1:123456789012:/signing-profiles/A_1",
                    "arn:aws-cn:signer:cn-north-1:123456789012:/signing-profiles/ab",
                ],
                &[
                    "",
                    "release",
                    // A version of a profile: Amazon ECR names none.
                    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release/0a1B2c3D4e",
                    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/a",
                    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/",
                    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/*",
                    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/re-lease",
                    "arn:aws:signer:us-east-1:123456789012:signing-profiles/release",
                    "arn:aws:signer:us-east-1:12345678901:/signing-profiles/release",
                    "arn:aws:signer::123456789012:/signing-profiles/release",
                    "arn:aws:signer:*:123456789012:/signing-profiles/release",
                    "arn:aws:kms:us-east-1:123456789012:/signing-profiles/release",
                    "arn:aws-:signer:us-east-1:123456789012:/signing-profiles/release",
                    "arn:gcp:signer:us-east-1:123456789012:/signing-profiles/release",
                    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release ",
                ],
            ),
        ];
        for (valid, accepted, refused) in table {
            for text in accepted {
                assert!(valid(text), "{text:?} is a name");
            }
            for text in refused {
                assert!(!valid(text), "{text:?} is not a name");
            }
        }
        assert!(is_tag(&"a".repeat(128)) && !is_tag(&"a".repeat(129)));
        assert!(!is_repository_name(&"a".repeat(257)));
        assert!(is_cluster_name(&"a".repeat(255)) && !is_cluster_name(&"a".repeat(256)));
        let profile = |n| {
            format!("arn:aws:signer:us-east-1:123456789012:/signing-profiles/{}", "a".repeat(n))
        };
        assert!(is_signing_profile(&profile(144)) && !is_signing_profile(&profile(145)));
    }

    #[test]
    fn a_digest_is_sha256_and_64_lower_case_digits() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(is_digest(&format!("sha256:{hex}")));
        for text in [
            "",
            "sha256:",
            "sha256:abc",
            &hex,
            &format!("sha512:{hex}"),
            &format!("sha256:{}", hex.to_uppercase()),
        ] {
            assert!(!is_digest(text), "{text:?} is not a digest");
        }
        let digest: Digest = format!("sha256:{hex}").parse().unwrap();
        assert_eq!(digest.short(), "sha256:0123456789ab");
    }

    #[test]
    fn a_refusal_says_what_is_accepted() {
        assert_eq!(
            "12".parse::<AccountId>().unwrap_err().to_string(),
            "expected a string of 12 digits"
        );
    }
}
