//! Ids whose form is checked.

use serde::{Deserialize, Serialize};

/// A registry id: 12 digits.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Account(String);

impl Account {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Account {
    type Error = String;

    fn try_from(text: String) -> Result<Account, String> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Account(text))
        } else {
            Err(format!(r#"expected account of 12 digits, such as "123456789012", got "{text}""#))
        }
    }
}

/// `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Digest(String);

impl Digest {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Digest, String> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Digest(text))
        } else {
            Err(format!(
                r#"expected digest "sha256:" and 64 lower-case hexadecimal digits, or no digest, got "{text}""#
            ))
        }
    }
}
