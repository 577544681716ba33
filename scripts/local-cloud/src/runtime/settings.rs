//! What a function is and how it is run.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::fault::Fault;

/// What a function is and how it is run.
#[derive(Clone)]
pub struct FunctionSettings {
    /// Name in the ARN, and prefix of the function's lines on stderr.
    pub name: String,
    /// The program, as it would be `bootstrap` in the deployment package.
    pub binary: PathBuf,
    /// 12 digits, for the ARN.
    pub account: String,
    /// For the ARN and `AWS_REGION`.
    pub region: String,
    /// The function's own variables, and where it finds AWS. Lambda's own are added.
    pub environment: BTreeMap<String, String>,
    /// Of these, those of [`INVOKE`](crate::fault::INVOKE) for this name.
    pub faults: Vec<Fault>,
    /// How many sandboxes may live at once. An event that finds none free waits.
    pub sandboxes: NonZeroUsize,
    /// How long one event may take; then the sandbox is killed.
    pub timeout: Duration,
    /// How long a sandbox without an event is kept.
    pub idle: Duration,
}

/// Some of the variables are secrets.
impl fmt::Debug for FunctionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSettings")
            .field("name", &self.name)
            .field("binary", &self.binary)
            .field("environment", &self.environment.keys())
            .finish_non_exhaustive()
    }
}

impl FunctionSettings {
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)
    }
}
