use aws_sdk_ecr::error::ErrorMetadata;
use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsError;
use aws_smithy_types::body::SdkBody;

use super::*;

fn failure(code: &str, status: u16) -> Failure {
    let meta = ErrorMetadata::builder().code(code).build();
    let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
    classify(&SdkError::service_error(DescribeImageScanFindingsError::generic(meta), answer))
}

#[test]
fn a_denied_action_is_named_if_it_is_known() {
    const OPERATION: &str = "ecr:DescribeImageScanFindings";
    let user = "User: arn:aws:sts::123456789012:assumed-role/admission/admission is not authorized to perform:";
    for (message, expected) in [
        (
            format!(
                "{user} inspector2:ListFindings on resource: arn:aws:inspector2:us-east-1:123456789012:/findings/list"
            ),
            Cause::ActionDenied("inspector2:ListFindings"),
        ),
        (
            format!("{user} inspector2:ListCoverage."),
            Cause::ActionDenied("inspector2:ListCoverage"),
        ),
        (
            format!(
                "{user} {IMPORT_UPSTREAM} on resource: arn:aws:ecr:us-east-1:123456789012:repository/hub/nginx because no identity-based policy allows the {IMPORT_UPSTREAM} action"
            ),
            Cause::ActionDenied(IMPORT_UPSTREAM),
        ),
        (
            format!(
                "{user} {OPERATION} on resource: arn:aws:ecr:us-east-1:123456789012:repository/pay"
            ),
            Cause::AccessDenied,
        ),
        // Nothing else of the text is an action.
        (format!("{user} inspector2:ListFindingsOfOthers"), Cause::AccessDenied),
        (format!("{user} kms:Decrypt on resource: inspector2/ListFindings"), Cause::AccessDenied),
        (format!("{user} INSPECTOR2:LISTFINDINGS"), Cause::AccessDenied),
        (String::new(), Cause::AccessDenied),
    ] {
        assert_eq!(denied(OPERATION, &message), expected, "{message}");
    }
}

#[test]
fn every_code_has_its_cause() {
    for (code, status, expected) in [
        ("ThrottlingException", 400, Cause::Throttled),
        ("LimitExceededException", 400, Cause::Throttled),
        ("AccessDeniedException", 400, Cause::AccessDenied),
        ("UnrecognizedClientException", 400, Cause::AccessDenied),
        ("ServerException", 500, Cause::Internal),
        ("", 429, Cause::Throttled),
        ("", 403, Cause::AccessDenied),
        ("", 503, Cause::Internal),
    ] {
        let failure = failure(code, status);
        assert!(
            matches!(failure, Failure::Failed(cause) if cause == expected),
            "{code} {failure:?}"
        );
    }
    for (code, expected) in [
        ("RepositoryNotFoundException", NotFound::Repository),
        ("ImageNotFoundException", NotFound::Image),
        ("ScanNotFoundException", NotFound::Scan),
        ("UnableToGetUpstreamImageException", NotFound::Upstream),
    ] {
        assert!(
            matches!(failure(code, 400), Failure::NotFound(found) if found == expected),
            "{code}"
        );
    }
    for (code, status) in [("InvalidParameterException", 400), ("", 400), ("", 200)] {
        assert!(matches!(failure(code, status), Failure::Spoiled), "{code} {status}");
    }
}
