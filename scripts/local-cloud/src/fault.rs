//! Faults: AWS calls that are made to fail, or to take their time (`--fault`).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The operations that a fault can name: what the stand-in answers.
pub const OPERATIONS: &[&str] = &[
    "BatchGetImage",
    "BatchGetRepositoryScanningConfiguration",
    "DeleteSecret",
    "DescribeImageScanFindings",
    "DescribeImageSigningStatus",
    "DescribePullThroughCacheRules",
    "DescribeRepositories",
    "DescribeSecret",
    "GetAuthorizationToken",
    "GetDownloadUrlForLayer",
    "GetLayerBlob",
    "GetManifest",
    "GetSecretValue",
    "ListSecretVersionIds",
    "PutMetricData",
    "PutSecretValue",
    "RestoreSecret",
    "UpdateSecretVersionStage",
];

/// What is not an AWS call: a function is invoked, which the key names.
pub const INVOKE: &str = "Invoke";

/// The operation that stands for all of [`OPERATIONS`].
pub const ANY_OPERATION: &str = "*";

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 400 `ThrottlingException`.
    Throttle,
    /// 400 `AccessDeniedException`.
    AccessDenied,
    /// 400 `AccessDeniedException` as Secrets Manager sends it when the KMS key refuses.
    KmsDenied,
    /// 400 `InvalidRequestException`: the secret was deleted and can still be restored.
    MarkedForDeletion,
    /// 500, with the code that the API uses for it.
    ServerError,
    /// The call is never answered; its connection stays open.
    Hang,
    /// The connection is reset (TCP RST).
    Reset,
    /// 200 with a body that ends in its middle.
    Malformed,
    /// The right answer, 1,500 ms late.
    Slow,
}

impl Kind {
    const ALL: [(&'static str, Kind); 9] = [
        ("throttle", Kind::Throttle),
        ("access-denied", Kind::AccessDenied),
        ("kms-denied", Kind::KmsDenied),
        ("marked-for-deletion", Kind::MarkedForDeletion),
        ("server-error", Kind::ServerError),
        ("hang", Kind::Hang),
        ("reset", Kind::Reset),
        ("malformed", Kind::Malformed),
        ("slow", Kind::Slow),
    ];
}

/// One `OPERATION[@KEY]=KIND[:COUNT]`.
///
/// The key says what a call must be about, as `/_local/calls` has it: `GetSecretValue@/policy=hang` is
/// for the calls whose key holds `/policy`.
///
/// Of several faults for one operation the first that has calls left counts, so
/// `--fault GetSecretValue=throttle:2 --fault GetSecretValue=slow` is two throttled calls and slow
/// ones from then on.
///
/// `Invoke@authorizer=malformed` is not an AWS call: the function gets an event that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    operation: String,
    key: Option<String>,
    kind: Kind,
    count: Option<u64>,
}

impl Fault {
    /// Whether the fault is for this operation on what has this key.
    pub fn concerns(&self, operation: &str, key: &str) -> bool {
        let any = self.operation == ANY_OPERATION && operation != INVOKE;
        (any || self.operation == operation)
            && self.key.as_ref().is_none_or(|part| {
                if operation == INVOKE { key == part } else { key.contains(part) }
            })
    }

    /// How the call fails.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many calls fail; `None` = all.
    pub fn count(&self) -> Option<u64> {
        self.count
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Kind::ALL.iter().find(|(_, kind)| *kind == self.kind);
        let word = word.map_or("", |(word, _)| word);
        formatter.write_str(&self.operation)?;
        if let Some(key) = &self.key {
            write!(formatter, "@{key}")?;
        }
        write!(formatter, "={word}")?;
        match self.count {
            Some(count) => write!(formatter, ":{count}"),
            None => Ok(()),
        }
    }
}

/// Why a text is not a fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// There is no `=`.
    #[error(
        r#"expected fault OPERATION[@KEY]=KIND[:COUNT], such as DescribeRepositories=throttle:2, got "{0}""#
    )]
    Shape(String),
    /// The operation is not one of [`OPERATIONS`].
    #[error(r#"expected fault operation * or one of {all}, got "{0}""#, all = OPERATIONS.join(", "))]
    Operation(String),
    /// The kind is not one of [`Kind`].
    #[error(r#"expected fault kind of {all}, got "{0}""#, all = Kind::ALL.map(|(word, _)| word).join(", "))]
    Kind(String),
    /// Only one kind can be given to [`INVOKE`], and the key has to be a function's name.
    #[error(r#"expected fault {INVOKE}@FUNCTION=malformed, got "{0}""#)]
    Invoke(String),
    /// The count is not a positive whole number.
    #[error(r#"expected fault count as a whole number from 1 up, got "{0}""#)]
    Count(String),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Fault, FaultError> {
        let shape = || FaultError::Shape(text.to_owned());
        let (called, rest) = text.split_once('=').ok_or_else(shape)?;
        let (operation, key) = match called.split_once('@') {
            Some((_, "")) => return Err(shape()),
            Some((operation, key)) => (operation, Some(key)),
            None => (called, None),
        };
        if ![ANY_OPERATION, INVOKE].contains(&operation) && !OPERATIONS.contains(&operation) {
            return Err(FaultError::Operation(operation.to_owned()));
        }
        let (word, count) = match rest.split_once(':') {
            Some((word, count)) => (word, Some(count)),
            None => (rest, None),
        };
        let kind = Kind::ALL.iter().find(|(name, _)| *name == word);
        let (_, kind) = kind.ok_or_else(|| FaultError::Kind(word.to_owned()))?;
        if operation == INVOKE && (key.is_none() || *kind != Kind::Malformed) {
            return Err(FaultError::Invoke(text.to_owned()));
        }
        Ok(Fault {
            operation: operation.to_owned(),
            key: key.map(ToOwned::to_owned),
            kind: *kind,
            count: count.map(positive).transpose()?,
        })
    }
}

