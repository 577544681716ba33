//! The DNS names of hosts that a document lists.

use std::fmt;
use std::str::FromStr;

use crate::from_text::from_text;

/// The longest name, in characters (RFC 1035, section 2.3.4, without the final dot).
const LONGEST: usize = 253;

/// The longest label of a name, in characters.
const LONGEST_LABEL: usize = 63;

/// The DNS name of a host in lower case: labels of letters, digits and hyphens. Never an IP address, a
/// port or a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HostName(String);

impl HostName {
    /// The name in lower case.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Why a text is not a host name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidHostName;

impl fmt::Display for InvalidHostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a DNS host name such as mcr.microsoft.com, without https://, port, path or *",
        )
    }
}

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, InvalidHostName> {
        let name = text.to_ascii_lowercase();
        // The last label of an IPv4 address is a number, that of a host name never is (RFC 3696).
        let last = name.rsplit('.').next().unwrap_or_default();
        let number = last.bytes().all(|b| b.is_ascii_digit());
        if name.len() <= LONGEST && name.split('.').all(is_label) && !number {
            Ok(Self(name))
        } else {
            Err(InvalidHostName)
        }
    }
}

fn is_label(label: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

from_text!(
    HostName,
    "a DNS host name such as mcr.microsoft.com",
    r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dns_name_is_a_host_name_and_it_is_kept_in_lower_case() {
        let long = format!("{}.com", "a".repeat(63));
        for (text, name) in [
            ("mcr.microsoft.com", "mcr.microsoft.com"),
            ("MCR.Microsoft.com", "mcr.microsoft.com"),
            ("registry", "registry"),
            ("1.example.a1", "1.example.a1"),
            (&long, &long),
        ] {
            assert_eq!(text.parse::<HostName>().unwrap().into_string(), name);
        }
        let too_long = format!("{}com", "a.".repeat(126));
        for text in [
            "",
            ".",
            "mcr.microsoft.com.",
            ".mcr.microsoft.com",
            "mcr..microsoft.com",
            "https://mcr.microsoft.com",
            "mcr.microsoft.com:443",
            "mcr.microsoft.com/windows",
            "*.microsoft.com",
            "user@mcr.microsoft.com",
            "-mcr.microsoft.com",
            "mcr-.microsoft.com",
            "mcr_microsoft.com",
            "mcr.microsoft.com ",
            "m\u{441}r.microsoft.com",
            "10.0.0.1",
            "[::1]",
            &format!("{}.com", "a".repeat(64)),
            &too_long,
        ] {
            assert_eq!(text.parse::<HostName>(), Err(InvalidHostName), "{text}");
        }
    }
}
