//! What a secret looks like where it was written by mistake, for the tests that search the output of a function.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aws_smithy_types::base64;

/// The least part of a secret that must not be written, in characters.
const PART: usize = 12;

/// Every text of which one in `written` shows a part of `secret` of 12 characters: as it is, percent-encoded, in
/// hexadecimal and in both alphabets of base64, wherever in a longer text the encoding began.
pub fn traces(secret: &str, written: &str) -> Vec<String> {
    forms(secret).into_iter().filter(|form| written.contains(form.as_str())).collect()
}

fn forms(secret: &str) -> BTreeSet<String> {
    let percent = |every: bool, lower: bool| {
        let mut text = String::new();
        for byte in secret.bytes() {
            let _ = match (every || !byte.is_ascii_alphanumeric(), lower) {
                (true, true) => write!(text, "%{byte:02x}"),
                (true, false) => write!(text, "%{byte:02X}"),
                (false, _) => write!(text, "{}", char::from(byte)),
            };
        }
        text
    };
    let hexadecimal = |text: String| text.replace('%', "");
    let mut forms = BTreeSet::new();
    forms.extend(parts(secret, PART));
    for lower in [true, false] {
        forms.extend(parts(&percent(false, lower), PART));
        forms.extend(parts(&percent(true, lower), 3 * PART));
        forms.extend(parts(&hexadecimal(percent(true, lower)), 2 * PART));
    }
    // Three bytes make four characters, so that what stands before the secret shifts it in one of three ways.
    for before in ["", "x", "xx"] {
        let encoded = base64::encode(format!("{before}{secret}"));
        let whole = encoded.trim_end_matches('=');
        // The first four and the last three characters may also hold other bytes.
        let inner = whole.get(4..whole.len().saturating_sub(3)).unwrap_or_default();
        forms.extend(parts(inner, PART / 3 * 4));
        forms.extend(parts(&inner.replace('+', "-").replace('/', "_"), PART / 3 * 4));
    }
    forms
}

fn parts(text: &str, length: usize) -> impl Iterator<Item = String> {
    text.as_bytes().windows(length).map(|part| String::from_utf8_lossy(part).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";

    #[test]
    fn every_form_of_a_secret_is_found() {
        let percent: Vec<_> = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let percent = percent.concat();
        for text in [
            SECRET.to_owned(),
            format!("path=/validate/{SECRET}"),
            "nNaTaoc2eHgJ".to_owned(),
            SECRET.replace('_', "%5F"),
            "HgJyr%5fR3sdml".to_owned(),
            percent.to_lowercase(),
            percent.replace('%', ""),
            percent,
            base64::encode(SECRET),
            base64::encode(format!("/validate/{SECRET}?timeout=5s")),
            base64::encode(format!("a/validate/{SECRET}")),
            base64::encode(format!("ab/validate/{SECRET}")),
        ] {
            assert!(!traces(SECRET, &text).is_empty(), "{text}");
        }
        for text in ["", "POST /validate/{key}", "nNaTaoc2eHg", &SECRET.to_lowercase()] {
            assert!(traces(SECRET, text).is_empty(), "{text}");
        }
    }
}
