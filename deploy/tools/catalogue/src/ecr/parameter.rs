//! Parameters that ECR refuses.

use crate::error::EcrError;

/// `InvalidParameterException`, in ECR's words.
pub(super) fn invalid(parameter: &str, constraint: &str) -> EcrError {
    EcrError::new(
        "InvalidParameterException",
        format!("Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"),
    )
}

/// Refuses a list that is empty or too long.
pub(super) fn check_length(parameter: &str, length: usize, most: usize) -> Result<(), EcrError> {
    match length {
        0 => Err(invalid(parameter, "Member must have length greater than or equal to 1")),
        _ if length > most => Err(invalid(
            parameter,
            &format!("Member must have length less than or equal to {most}"),
        )),
        _ => Ok(()),
    }
}
