use aws_sdk_ecr::error::ErrorMetadata;
use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsError;
use aws_smithy_types::body::SdkBody;

use super::*;

const TEXT: &str = "User: a is not authorized to perform: inspector2:ListFindings";

fn answer(status: u16) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::empty())
}

/// An error of ECR as the SDK reads it.
fn service_error(
    meta: ErrorMetadata,
    status: u16,
) -> SdkError<DescribeImageScanFindingsError, HttpResponse> {
    let mut answer = answer(status);
    answer.headers_mut().insert("x-amzn-requestid", "r-1");
    SdkError::service_error(DescribeImageScanFindingsError::generic(meta), answer)
}

#[test]
fn the_text_has_code_message_and_request_id_and_no_types() {
    let code = || ErrorMetadata::builder().code("AccessDeniedException");
    for (error, expected) in [
        (
            service_error(code().message(TEXT).build(), 400),
            format!("AccessDeniedException: {TEXT}; request id r-1"),
        ),
        (service_error(code().build(), 400), "AccessDeniedException; request id r-1".to_owned()),
        (
            service_error(ErrorMetadata::builder().message("x".repeat(5000)).build(), 400),
            format!("{}…; request id r-1", "x".repeat(LONGEST - 1)),
        ),
        (SdkError::timeout_error("it took too long"), "it took too long".to_owned()),
        (SdkError::response_error("unreadable", answer(200)), "unreadable".to_owned()),
    ] {
        assert_eq!(error_text(error), expected);
    }
    let bare = error_text(service_error(ErrorMetadata::builder().build(), 400));
    assert!(bare.ends_with("; request id r-1") && !bare.contains("meta"), "{bare}");
}

#[test]
fn an_error_has_one_meaning() {
    for (code, status, expected) in [
        ("ThrottlingException", 400, AwsError::Throttled),
        ("Throttling", 400, AwsError::Throttled),
        ("ThrottledException", 400, AwsError::Throttled),
        ("LimitExceededException", 400, AwsError::Throttled),
        ("TooManyRequestsException", 400, AwsError::Throttled),
        ("RequestLimitExceeded", 400, AwsError::Throttled),
        ("RequestThrottled", 400, AwsError::Throttled),
        ("RequestThrottledException", 400, AwsError::Throttled),
        ("SlowDown", 503, AwsError::Throttled),
        ("AccessDeniedException", 400, AwsError::AccessDenied),
        ("UnrecognizedClientException", 400, AwsError::NotAuthenticated),
        ("ExpiredTokenException", 403, AwsError::NotAuthenticated),
        ("ServerException", 500, AwsError::Failed),
        ("ServerException", 400, AwsError::Failed),
        ("InvalidParameterException", 400, AwsError::Refused),
        ("", 429, AwsError::Throttled),
        ("", 403, AwsError::AccessDenied),
        ("", 400, AwsError::Refused),
        ("", 200, AwsError::Refused),
        ("", 302, AwsError::Refused),
        ("", 503, AwsError::Failed),
    ] {
        let meta = ErrorMetadata::builder().code(code).build();
        assert_eq!(AwsError::of(&service_error(meta, status)), expected, "{code} {status}");
    }
    let timed_out = SdkError::<DescribeImageScanFindingsError, _>::timeout_error("late");
    assert_eq!(AwsError::of(&timed_out), AwsError::TimedOut);
    let unreadable = SdkError::<DescribeImageScanFindingsError, _>::response_error("", answer(200));
    assert_eq!(AwsError::of(&unreadable), AwsError::Unreadable);
    let unmade = SdkError::<DescribeImageScanFindingsError, _>::construction_failure("no Region");
    assert_eq!(AwsError::of(&unmade), AwsError::Failed);
}
