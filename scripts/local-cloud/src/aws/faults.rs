//! Which of the faults, if any, hits a call.

use std::sync::atomic::{AtomicU64, Ordering};

use ecr_admission_catalogue::{Caller, EcrError};
use http::StatusCode;

use super::asked::{Api, Asked};
use super::error::ApiError;
use super::secrets;
use super::subject::Subject;
use crate::fault::{Fault, Kind};

/// The faults of `--fault`, each with the calls it has left.
#[derive(Debug)]
pub(crate) struct Faults(Vec<(Fault, AtomicU64)>);

impl Faults {
    pub(crate) fn new(faults: &[Fault]) -> Faults {
        let counted = faults.iter().map(|fault| {
            let left = fault.count().unwrap_or(u64::MAX);
            (fault.clone(), AtomicU64::new(left))
        });
        Faults(counted.collect())
    }

    /// Takes a call from the first fault that concerns the operation on what has this key, and has one
    /// left.
    pub(crate) fn take(&self, operation: &str, key: &str) -> Option<Kind> {
        self.0
            .iter()
            .filter(|(fault, _)| fault.concerns(operation, key))
            .find(|(_, left)| take_one(left))
            .map(|(fault, _)| fault.kind())
    }
}

fn take_one(left: &AtomicU64) -> bool {
    let less_one = |calls: u64| calls.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one).is_ok()
}

/// The error that a fault answers with; `None` for one that lets the operation take place, or that
/// never answers.
pub(crate) fn error(
    kind: Kind,
    asked: &Asked,
    subject: &Subject,
    caller: Caller<'_>,
) -> Option<ApiError> {
    let api = asked.api();
    match kind {
        Kind::Throttle if api == Api::Registry => Some(ApiError {
            status: StatusCode::TOO_MANY_REQUESTS,
            ..ApiError::new("TOOMANYREQUESTS", "Rate exceeded")
        }),
        Kind::Throttle => Some(ApiError::new("ThrottlingException", "Rate exceeded")),
        Kind::AccessDenied => {
            let action = match api {
                Api::Registry => "ecr:BatchImportUpstreamImage".to_owned(),
                _ => format!("{}:{}", api.action_prefix(), asked.operation()),
            };
            let resource = subject.resource(caller.account, caller.region);
            let denied = EcrError::access_denied(caller, &action, resource.as_deref());
            Some(match api {
                Api::Registry => ApiError {
                    status: StatusCode::FORBIDDEN,
                    ..ApiError::new("DENIED", denied.message)
                },
                Api::Ecr | Api::SecretsManager | Api::CloudWatch => denied.into(),
            })
        }
        Kind::KmsDenied => {
            Some(ApiError::new("AccessDeniedException", "Access to KMS is not allowed"))
        }
        Kind::MarkedForDeletion => Some(secrets::marked_for_deletion()),
        Kind::ServerError => {
            let (code, query_code) = match api {
                Api::Ecr => ("ServerException", None),
                Api::Registry => ("UNKNOWN", None),
                Api::SecretsManager => ("InternalServiceError", None),
                Api::CloudWatch => ("InternalServiceFault", Some("InternalServiceError")),
            };
            Some(ApiError {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: code.into(),
                query_code,
                message: "An internal error occurred; try again.".to_owned(),
            })
        }
        Kind::Hang | Kind::Reset | Kind::Malformed | Kind::Slow => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Faults;
    use crate::fault::Kind;

    #[test]
    fn faults_hit_in_their_order_and_only_as_often_as_they_say() {
        let faults = Faults::new(&[
            "DescribeRepositories=throttle:2".parse().unwrap(),
            "*=slow:1".parse().unwrap(),
        ]);
        let taken = ["DescribeRepositories"; 4].map(|operation| faults.take(operation, "a"));
        assert_eq!(taken, [Some(Kind::Throttle), Some(Kind::Throttle), Some(Kind::Slow), None]);
        assert_eq!(faults.take("BatchGetImage", "a"), None);
    }

    #[test]
    fn a_fault_without_a_count_never_ends() {
        let faults = Faults::new(&["*=hang".parse().unwrap()]);
        assert!((0..1_000).all(|_| faults.take("PutMetricData", "") == Some(Kind::Hang)));
    }
}
