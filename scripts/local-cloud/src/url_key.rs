//! The key of a cluster in the path of a URL, derived as `deploy/render-config --eks` does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// The key of the cluster that has this token. A secret, as the token is.
pub fn of(token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, b"ecr-admission/url/v1"))
}

#[cfg(test)]
mod tests {
    /// The test vector that all programs share that derive keys.
    #[test]
    fn the_key_of_the_test_vector() {
        assert_eq!(
            super::of("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
            "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0"
        );
    }
}
