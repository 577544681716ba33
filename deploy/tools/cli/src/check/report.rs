//! What was found, for every output: text, JSON, SARIF and annotations say the same.

use ecr_admission_policy::{FieldPath, Mode, Rule};

use super::object::{ObjectId, Span, Unreadable};

/// The result of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Every object, in the order of the input; Pods of one owner that have the same images and the same result once.
    pub objects: Vec<CheckedObject>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// What is to be said once of the whole run, such as which account's credentials were used; one plain line each.
    pub notices: Vec<String>,
    /// How many distinct images were evaluated.
    pub images: usize,
    /// The policy that was in force, as in the audit annotation `policy`.
    pub policy: String,
}

/// An object and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedObject {
    /// Which one; its namespace is the one that it was evaluated in.
    pub id: ObjectId,
    /// How many Pods of the input it stands for: 1, or more of one owner.
    pub pods: usize,
    /// See [`super::object::MadePod::owner`].
    pub owner: Option<String>,
    /// What admission would say.
    pub result: CheckResult,
    /// Why it is denied, or what could not be asked, where that is not about one image: it has too many images, for
    /// example.
    pub refusal: Option<String>,
    /// The ruling on its request for break-glass, where it is denied without.
    pub break_glass: Option<String>,
    /// What is wrong with its images; what denies comes first, then in the order of the paths.
    pub violations: Vec<FoundViolation>,
}

/// What admission would say of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckResult {
    /// Admitted.
    Admitted,
    /// Admitted; a rule in mode `audit` is violated.
    Audited,
    /// Admitted with a warning.
    Warned,
    /// Denied.
    Denied,
    /// Something could not be asked of Amazon ECR, and nothing else denies.
    Unknown,
    /// Admitted without evaluation, for its namespace.
    Ignored,
    /// Not evaluated, and why.
    NotEvaluated(String),
}

/// One rule that one image violates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundViolation {
    /// Where the image is in the object, as `spec.template.spec.containers[0].image`.
    pub path: FieldPath,
    /// Where the image is written in the file.
    pub span: Option<Span>,
    /// The image as the file has it, before any rewrite.
    pub image: String,
    /// The repository of the image with its registry; of an image outside ECR, the image without tag and digest. It
    /// stays the same when the image gets another version.
    pub repository: String,
    /// The rule.
    pub rule: Rule,
    /// What it does to the Pod.
    pub mode: Mode,
    /// Whether it says that something could not be asked of Amazon ECR.
    pub unknown: bool,
    /// The sentence of the webhook, with the image as it would run and the path in the object.
    pub text: String,
}
