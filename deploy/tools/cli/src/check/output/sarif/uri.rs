//! The path of a file as a URI reference.

use std::iter;

/// A relative path stays relative, so that GitHub finds the file from the root of the repository. An absolute one gets
/// the scheme that lets the action `upload-sarif` make it relative to the checkout.
pub(super) fn of(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let encoded = path.bytes().map(|byte| match byte {
        // RFC 3986, 2.3. A colon in the first part of a relative path would make it a scheme.
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    iter::once(scheme.to_owned()).chain(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_in_a_uri_is_percent_encoded() {
        for (path, expected) in [
            ("deploy/web.yaml", "deploy/web.yaml"),
            ("a b/100%.yaml", "a%20b/100%25.yaml"),
            ("http://x?y#z", "http%3A//x%3Fy%23z"),
            ("größe.yaml", "gr%C3%B6%C3%9Fe.yaml"),
            ("a\\b\n.yaml", "a%5Cb%0A.yaml"),
            ("/checkout/web.yaml", "file:///checkout/web.yaml"),
        ] {
            assert_eq!(of(path), expected);
        }
    }
}
