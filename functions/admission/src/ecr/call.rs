//! One call of the ECR API: in its turn, counted, ended by the deadline, its failure put into a word.

use std::future::Future;

use aws_sdk_ecr::config::http::HttpResponse;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecr::operation::RequestId;
use ecr_admission_lambda::Log;
use ecr_admission_lambda::log::causes;
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::text::cut;
use serde::Serialize;
use tokio::time::timeout_at;

use crate::events::ECR_CALL_FAILED;
use crate::inspect::{Budget, Missing};

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// ECR answered with this error, which means something to the caller (`…NotFoundException`).
    NotFound(NotFound),
    /// It could not be asked, or did not answer as it should. Where another action than that of the call
    /// is denied, the cause is [`Cause::ActionDenied`]: [`IMPORT_UPSTREAM`], for example.
    Failed(Cause),
    /// It refused this very call, or its answer cannot be read: a call for something else may get through.
    Spoiled,
}

/// The errors of ECR that are facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotFound {
    Repository,
    Image,
    Scan,
    /// ECR asked the registry behind a pull-through cache, and got nothing from there.
    Upstream,
}

impl Failure {
    /// The failure as a missing fact, for an operation that has no scan to miss.
    pub(super) fn missing(&self, operation: &'static str) -> Missing {
        match self {
            Self::NotFound(NotFound::Repository) => Missing::Repository,
            Self::NotFound(NotFound::Image) => Missing::Image,
            Self::NotFound(NotFound::Upstream)
            | Self::Failed(Cause::ActionDenied(IMPORT_UPSTREAM)) => Missing::NotImported,
            Self::Failed(cause) => Missing::unavailable(operation, *cause),
            Self::NotFound(NotFound::Scan) | Self::Spoiled => {
                Missing::unavailable(operation, Cause::Internal)
            }
        }
    }
}

/// What ECR needs to fetch an image from the registry upstream of a pull-through cache. The function's
/// role does not have it: a look-up changes nothing.
pub(super) const IMPORT_UPSTREAM: &str = "ecr:BatchImportUpstreamImage";

/// The actions that a message names when they are denied: those of the calls that are made, and those
/// that ECR makes on behalf of the caller.
const ACTIONS: [&str; 8] = [
    "ecr:BatchGetImage",
    "ecr:BatchGetRepositoryScanningConfiguration",
    IMPORT_UPSTREAM,
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeRepositories",
    "ecr:GetDownloadUrlForLayer",
    "inspector2:ListCoverage",
    "inspector2:ListFindings",
];

/// The longest text of an error in the log, in characters.
const LONGEST: usize = 1024;

#[derive(Serialize)]
struct FailedCall<'a> {
    operation: &'a str,
    cause: &'a str,
    error: String,
}

/// Makes a call. It is put together, and takes its memory, only when its turn has come: thousands may
/// wait where a Pod names hundreds of indexes.
pub(super) async fn call<T, E, F>(
    operation: &'static str,
    budget: &Budget,
    log: Log,
    send: impl FnOnce() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let timed_out = |_elapsed| Failure::Failed(Cause::TimedOut);
    let _turn = timeout_at(budget.deadline, budget.turn()).await.map_err(timed_out)?;
    let result = timeout_at(budget.deadline, Box::pin(send())).await.map_err(timed_out)?;
    result.map_err(|error| {
        let failure = match classify(&error) {
            Failure::Failed(Cause::AccessDenied) => {
                Failure::Failed(denied(operation, error.message().unwrap_or_default()))
            }
            failure => failure,
        };
        if let Failure::Failed(Cause::Throttled) = failure {
            budget.count_throttled();
        }
        let cause = match failure {
            Failure::NotFound(_) => None,
            Failure::Failed(cause) => Some(cause),
            Failure::Spoiled => Some(Cause::Internal),
        };
        if let Some(cause) = cause {
            // The message that the author of a Pod gets has only the cause; here is the rest.
            let fields = FailedCall { operation, cause: word(cause), error: told(error) };
            log.warn(ECR_CALL_FAILED, "a call of Amazon ECR failed", &fields);
        }
        failure
    })
}

/// The error in one line, without the answer that it may hold: there can be a signed URL in it. What a
/// service says is its code, its message and the id of the request; what the SDK says has causes.
pub(crate) fn told<E>(error: SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let said: Vec<&str> = [error.code(), error.message()].into_iter().flatten().collect();
    let said = said.join(": ");
    let id = error.request_id().map_or_else(String::new, |id| format!("; request id {id}"));
    let text = match error.into_source() {
        _ if !said.is_empty() => said,
        Ok(source) => causes(&*source),
        Err(error) => error.to_string(),
    };
    cut(&text, LONGEST) + &id
}

