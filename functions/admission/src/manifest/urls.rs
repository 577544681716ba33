//! The URLs from which a runtime may fetch a blob instead of from its repository.

use std::collections::BTreeSet;

use ecr_admission_policy::facts::manifest::MAX_HOSTS;
use ecr_admission_policy::text::cut;
use http::Uri;
use serde::de::SeqAccess;

use super::SHOWN;
use super::object::{Elements, Text};

/// The longest host name (RFC 1035), in bytes.
const LONGEST_HOST: usize = 253;

/// The URLs of one descriptor.
#[derive(Default)]
pub(super) struct Urls {
    /// The first of them, as a message shows it.
    pub(super) first: Option<String>,
    /// The hosts of those that are https, up to one more than are kept.
    pub(super) hosts: BTreeSet<String>,
    /// The first that names no https host beyond doubt, as a message shows it.
    pub(super) odd: Option<String>,
}

impl<'de> Elements<'de> for Urls {
    fn next<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let Some(element) = list.next_element::<Option<Text<'de>>>()? else { return Ok(false) };
        // To Go, null is the empty text.
        let url = element.map_or_else(Default::default, |Text(url)| url);
        if self.first.is_none() {
            self.first = Some(cut(&url, SHOWN));
        }
        if self.odd.is_none() && self.hosts.len() <= MAX_HOSTS {
            match https_host(&url) {
                Some(host) => {
                    self.hosts.insert(host);
                }
                None => self.odd = Some(cut(&url, SHOWN)),
            }
        }
        Ok(true)
    }
}

/// The host of an https URL, lower case. A port other than that of https is another service than the one
/// that a policy lists, and with a user, an address in brackets or an escape in it a reader of URLs could
/// find another host: none of them is taken.
fn https_host(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    if uri.scheme_str() != Some("https") {
        return None;
    }
    let authority = uri.authority()?.as_str();
    let host = authority.strip_suffix(":443").unwrap_or(authority);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let named = (1..=LONGEST_HOST).contains(&host.len()) && host.bytes().all(plain);
    named.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_with_a_plain_host_names_one() {
        for (url, host) in [
            ("https://mcr.microsoft.com/v2/windows/blobs/sha256:1", Some("mcr.microsoft.com")),
            ("HTTPS://MCR.Microsoft.COM:443", Some("mcr.microsoft.com")),
            ("https://mcr.microsoft.com?x=http://b/", Some("mcr.microsoft.com")),
            ("https://mcr.microsoft.com#@b", Some("mcr.microsoft.com")),
            ("https://10.0.0.1/x", Some("10.0.0.1")),
            ("https://mcr.microsoft.com./x", Some("mcr.microsoft.com.")),
            ("http://mcr.microsoft.com/x", None),
            ("https://mcr.microsoft.com:8443/x", None),
            ("https://mcr.microsoft.com:/x", None),
            ("https://mcr.microsoft.com:0443/x", None),
            ("https://mcr.microsoft.com:443:443/x", None),
            ("https://user@mcr.microsoft.com/x", None),
            ("https://user:443@mcr.microsoft.com/x", None),
            ("https://[::1]/x", None),
            ("https://mcr%2emicrosoft.com/x", None),
            ("https://mcr_microsoft.com/x", None),
            ("https://mcr.microsoft.com\\@b/x", None),
            ("https:///x", None),
            ("https:mcr.microsoft.com", None),
            ("//mcr.microsoft.com/x", None),
            ("mcr.microsoft.com", None),
            (" https://mcr.microsoft.com", None),
            ("https://mcr.microsoft.com\n", None),
            ("ftp://mcr.microsoft.com", None),
            ("", None),
        ] {
            assert_eq!(https_host(url).as_deref(), host, "{url:?}");
        }
        assert!(https_host(&format!("https://{}/", "a".repeat(LONGEST_HOST))).is_some());
        assert!(https_host(&format!("https://{}/", "a".repeat(LONGEST_HOST + 1))).is_none());
    }
}
