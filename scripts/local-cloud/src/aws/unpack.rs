//! Content encodings of requests.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::error::ApiError;

/// The largest request body once unpacked, in bytes.
const LIMIT: u64 = 16 << 20;

/// The body without its content encoding.
pub(crate) fn content(headers: &HeaderMap, body: &Bytes) -> Result<Bytes, ApiError> {
    match headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(body.clone()),
        Some(b"gzip") => gunzip(body),
        Some(other) => Err(unreadable(&format!(
            "expected content encoding gzip or identity, got {}",
            String::from_utf8_lossy(other)
        ))),
    }
}

fn gunzip(body: &[u8]) -> Result<Bytes, ApiError> {
    let mut plain = Vec::new();
    // One byte over the limit tells a body of just the limit from a longer one.
    let read = GzDecoder::new(body).take(LIMIT + 1).read_to_end(&mut plain);
    match read.map(u64::try_from) {
        Ok(Ok(length)) if length <= LIMIT => Ok(plain.into()),
        Ok(_) => Err(unreadable("the unpacked request body is over 16 MiB")),
        Err(error) => Err(unreadable(&format!("the request body is not gzip: {error}"))),
    }
}

fn unreadable(message: &str) -> ApiError {
    ApiError::new("SerializationException", format!("local-cloud: {message}"))
}

#[cfg(test)]
mod tests {
    use super::content;
    use bytes::Bytes;
    use flate2::Compression;
    use flate2::read::GzEncoder;
    use http::{HeaderMap, HeaderValue};
    use std::io::Read as _;

    fn encoded(encoding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(http::header::CONTENT_ENCODING, HeaderValue::from_static(encoding))])
    }

    #[test]
    fn gzip_is_unpacked_and_no_encoding_is_left_alone() {
        let mut packed = Vec::new();
        GzEncoder::new(&b"metrics"[..], Compression::fast()).read_to_end(&mut packed).unwrap();
        assert_eq!(content(&encoded("gzip"), &packed.into()).unwrap(), "metrics");
        assert_eq!(content(&HeaderMap::new(), &Bytes::from("plain")).unwrap(), "plain");
    }

    #[test]
    fn what_cannot_be_unpacked_is_an_error() {
        let mut bomb = Vec::new();
        let zeros = std::io::repeat(0).take((16 << 20) + 1);
        GzEncoder::new(zeros, Compression::fast()).read_to_end(&mut bomb).unwrap();
        for (encoding, body, message) in [
            (
                "br",
                Bytes::from("x"),
                "local-cloud: expected content encoding gzip or identity, got br",
            ),
            ("gzip", bomb.into(), "local-cloud: the unpacked request body is over 16 MiB"),
            (
                "gzip",
                Bytes::from("not gzip, long enough"),
                "local-cloud: the request body is not gzip: invalid gzip header",
            ),
        ] {
            let error = content(&encoded(encoding), &body).unwrap_err();
            assert_eq!(
                (error.code.as_ref(), error.message.as_str()),
                ("SerializationException", message)
            );
        }
    }
}