/// Which action is denied. AWS names it in a sentence such as `User: … is not authorized to perform:
/// inspector2:ListFindings on resource: …`, of which only a name from the fixed list is kept.
fn denied(operation: &str, message: &str) -> Cause {
    let mut words = message.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'));
    let action = words.find_map(|word| ACTIONS.into_iter().find(|action| *action == word));
    match action {
        Some(action) if action != operation => Cause::ActionDenied(action),
        Some(_) | None => Cause::AccessDenied,
    }
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Throttled => "throttled",
        Cause::AccessDenied | Cause::ActionDenied(_) => "access denied",
        Cause::TimedOut => "timed out",
        Cause::NotAsked => "not asked",
        Cause::Internal => "failed",
    }
}

/// Why a call of any service failed, where no error is a fact.
pub(crate) fn cause<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Cause {
    match classify(error) {
        Failure::NotFound(_) | Failure::Spoiled => Cause::Internal,
        Failure::Failed(cause) => cause,
    }
}

fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failure {
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            by_code(context.err().code().unwrap_or_default(), status)
        }
        SdkError::TimeoutError(_) => Failure::Failed(Cause::TimedOut),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Failure::Failed(Cause::TimedOut)
        }
        SdkError::ResponseError(_) => Failure::Spoiled,
        _ => Failure::Failed(Cause::Internal),
    }
}

/// By the error's code: access and rate errors are not in the service's model, so the SDK has no
/// types for them.
fn by_code(code: &str, status: u16) -> Failure {
    match code {
        "RepositoryNotFoundException" => Failure::NotFound(NotFound::Repository),
        "ImageNotFoundException" => Failure::NotFound(NotFound::Image),
        "ScanNotFoundException" => Failure::NotFound(NotFound::Scan),
        "ServerException" => Failure::Failed(Cause::Internal),
        "UnableToGetUpstreamImageException" => Failure::NotFound(NotFound::Upstream),
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "LimitExceededException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown" => Failure::Failed(Cause::Throttled),
        "AccessDeniedException"
        | "AccessDenied"
        | "UnauthorizedOperation"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationTokenException"
        | "OptInRequired"
        | "NotAuthorized" => Failure::Failed(Cause::AccessDenied),
        _ => match status {
            429 => Failure::Failed(Cause::Throttled),
            401 | 403 => Failure::Failed(Cause::AccessDenied),
            200..=499 => Failure::Spoiled,
            _ => Failure::Failed(Cause::Internal),
        },
    }
}

#[cfg(test)]
mod tests {
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
    ) -> SdkError<DescribeImageScanFindingsError, HttpResponse> {
        let mut answer = answer(400);
        answer.headers_mut().insert("x-amzn-requestid", "r-1");
        SdkError::service_error(DescribeImageScanFindingsError::generic(meta), answer)
    }

    #[test]
    fn an_error_is_told_once_and_without_types() {
        let code = || ErrorMetadata::builder().code("AccessDeniedException");
        for (error, expected) in [
            (
                service_error(code().message(TEXT).build()),
                format!("AccessDeniedException: {TEXT}; request id r-1"),
            ),
            (service_error(code().build()), "AccessDeniedException; request id r-1".to_owned()),
            (
                service_error(ErrorMetadata::builder().message("x".repeat(5000)).build()),
                format!("{}…; request id r-1", "x".repeat(LONGEST - 1)),
            ),
            (SdkError::timeout_error("it took too long"), "it took too long".to_owned()),
            (SdkError::response_error("unreadable", answer(200)), "unreadable".to_owned()),
        ] {
            assert_eq!(told(error), expected);
        }
        let bare = told(service_error(ErrorMetadata::builder().build()));
        assert!(bare.ends_with("; request id r-1") && !bare.contains("meta"), "{bare}");
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
            (
                format!("{user} kms:Decrypt on resource: inspector2/ListFindings"),
                Cause::AccessDenied,
            ),
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
            let failure = by_code(code, status);
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
                matches!(by_code(code, 400), Failure::NotFound(found) if found == expected),
                "{code}"
            );
        }
        for (code, status) in [("InvalidParameterException", 400), ("", 400), ("", 200)] {
            assert!(matches!(by_code(code, status), Failure::Spoiled), "{code} {status}");
        }
    }
}
