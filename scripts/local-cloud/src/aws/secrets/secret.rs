//! One secret.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::file::{self, SecretFileError};
use super::refusal::{invalid_parameter, no_secret, not_found};
use crate::aws::error::ApiError;
use crate::console;

pub(super) const CURRENT: &str = "AWSCURRENT";
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";
/// The most labels that all versions of a secret have together.
const MOST_STAGES: usize = 20;

/// A secret with its versions, oldest first. Not `Debug`: it holds what must not be printed.
pub(super) struct Secret {
    pub(super) arn: String,
    pub(super) name: String,
    /// The file that holds its text; `None` when the secret holds it itself.
    file: Option<PathBuf>,
    /// The version that the file was when it was last read.
    read: Option<String>,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) versions: Vec<Version>,
    /// When it is deleted for good, if that was asked for.
    pub(super) deletion: Option<Timestamp>,
}

/// One version. One without a stage can still be had by its id.
pub(super) struct Version {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) created: Timestamp,
    pub(super) stages: BTreeSet<String>,
}

/// The ARN of a secret. AWS ends it in six random characters; ours follow from the name, so that they
/// are the same in every run.
pub fn arn(region: &str, account: &str, name: &str) -> String {
    let hash = format!("{:x}", Sha256::digest(name));
    let suffix: String = hash.chars().take(6).collect();
    ecr_admission_catalogue::arn::arn(
        "secretsmanager",
        region,
        account,
        &format!("secret:{name}-{suffix}"),
    )
}

impl Secret {
    /// A secret with this text.
    pub(super) fn of_text(region: &str, account: &str, name: &str, text: &str) -> Secret {
        let mut secret = Secret::without_version(region, account, name);
        secret.put_current(&uuid::Uuid::new_v4().to_string(), text.to_owned());
        secret
    }

    /// A secret with the text that the file has whenever somebody asks.
    pub(super) fn of_file(region: &str, account: &str, name: &str, path: &Path) -> Secret {
        let file = Some(path.to_owned());
        Secret { file, ..Secret::without_version(region, account, name) }
    }

    fn without_version(region: &str, account: &str, name: &str) -> Secret {
        let now = Timestamp::now();
        Secret {
            arn: arn(region, account, name),
            name: name.to_owned(),
            file: None,
            read: None,
            created: now,
            changed: now,
            versions: vec![],
            deletion: None,
        }
    }

    /// Takes over what its file holds by now, if that has changed. As AWS does not store what a secret cannot hold, such a
    /// file leaves the version before; a file that is gone is a secret that is gone.
    pub(super) fn renew(&mut self) -> Result<(), ApiError> {
        let Some(path) = &self.file else { return Ok(()) };
        match file::read(path) {
            Ok(text) => {
                let id = file::version_id(&text);
                // Only an edit comes before what a call has put.
                if self.read.replace(id.clone()).as_ref() != Some(&id) {
                    self.put_current(&id, text);
                }
            }
            Err(SecretFileError::Gone(_)) => return Err(no_secret()),
            Err(error) => {
                console::log(&format!(
                    "local-cloud: secret {} stays as it was: {error}",
                    self.name
                ));
            }
        }
        Ok(())
    }

    /// Refuses to delete what is there as long as its file.
    pub(super) fn check_deletable(&self) -> Result<(), ApiError> {
        let refused = |path: &PathBuf| {
            let message = format!("local-cloud: the secret is {}; delete that", path.display());
            Err(ApiError::new("InvalidRequestException", message))
        };
        self.file.as_ref().map_or(Ok(()), refused)
    }

    fn put_current(&mut self, id: &str, text: String) {
        if self.version(id).is_none() {
            let (created, stages) = (Timestamp::now(), BTreeSet::new());
            self.versions.push(Version { id: id.to_owned(), text, created, stages });
        }
        self.attach(CURRENT, id);
    }

    /// Refuses more labels than a secret can have (quotas of Secrets Manager).
    pub(super) fn check_room(&self, stages: &BTreeSet<String>) -> Result<(), ApiError> {
        let mut all: BTreeSet<&String> = self.versions.iter().flat_map(|it| &it.stages).collect();
        all.extend(stages);
        if all.len() > MOST_STAGES {
            let message = format!("A secret can have at most {MOST_STAGES} staging labels.");
            return Err(ApiError::new("LimitExceededException", message));
        }
        Ok(())
    }

    /// Whether `id` names this secret: by name, by ARN, or by ARN without its random end.
    pub(super) fn is(&self, id: &str) -> bool {
        let partial = self.arn.rsplit_once('-').map(|(stem, _)| stem);
        id == self.name || id == self.arn || Some(id) == partial
    }

    pub(super) fn holder(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.stages.contains(stage))
    }

    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// Puts a stage on the version `to` and takes it from whichever has it. The version that loses
    /// `AWSCURRENT` becomes `AWSPREVIOUS`.
    pub(super) fn attach(&mut self, stage: &str, to: &str) {
        let loser = self.holder(stage).map(|version| version.id.clone());
        if loser.as_deref() == Some(to) {
            return;
        }
        self.detach(stage);
        if let Some(version) = self.versions.iter_mut().find(|version| version.id == to) {
            version.stages.insert(stage.to_owned());
        }
        if let (CURRENT, Some(loser)) = (stage, loser) {
            self.attach(PREVIOUS, &loser);
        }
        self.changed = Timestamp::now();
    }

    pub(super) fn detach(&mut self, stage: &str) {
        for version in &mut self.versions {
            version.stages.remove(stage);
        }
        self.changed = Timestamp::now();
    }

    /// The version that a request asks for; `AWSCURRENT` when it does not say.
    pub(super) fn find(&self, id: Option<&str>, stage: Option<&str>) -> Result<&Version, ApiError> {
        let absent = "Secrets Manager can't find the specified secret value for";
        let by_stage = |stage: &str| {
            let version = self.holder(stage);
            version.ok_or_else(|| not_found(format!("{absent} staging label: {stage}")))
        };
        let Some(id) = id else {
            return by_stage(stage.unwrap_or(CURRENT));
        };
        let version = self.version(id);
        let version = version.ok_or_else(|| not_found(format!("{absent} VersionId: {id}")))?;
        match stage {
            Some(stage) if !version.stages.contains(stage) => Err(ApiError::new(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.",
            )),
            Some(_) | None => Ok(version),
        }
    }

    /// The version of this id, for a request that is to change it.
    pub(super) fn known(&self, id: &str) -> Result<&Version, ApiError> {
        self.version(id).ok_or_else(|| {
            not_found(format!("Secrets Manager can't find the specified secret version: {id}"))
        })
    }

    /// Refuses to take a stage from a version that the request did not name.
    pub(super) fn check_loser(
        &self,
        stage: &str,
        named: Option<&str>,
        to: Option<&str>,
    ) -> Result<(), ApiError> {
        let holder = self.holder(stage).map(|version| version.id.as_str());
        match (holder, named) {
            (Some(holder), None) if to == Some(holder) => Ok(()),
            (Some(holder), None) => Err(invalid_parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is \
                 currently attached to version {holder}, so you must explicitly reference that \
                 version in RemoveFromVersionId."
            ))),
            (Some(holder), Some(named)) if holder == named => Ok(()),
            (_, Some(named)) => Err(invalid_parameter(format!(
                "The staging label {stage} is not attached to version {named}."
            ))),
            (None, None) => Ok(()),
        }
    }
}
