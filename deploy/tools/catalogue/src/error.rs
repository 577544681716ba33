//! Errors of the ECR API.

use crate::arn;
use crate::caller::Caller;
use crate::catalogue::refusal::NOT_RECORDED;

/// An error as ECR sends it: the code is its `__type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcrError {
    /// The error's shape, as in `RepositoryNotFoundException`.
    pub code: &'static str,
    /// What ECR says.
    pub message: String,
}

impl EcrError {
    /// A client error.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> EcrError {
        EcrError { code, message: message.into() }
    }

    /// A recording does not hold the answer.
    pub(crate) fn not_recorded() -> EcrError {
        EcrError::new(NOT_RECORDED, "the recording does not hold the answer")
    }

    /// What IAM answers to a caller that lacks an action.
    pub fn access_denied(caller: Caller<'_>, action: &str, resource: Option<&str>) -> EcrError {
        let user = arn::caller(caller.region, caller.account);
        let on = resource.map_or_else(String::new, |arn| format!(" on resource: {arn}"));
        let message = format!(
            "User: {user} is not authorized to perform: {action}{on} because no identity-based policy \
             allows the {action} action"
        );
        EcrError::new("AccessDeniedException", message)
    }
}
