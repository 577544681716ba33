//! One call of the ECR API: in its turn, counted, ended by the deadline, its failure put into a word.

use std::future::Future;

use aws_sdk_ecr::config::http::HttpResponse;
use aws_sdk_ecr::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use ecr_admission_lambda::Log;
use ecr_admission_policy::facts::Cause;
use serde::Serialize;
use tokio::time::timeout_at;

use crate::inspect::{Budget, Missing};

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// ECR answered with this error, which means something to the caller (`…NotFoundException`).
    NotFound(NotFound),
    /// It could not be asked, or did not answer as it should.
    Failed(Cause),
}

/// The errors of ECR that are facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotFound {
    Repository,
    Image,
    Scan,
    /// It is in no pull-through cache yet, and this function is not allowed to import it.
    Import,
}

impl Failure {
    /// The failure as a missing fact, for an operation that has no scan to miss.
    pub(super) fn missing(&self, operation: &'static str) -> Missing {
        match self {
            Self::NotFound(NotFound::Repository) => Missing::Repository,
            Self::NotFound(NotFound::Image) => Missing::Image,
            Self::NotFound(NotFound::Import) => Missing::NotImported,
            Self::NotFound(NotFound::Scan) => Missing::unavailable(operation, Cause::Internal),
            Self::Failed(cause) => Missing::unavailable(operation, *cause),
        }
    }
}

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
        let failure = classify(&error);
        if let Failure::Failed(Cause::Throttled) = failure {
            budget.count_throttled();
        }
        if let Failure::Failed(cause) = &failure {
            // The message that the author of a Pod gets has only the cause; here is the rest.
            let fields = FailedCall { operation, cause: word(*cause), error: told(error) };
            log.warn("a call of Amazon ECR failed", &fields);
        }
        failure
    })
}

/// The error without the answer that it may hold: there can be a signed URL in it.
pub(crate) fn told<E>(error: SdkError<E, HttpResponse>) -> String
where
    E: std::error::Error + Send + Sync + 'static,
{
    match error.into_source() {
        Ok(source) => DisplayErrorContext(&*source).to_string(),
        Err(error) => error.to_string(),
    }
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Throttled => "throttled",
        Cause::AccessDenied => "access denied",
        Cause::TimedOut => "timed out",
        Cause::NotAsked => "not asked",
        Cause::Internal => "failed",
    }
}

/// Why a call of any service failed, where no error is a fact.
pub(crate) fn cause<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Cause {
    match classify(error) {
        Failure::NotFound(_) => Cause::Internal,
        Failure::Failed(cause) => cause,
    }
}

fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failure {
    match error {
        SdkError::ServiceError(context) if is_import(context.err()) => {
            Failure::NotFound(NotFound::Import)
        }
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            by_code(context.err().code().unwrap_or_default(), status)
        }
        SdkError::TimeoutError(_) => Failure::Failed(Cause::TimedOut),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Failure::Failed(Cause::TimedOut)
        }
        _ => Failure::Failed(Cause::Internal),
    }
}

/// Whether ECR would have imported the image from another registry. The function's role does not get
/// that permission: a look-up changes nothing.
fn is_import(error: &impl ProvideErrorMetadata) -> bool {
    error.message().is_some_and(|message| message.contains("ecr:BatchImportUpstreamImage"))
}

/// By the error's code: access and rate errors are not in the service's model, so the SDK has no
/// types for them.
fn by_code(code: &str, status: u16) -> Failure {
    match code {
        "RepositoryNotFoundException" => Failure::NotFound(NotFound::Repository),
        "ImageNotFoundException" => Failure::NotFound(NotFound::Image),
        "ScanNotFoundException" => Failure::NotFound(NotFound::Scan),
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
        _ => Failure::Failed(match status {
            429 => Cause::Throttled,
            401 | 403 => Cause::AccessDenied,
            _ => Cause::Internal,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_cause() {
        for (code, status, expected) in [
            ("ThrottlingException", 400, Cause::Throttled),
            ("LimitExceededException", 400, Cause::Throttled),
            ("AccessDeniedException", 400, Cause::AccessDenied),
            ("UnrecognizedClientException", 400, Cause::AccessDenied),
            ("ServerException", 500, Cause::Internal),
            ("InvalidParameterException", 400, Cause::Internal),
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
        ] {
            assert!(
                matches!(by_code(code, 400), Failure::NotFound(found) if found == expected),
                "{code}"
            );
        }
    }
}
