//! Why a call of AWS failed, in one line that says what to do.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecr::config::http::HttpResponse;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use ecr_admission_lambda::{AwsError, error_text};
use ecr_admission_policy::names::Region;

/// A call of an AWS service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// What IAM calls it.
    pub(super) action: &'static str,
    /// The service.
    pub(super) service: &'static str,
}

/// Why a call in this Region failed.
pub(super) fn problem<E>(error: SdkError<E, HttpResponse>, call: Call, region: &Region) -> String
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let Call { action, service } = call;
    if let Some(problem) = of_credentials(&error) {
        return problem;
    }
    let kind = AwsError::of(&error);
    let is_answer = matches!(error, SdkError::ServiceError(_));
    let text = error_text(error);
    match kind {
        AwsError::AccessDenied => {
            format!(
                "the AWS credentials may not call {action}; allow the action, or use others (AWS_PROFILE): {text}"
            )
        }
        AwsError::NotAuthenticated => format!("{RENEW}: {service} said {text}"),
        AwsError::Throttled => format!("{service} is called too fast; try again later: {text}"),
        AwsError::TimedOut => {
            format!("{service} in {region} did not answer; check the network and the proxy: {text}")
        }
        AwsError::Failed if !is_answer => {
            format!(
                "cannot reach {service} in {region}; check --region, the network and the proxy: {text}"
            )
        }
        AwsError::Failed | AwsError::Refused | AwsError::Unreadable => {
            format!("{action} in {region} failed: {text}")
        }
    }
}

/// What to do about credentials that AWS does not accept.
const RENEW: &str =
    "AWS does not accept the credentials; if they have expired, get new ones (aws sso login)";

/// What is wrong where there are no credentials to sign a call with.
fn of_credentials(error: &(dyn Error + 'static)) -> Option<String> {
    let credentials = chain(error).find_map(|link| link.downcast_ref::<CredentialsError>())?;
    if let CredentialsError::CredentialsNotLoaded(_) = credentials {
        return Some(
            "found no AWS credentials; set AWS_PROFILE to a profile that exists and has some, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
                .to_owned(),
        );
    }
    // The links above the last say little, and say it twice.
    let texts: Vec<String> = chain(credentials).map(ToString::to_string).collect();
    let cause = texts.last().map_or("", String::as_str);
    Some(if texts.iter().any(|text| text.contains("SSO")) {
        format!(
            "the session of AWS IAM Identity Center has expired or is missing; run aws sso login with the same profile: \
             {cause}"
        )
    } else {
        format!("cannot load the AWS credentials; check the AWS profile: {cause}")
    })
}

/// An error and its causes.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        // Without the reference of the closure, which has a source too, but not for as long.
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    })
}
