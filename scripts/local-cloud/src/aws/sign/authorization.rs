//! The `Authorization` header, taken apart.

use crate::aws::error::ApiError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What the caller says about its signature.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) date: &'a str,
    pub(crate) region: &'a str,
    pub(crate) signing_name: &'a str,
    pub(crate) signed_headers: &'a str,
    pub(crate) signature: &'a str,
}

impl<'a> Authorization<'a> {
    pub(crate) fn parse(header: &'a str) -> Result<Authorization<'a>, ApiError> {
        let parameters = header.strip_prefix(ALGORITHM).unwrap_or_default();
        let parameter = |name: &str| {
            parameters
                .split(',')
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let found = ["Credential", "Signature", "SignedHeaders"].map(|it| (it, parameter(it)));
        let [(_, Some(credential)), (_, Some(signature)), (_, Some(signed_headers))] = found else {
            let absent = found.iter().filter(|(_, value)| value.is_none());
            let sentences: Vec<String> = absent
                .map(|(name, _)| format!("Authorization header requires '{name}' parameter."))
                .collect();
            return Err(incomplete(sentences.join(" ")));
        };
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, signing_name, "aws4_request"] = parts[..] else {
            return Err(incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term.",
            ));
        };
        Ok(Authorization { access_key_id, date, region, signing_name, signed_headers, signature })
    }
}

pub(super) fn incomplete(message: impl Into<String>) -> ApiError {
    ApiError::new("IncompleteSignatureException", message)
}

#[cfg(test)]
mod tests {
    use super::Authorization;

    #[test]
    fn the_header_is_taken_apart() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-west-1/ecr/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=abc";
        let parsed = Authorization::parse(header).unwrap();
        assert_eq!(
            parsed,
            Authorization {
                access_key_id: "AKID",
                date: "20261121",
                region: "eu-west-1",
                signing_name: "ecr",
                signed_headers: "host;x-amz-date",
                signature: "abc",
            }
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (header, message) in [
            (
                "Bearer abc",
                "Authorization header requires 'Credential' parameter. Authorization header requires \
                 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
            ),
            (
                "AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-west-1/ecr/aws4_request, Signature=abc",
                "Authorization header requires 'SignedHeaders' parameter.",
            ),
            (
                "AWS4-HMAC-SHA256 Credential=AKID/20261121/ecr, SignedHeaders=host, Signature=abc",
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term.",
            ),
        ] {
            let error = Authorization::parse(header).unwrap_err();
            assert_eq!(error.code, "IncompleteSignatureException");
            assert_eq!(error.message, message);
        }
    }
}
