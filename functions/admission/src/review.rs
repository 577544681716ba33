//! AdmissionReview, `admission.k8s.io/v1` and `v1beta1`: the request in, the answer out.
//!
//! The types of kube-core hold an object as a typed value or as a JSON tree. Here `apiVersion` and
//! `uid` must be read even when nothing else can be, and a Pod of a megabyte must be read only once,
//! so the request is read in two steps, and the objects stay raw until their kind is known. The tests
//! hold the answers to kube-core's types.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::patch::Operation;

/// A decoded request: enough to answer it, and the rest if it could be read.
#[derive(Debug)]
pub struct Review<'a> {
    /// The version that the answer must have.
    pub version: ApiVersion,
    /// The uid that the answer must repeat.
    pub uid: String,
    /// The request, or why it could not be read.
    pub request: Result<Request<'a>, String>,
}

/// The `apiVersion` of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// `admission.k8s.io/v1`.
    V1,
    /// `admission.k8s.io/v1beta1`.
    V1beta1,
}

impl ApiVersion {
    fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "admission.k8s.io/v1",
            Self::V1beta1 => "admission.k8s.io/v1beta1",
        }
    }
}

/// The part of an AdmissionRequest that a verdict depends on, or that a log line names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// What `object` is.
    pub kind: GroupVersionKind,
    /// The subresource that is written, such as `ephemeralcontainers`.
    #[serde(default)]
    pub sub_resource: Option<String>,
    /// The object's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The namespace. The object's own may still be empty when a controller creates it.
    #[serde(default)]
    pub namespace: Option<String>,
    /// CREATE, UPDATE, DELETE or CONNECT.
    pub operation: String,
    /// Who asks.
    #[serde(default)]
    pub user_info: UserInfo,
    /// The object as it would be stored; null on DELETE.
    #[serde(borrow, default)]
    pub object: Option<&'a RawValue>,
    /// The object as it is stored; null on CREATE.
    #[serde(borrow, default)]
    pub old_object: Option<&'a RawValue>,
}

/// A group, version and kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupVersionKind {
    /// The API group, empty for the core group.
    #[serde(default)]
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

impl fmt::Display for GroupVersionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.group.is_empty() {
            write!(f, "{}/", self.group)?;
        }
        write!(f, "{} {}", self.version, self.kind)
    }
}

/// Who asks.
#[derive(Debug, Default, Deserialize)]
pub struct UserInfo {
    /// The name that kube-apiserver authenticated.
    #[serde(default)]
    pub username: Option<String>,
    /// The groups that it found the user in.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    api_version: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(borrow)]
    request: &'a RawValue,
}

/// What an answer needs of [`Whole`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    api_version: String,
    #[serde(borrow)]
    request: &'a RawValue,
}

#[derive(Deserialize)]
struct Identified {
    uid: String,
}

/// Reads a body. The error is one line: without version and uid no review can be answered.
pub fn decode(body: &[u8]) -> Result<Review<'_>, String> {
    const EXPECTED: &str = "expected an AdmissionReview of admission.k8s.io/v1 or v1beta1 with request.uid, as kube-apiserver sends it";
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(format!("the body is empty; {EXPECTED}"));
    }
    // JSON is UTF-8, and what is skipped below is not checked there.
    let body = std::str::from_utf8(body)
        .map_err(|error| format!("the body is not UTF-8 ({error}); {EXPECTED}"))?;
    let (envelope, kind) = match serde_json::from_str(body) {
        Ok(Whole { api_version, kind, request }) => (Envelope { api_version, request }, Ok(kind)),
        // Where only the kind is at fault, there is a uid to answer. Only then is the body read again.
        Err(error) => match serde_json::from_str(body) {
            Ok(envelope) => (envelope, Err(error)),
            Err(_) => {
                return Err(format!(
                    "the body could not be read ({}); {EXPECTED}",
                    one_line(&error)
                ));
            }
        },
    };
    let version = match envelope.api_version.as_str() {
        "admission.k8s.io/v1" => ApiVersion::V1,
        "admission.k8s.io/v1beta1" => ApiVersion::V1beta1,
        other => {
            let other = ecr_admission_policy::text::quote(other, 64);
            return Err(format!("the body has apiVersion {other}; {EXPECTED}"));
        }
    };
    let Identified { uid } = serde_json::from_str(envelope.request.get()).map_err(|error| {
        format!("request.uid could not be read ({}); {EXPECTED}", one_line(&error))
    })?;
    if uid.is_empty() {
        return Err(format!("request.uid is empty; {EXPECTED}"));
    }
    let request = match kind.as_ref().map(Option::as_deref) {
        Ok(Some("AdmissionReview")) => serde_json::from_str(envelope.request.get())
            .map_err(|error| format!("the request could not be read: {}", one_line(&error))),
        Ok(other) => {
            let other = ecr_admission_policy::text::quote(other.unwrap_or_default(), 64);
            Err(format!("expected kind AdmissionReview, got {other}"))
        }
        Err(error) => Err(format!("the review could not be read: {}", one_line(error))),
    };
    Ok(Review { version, uid, request })
}

/// A JSON error as one plain line: it can quote what it read.
pub fn one_line(error: &serde_json::Error) -> String {
    use ecr_admission_policy::text::{QUOTED, cut, printable};
    cut(&printable(&error.to_string()), QUOTED)
}

/// The answer, except for its uid.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Why the request is denied; `None` when it is allowed.
    pub denial: Option<String>,
    /// The warnings for its author.
    pub warnings: Vec<String>,
    /// What the audit log keeps, by name.
    pub audit_annotations: BTreeMap<String, String>,
    /// What changes the object. Only a mutating answer has any: kube-apiserver refuses a validating one
    /// with a patch.
    pub patch: Vec<Operation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewOut<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    /// The JSON of the operations, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
}

/// 403 and `Forbidden` make kubectl show the message; other codes hide it or make kubectl try again.
#[derive(Serialize)]
struct Status<'a> {
    code: u16,
    reason: &'static str,
    message: &'a str,
}

/// The JSON of the answer.
pub fn respond(
    version: ApiVersion,
    uid: &str,
    answer: &Answer,
) -> Result<String, serde_json::Error> {
    let status = answer.denial.as_deref();
    let patch = if answer.patch.is_empty() {
        None
    } else {
        Some(aws_smithy_types::base64::encode(serde_json::to_vec(&answer.patch)?))
    };
    serde_json::to_string(&ReviewOut {
        api_version: version.as_str(),
        kind: "AdmissionReview",
        response: Response {
            uid,
            allowed: status.is_none(),
            status: status.map(|message| Status { code: 403, reason: "Forbidden", message }),
            warnings: &answer.warnings,
            audit_annotations: &answer.audit_annotations,
            patch_type: patch.as_ref().map(|_| "JSONPatch"),
            patch,
        },
    })
}
