//! What every connection shares.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ecr_admission_catalogue::{Catalogue, Registries};

use super::cloudwatch::Received;
use super::faults::Faults;
use super::journal::Journal;
use super::secrets::Secrets;
use crate::fault::Fault;

/// What the stand-in holds, and how it behaves.
#[derive(Clone)]
pub struct AwsSettings {
    /// What ECR holds.
    pub catalogue: Catalogue,
    /// The account of the stack and of its one set of credentials.
    pub account: String,
    /// The Region of the stack: Secrets Manager and CloudWatch answer only there.
    pub region: String,
    /// Added to every AWS call.
    pub latency: Duration,
    /// Added to every TLS handshake.
    pub handshake: Duration,
    /// What fails, and how.
    pub faults: Vec<Fault>,
    /// The secrets at the start: name to `SecretString`.
    pub secrets: BTreeMap<String, String>,
    /// Secrets that are files, by name: each is read whenever somebody asks for the secret.
    pub secret_files: BTreeMap<String, PathBuf>,
    /// The access key that requests must be signed with.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl fmt::Debug for AwsSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AwsSettings")
            .field("account", &self.account)
            .field("region", &self.region)
            .field("latency", &self.latency)
            .field("handshake", &self.handshake)
            .field("faults", &self.faults)
            .field("secrets", &self.secrets.keys())
            .field("secret_files", &self.secret_files)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// What every connection shares.
pub(crate) struct State {
    pub(crate) settings: AwsSettings,
    pub(crate) registries: Registries,
    pub(crate) secrets: Secrets,
    pub(crate) received: Received,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
}

impl State {
    pub(crate) fn new(settings: AwsSettings) -> State {
        let AwsSettings { account, region, secrets, secret_files, .. } = &settings;
        State {
            registries: Registries::new(&settings.catalogue),
            secrets: Secrets::new(region, account, secrets, secret_files),
            received: Received::default(),
            faults: Faults::new(&settings.faults),
            journal: Journal::new(),
            settings,
        }
    }
}
