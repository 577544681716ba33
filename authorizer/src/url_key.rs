//! The key of a cluster in the path of a URL, for a kube-apiserver that sends no header of ours.

use std::fmt;

use aws_smithy_types::base64;

use crate::tokens::CredentialDigest;

/// A key in the clear: 43 characters of the alphabet of base64url. It is never shown, as a token is not.
///
/// It is HMAC-SHA256 of a purpose under the token, in base64url without padding. So each cluster of the token
/// secret has one, it changes and ends with the token, and a URL that leaks does not yield the token.
#[derive(Clone)]
pub struct UrlKey(String);

impl UrlKey {
    /// The message of the HMAC: no other key that is ever derived from a token may have the same.
    pub const PURPOSE: &[u8] = b"ecr-admission/url/v1";

    /// The length of a key, in characters.
    pub const LENGTH: usize = 43;

    /// Takes what has the form of a key, and nothing else; [`crate::authorize`] finds out whether it is the key
    /// of a cluster.
    pub fn parse(text: &str) -> Option<Self> {
        let of_the_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        (text.len() == Self::LENGTH && text.bytes().all(of_the_alphabet))
            .then(|| Self(text.to_owned()))
    }

    /// The key with these 32 bytes.
    pub(crate) fn encode(bytes: &[u8]) -> Self {
        let standard = base64::encode(bytes);
        Self(standard.trim_end_matches('=').replace('+', "-").replace('/', "_"))
    }

    /// What is compared and kept instead of the key.
    pub fn digest(&self) -> CredentialDigest {
        CredentialDigest::of(&self.0)
    }
}

impl fmt::Debug for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use subtle::ConstantTimeEq;

    use super::*;
    use crate::tokens::Token;

    /// The test vector that all programs share that derive keys: a token and its key.
    const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const KEY: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";

    #[test]
    fn the_key_of_the_test_vector() {
        assert_eq!(Token::new(TOKEN).url_key().0, KEY);
    }

    #[test]
    fn the_alphabet_is_that_of_base64url() {
        assert_eq!(UrlKey::encode(&[0xfb, 0xef, 0xff, 0xff]).0, "--___w");
    }

    #[test]
    fn only_what_has_the_form_of_a_key_is_one() {
        assert!(UrlKey::parse(KEY).is_some());
        let short = KEY.replacen('Z', "", 1);
        let swapped = |from: &str, to: &str| KEY.replacen(from, to, 1);
        for text in [
            "",
            &short,
            &format!("{KEY}A"),
            &format!("{KEY}="),
            &format!("{short}="),
            &format!("{short} "),
            &format!("{short}\n"),
            &swapped("_", "/"),
            &swapped("_", "+"),
            &swapped("_", "."),
            &swapped("_", "~"),
            &swapped("_R3", "%5F"),
            &swapped("_R", "é"),
            &swapped("_", "é"),
            &swapped("_", "\0"),
            TOKEN,
            "{key}",
        ] {
            assert!(UrlKey::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", Token::new(TOKEN).url_key()), "UrlKey(…)");
    }

    proptest! {
        #[test]
        fn every_token_has_a_key_of_its_own(token in "[!-~]{32,200}", other in "[!-~]{32,200}") {
            let key = Token::new(token.clone()).url_key();
            prop_assert!(UrlKey::parse(&key.0).is_some());
            let same = key.digest().ct_eq(&Token::new(other.clone()).url_key().digest());
            prop_assert_eq!(bool::from(same), token == other);
            prop_assert_ne!(&key.0, &token);
        }
    }
}
