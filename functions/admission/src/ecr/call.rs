//! One call of the ECR API: in its turn, counted, bounded by the deadline, its failure classified.

use std::future::Future;

use aws_sdk_ecr::config::http::HttpResponse;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use ecr_admission_lambda::{AwsError, Log, error_text};
use ecr_admission_policy::facts::Cause;
use serde::Serialize;
use tokio::time::timeout_at;

use crate::events::ECR_CALL_FAILED;
use crate::inspect::{Budget, Missing};

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// ECR answered with this error, which means something to the caller (`…NotFoundException`).
    NotFound(NotFound),
    /// The call failed. Where another action than that of the call is denied, the cause is [`Cause::ActionDenied`]: [`IMPORT_UPSTREAM`], for example.
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
const ACTIONS: [&str; 9] = [
    "ecr:BatchGetImage",
    "ecr:BatchGetRepositoryScanningConfiguration",
    IMPORT_UPSTREAM,
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImageSigningStatus",
    "ecr:DescribeRepositories",
    "ecr:GetDownloadUrlForLayer",
    "inspector2:ListCoverage",
    "inspector2:ListFindings",
];

/// The code of an answer from recorded facts that do not hold what was asked for. AWS has no such code.
pub const NOT_RECORDED: &str = "NotRecorded";

/// The code of an answer from facts that were recorded too long ago. AWS has no such code.
pub const OUTDATED: &str = "Outdated";

#[derive(Serialize)]
struct FailedCall<'a> {
    operation: &'a str,
    cause: &'a str,
    error: String,
}

/// Makes a call. The request is built, and takes memory, only when its turn has come: thousands may wait
/// where a Pod names hundreds of indexes.
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
            let fields = FailedCall { operation, cause: word(cause), error: error_text(error) };
            log.warn(ECR_CALL_FAILED, "a call to Amazon ECR failed", &fields);
        }
        failure
    })
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
        Cause::NotRecorded => "not recorded",
        Cause::Outdated => "outdated",
        Cause::Internal => "failed",
    }
}

fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failure {
    let code = error.code().unwrap_or_default();
    match (fact(code), of_recording(code)) {
        (Some(fact), _) => Failure::NotFound(fact),
        (None, Some(cause)) => Failure::Failed(cause),
        (None, None) => match AwsError::of(error) {
            AwsError::Refused | AwsError::Unreadable => Failure::Spoiled,
            other => Failure::Failed(cause(other)),
        },
    }
}

/// The errors of recorded facts, by their codes.
pub(super) fn of_recording(code: &str) -> Option<Cause> {
    match code {
        NOT_RECORDED => Some(Cause::NotRecorded),
        OUTDATED => Some(Cause::Outdated),
        _ => None,
    }
}

/// The errors of ECR that are facts, by their codes.
fn fact(code: &str) -> Option<NotFound> {
    Some(match code {
        "RepositoryNotFoundException" => NotFound::Repository,
        "ImageNotFoundException" => NotFound::Image,
        "ScanNotFoundException" => NotFound::Scan,
        "UnableToGetUpstreamImageException" => NotFound::Upstream,
        _ => return None,
    })
}

/// Why a call of any service failed, as the policy core has it.
pub(crate) fn cause(error: AwsError) -> Cause {
    match error {
        AwsError::Throttled => Cause::Throttled,
        AwsError::AccessDenied | AwsError::NotAuthenticated => Cause::AccessDenied,
        AwsError::TimedOut => Cause::TimedOut,
        AwsError::Refused | AwsError::Unreadable | AwsError::Failed => Cause::Internal,
    }
}

#[cfg(test)]
mod tests;
