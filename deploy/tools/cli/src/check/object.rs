//! What the input holds: objects, what each makes a kubelet run, and where all of it is written.

use std::collections::BTreeMap;

use ecr_admission_policy::FieldPath;
use serde_json::value::RawValue;

/// A stretch of text in a file; lines and columns count characters from 1, and the end is exclusive, as in SARIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The line of the first character.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// The line of the last character.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
}

/// Which object it is, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectId {
    /// The file as its reader knows it: as given on the command line or found below a given folder, the `# Source:` of
    /// `helm template`, or `stdin`.
    pub file: String,
    /// Whether `file` was not read itself: it is the template of which `helm template` made the object, and lines in
    /// it are not known.
    pub rendered: bool,
    /// Where the object begins; `None` in JSON, where lines say nothing.
    pub span: Option<Span>,
    /// `apiVersion`, as in `apps/v1`.
    pub api_version: String,
    /// `kind`, as in `Deployment`.
    pub kind: String,
    /// `metadata.namespace`, where it is set.
    pub namespace: Option<String>,
    /// `metadata.name`, or `metadata.generateName` with `*` at its end; empty where both are missing.
    pub name: String,
}

/// One object of the input.
#[derive(Debug)]
pub struct Object {
    /// Which one.
    pub id: ObjectId,
    /// What it makes a kubelet run.
    pub content: Content,
}

/// What an object makes a kubelet run.
#[derive(Debug)]
pub enum Content {
    /// A Pod, or Pods of one template.
    Pod(MadePod),
    /// Nothing that is evaluated, and why, for its author: "no Pod template", for example.
    NotEvaluated(String),
}

/// The Pod that an object is or that its controller makes.
#[derive(Debug)]
pub struct MadePod {
    /// The Pod as JSON: `apiVersion`, `kind`, `metadata` and `spec`, and of a live Pod `status`. Of a controller, `metadata`
    /// is what it makes of the template's.
    pub pod: Box<RawValue>,
    /// Where the Pod's spec is in the object: `spec` of a Pod, `spec.template.spec` of a Deployment.
    pub path: String,
    /// The owner that controls a live Pod, as `ReplicaSet web-6d4f`: Pods of one owner are reported together.
    pub owner: Option<String>,
    /// Where each image is written, by its path in the Pod; empty in JSON.
    pub images: BTreeMap<FieldPath, Span>,
}

/// Input that cannot be read, or an object that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// See [`ObjectId::file`].
    pub file: String,
    /// Line and column, where known.
    pub place: Option<(usize, usize)>,
    /// What was got, what was expected and what to do, in one plain line.
    pub problem: String,
}
