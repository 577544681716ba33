//! Bytes to text.

use super::place::Lines;

/// Why bytes are not text.
#[derive(Debug)]
pub(super) struct NotText {
    /// Where, if it is one byte.
    pub(super) place: Option<(usize, usize)>,
    /// What was got, and what to do.
    pub(super) problem: String,
}

/// The largest input, in bytes: offsets have 32 bits.
const MAX_BYTES: usize = 1 << 30;

const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The text of a file without its byte order mark.
pub(super) fn decode(mut bytes: Vec<u8>) -> Result<String, NotText> {
    if bytes.len() > MAX_BYTES {
        let problem = format!(
            "expected at most 1 GiB, got {} bytes; check the objects in several runs",
            bytes.len()
        );
        return Err(NotText { place: None, problem });
    }
    if bytes.starts_with(&BOM) {
        bytes.drain(..BOM.len());
    }
    if let Some(encoding) = other_encoding(&bytes) {
        let problem = format!("expected text in UTF-8, got {encoding}; save the file as UTF-8");
        return Err(NotText { place: Some((1, 1)), problem });
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let (good, bad) = error.as_bytes().split_at(offset);
        let byte = bad.first().copied().unwrap_or_default();
        let place = Lines::of(&String::from_utf8_lossy(good)).last();
        let problem = format!("expected text in UTF-8, got the byte 0x{byte:02x}");
        NotText { place: Some(place), problem }
    })
}

fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] | [_, 0, _, ..] => Some("UTF-16 (little endian)"),
        [0xfe, 0xff, ..] | [0, _, ..] => Some("UTF-16 (big endian)"),
        [0x1f, 0x8b, ..] => Some("a gzip file"),
        _ => None,
    }
}
