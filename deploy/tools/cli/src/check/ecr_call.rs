//! Requests of the Amazon ECR API.

use aws_sdk_ecr::config::http::HttpRequest;

/// The operation of ECR that a request calls, if it is one.
pub(super) fn operation(request: &HttpRequest) -> Option<&str> {
    const API: &str = "AmazonEC2ContainerRegistry_V20150921.";
    request.headers().get("x-amz-target")?.strip_prefix(API)
}

/// The Region that a request is signed for.
pub(super) fn region(request: &HttpRequest) -> Option<&str> {
    let authorization = request.headers().get("authorization")?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let scope = credential.split([',', ' ']).next()?;
    // The key, a date, the Region, the service, and a constant.
    scope.split('/').nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &'static str)]) -> HttpRequest {
        let mut request = HttpRequest::empty();
        for (name, value) in headers {
            request.headers_mut().insert(*name, *value);
        }
        request
    }

    #[test]
    fn operation_and_region_are_read_from_the_headers() {
        let signed = request(&[
            ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIA/20261126/eu-west-1/ecr/aws4_request, SignedHeaders=host, Signature=0",
            ),
        ]);
        assert_eq!(operation(&signed), Some("BatchGetImage"));
        assert_eq!(region(&signed), Some("eu-west-1"));
        let other = request(&[("x-amz-target", "secretsmanager.GetSecretValue")]);
        assert_eq!((operation(&other), region(&other)), (None, None));
    }
}
