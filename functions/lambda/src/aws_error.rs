//! Why a call of an AWS service failed: the one list of error codes, and the text for the log.

use std::error::Error;

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use ecr_admission_text::cut;

use crate::log::causes;

/// The longest text of an error in the log, in characters.
const LONGEST: usize = 1024;

/// Why a call failed, in the terms that the functions tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsError {
    /// The service refused the call for its rate.
    Throttled,
    /// The function's role may not make the call.
    AccessDenied,
    /// The service does not accept the caller: its credentials, its signature, its clock or its account.
    NotAuthenticated,
    /// No answer came in time.
    TimedOut,
    /// The service refused this call for another reason.
    Refused,
    /// The answer could not be read.
    Unreadable,
    /// The service could not be reached, or failed.
    Failed,
}

impl AwsError {
    /// Why a call failed.
    pub fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        match error {
            SdkError::ServiceError(context) => {
                let by_code = context.err().code().and_then(Self::from_code);
                by_code.unwrap_or_else(|| Self::from_status(context.raw().status().as_u16()))
            }
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut,
            SdkError::ResponseError(_) => Self::Unreadable,
            _ => Self::Failed,
        }
    }

    /// By the code of an error, where it says enough. Access and rate errors are not in the models of the
    /// services, so that the SDK has neither types nor retry hints for them.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            _ if THROTTLING_ERRORS.contains(&code) => Self::Throttled,
            "AccessDeniedException"
            | "AccessDenied"
            | "UnauthorizedOperation"
            | "NotAuthorized" => Self::AccessDenied,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "ExpiredTokenException"
            | "ExpiredToken"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "MissingAuthenticationTokenException"
            | "OptInRequired" => Self::NotAuthenticated,
            "ServerException" => Self::Failed,
            _ => return None,
        })
    }

    fn from_status(status: u16) -> Self {
        match status {
            429 => Self::Throttled,
            401 | 403 => Self::AccessDenied,
            200..=499 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// The error in one line, without the answer that it may hold: there can be a signed URL in it. What a
/// service says is its code, its message and the id of the request; what the SDK says has causes.
pub fn error_text<E>(error: SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
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

#[cfg(test)]
mod tests;