fn positive(text: &str) -> Result<u64, FaultError> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        Ok(_) | Err(_) => Err(FaultError::Count(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Kind, OPERATIONS};

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "DescribeRepositories=throttle",
            "*=access-denied:3",
            "PutMetricData=server-error",
            "GetSecretValue=hang:1",
            "BatchGetImage=reset",
            "DescribeRepositories=malformed",
            "GetSecretValue@ecr-admission/policy=hang:2",
            "BatchGetImage@a:1@sha256:0=slow",
            "GetLayerBlob=slow:18446744073709551615",
            "Invoke@authorizer=malformed:1",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_star_concerns_every_operation_and_a_name_only_itself() {
        let all: Fault = "*=slow".parse().unwrap();
        let one: Fault = "DescribeRepositories=hang:2".parse().unwrap();
        assert!(OPERATIONS.iter().all(|operation| all.concerns(operation, "")));
        assert!(one.concerns("DescribeRepositories", "a"));
        assert!(!one.concerns("DescribeImageScanFindings", "a"));
        assert!(!all.concerns("Invoke", "admission"), "it is not a call");
        assert_eq!((one.kind(), one.count()), (Kind::Hang, Some(2)));
        assert_eq!(all.count(), None);
    }

    #[test]
    fn a_key_limits_a_fault_to_what_has_it() {
        let one: Fault = "GetSecretValue@/policy=hang".parse().unwrap();
        assert!(one.concerns("GetSecretValue", "ecr-admission/policy-12ab34"));
        assert!(!one.concerns("GetSecretValue", "ecr-admission/tokens"));
        assert!(!one.concerns("DescribeSecret", "ecr-admission/policy-12ab34"));
        let one: Fault = "Invoke@authorizer=malformed".parse().unwrap();
        assert!(one.concerns("Invoke", "authorizer") && !one.concerns("Invoke", "key-authorizer"));
    }

    #[test]
    fn an_error_says_what_is_expected_and_what_was_got() {
        for (text, message) in [
            (
                "throttle",
                r#"expected fault OPERATION[@KEY]=KIND[:COUNT], such as DescribeRepositories=throttle:2, got "throttle""#,
            ),
            (
                "*@=slow",
                r#"expected fault OPERATION[@KEY]=KIND[:COUNT], such as DescribeRepositories=throttle:2, got "*@=slow""#,
            ),
            (
                "DescribeImage=slow",
                r#"expected fault operation * or one of BatchGetImage, BatchGetRepositoryScanningConfiguration, DeleteSecret, DescribeImageScanFindings, DescribeImageSigningStatus, DescribePullThroughCacheRules, DescribeRepositories, DescribeSecret, GetAuthorizationToken, GetDownloadUrlForLayer, GetLayerBlob, GetManifest, GetSecretValue, ListSecretVersionIds, PutMetricData, PutSecretValue, RestoreSecret, UpdateSecretVersionStage, got "DescribeImage""#,
            ),
            (
                "*=sloww",
                r#"expected fault kind of throttle, access-denied, kms-denied, marked-for-deletion, server-error, hang, reset, malformed, slow, got "sloww""#,
            ),
            (
                "Invoke@admission=hang",
                r#"expected fault Invoke@FUNCTION=malformed, got "Invoke@admission=hang""#,
            ),
            (
                "Invoke=malformed",
                r#"expected fault Invoke@FUNCTION=malformed, got "Invoke=malformed""#,
            ),
            ("*=slow:0", r#"expected fault count as a whole number from 1 up, got "0""#),
            ("*=slow:", r#"expected fault count as a whole number from 1 up, got """#),
            ("*=slow:-1", r#"expected fault count as a whole number from 1 up, got "-1""#),
        ] {
            assert_eq!(text.parse::<Fault>().unwrap_err().to_string(), message);
        }
    }
}
