//! A recording: hears what ECR answers, and writes it down as a catalogue.
//!
//! Later answers replace earlier ones. What is about the moment or the caller is not kept: throttling, failures of ECR,
//! expired credentials, addresses of blobs. Of a denied access, only the action is kept, not who was denied.

mod answers;
mod heard;
mod scans;
mod written;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::catalogue::Catalogue;
use crate::catalogue::id::Account;
use crate::catalogue::refusal::{Code, Operation};
use answers::{
    BatchGetImage, BatchGetScanning, DescribeFindings, DescribeRepositories, DescribeSigning,
    DownloadUrl, ImageId, Images, Repositories, Scanning, SigningStatuses, Url,
};
use heard::{RepositoryHeard, Said};

/// The header of the file.
const HEADER: &str = "\
# What Amazon ECR said about the images that ecr-admission check evaluated, for --facts and for scripts/run --registry.
# It lists vulnerabilities: do not publish it.
";

/// The longest config blob that is kept, in bytes: the adapter reads no longer one.
const LONGEST_BLOB: usize = 1 << 20;

/// An answer of ECR to a call.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The body of a success.
    Success(&'a [u8]),
    /// An error: its code, and its message.
    Error {
        /// As in `RepositoryNotFoundException`.
        code: &'a str,
        /// What ECR says.
        message: &'a str,
    },
}

/// What ECR was heard to say.
pub struct Recording {
    account: String,
    region: String,
    repositories: BTreeMap<Place, RepositoryHeard>,
    /// The layers behind the addresses that ECR gave. They are permissions: never to be written.
    urls: HashMap<String, BTreeSet<(Place, String)>>,
}

/// Account, Region and name of a repository.
type Place = (String, String, String);

impl fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Recording { account, region, repositories, urls: _ } = self;
        let mut shown = formatter.debug_struct("Recording");
        shown.field("account", account).field("region", region);
        shown.field("repositories", &repositories.len()).finish_non_exhaustive()
    }
}

impl Recording {
    /// Nothing yet, for the credentials of this account. The Region is that of the stack or of the caller.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Recording {
        Recording {
            account: account.into(),
            region: region.into(),
            repositories: BTreeMap::new(),
            urls: HashMap::new(),
        }
    }

    /// Hears the answer to an operation of ECR in a Region. One that a catalogue does not answer, or that cannot be
    /// read, is not kept.
    pub fn hear(&mut self, region: &str, operation: &str, request: &[u8], answer: Answer<'_>) {
        match operation {
            "BatchGetImage" => self.manifests(region, request, answer),
            "BatchGetRepositoryScanningConfiguration" => self.scanning(region, request, answer),
            "DescribeImageScanFindings" => self.findings(region, request, answer),
            "DescribeImageSigningStatus" => self.signing(region, request, answer),
            "DescribeRepositories" => self.described(region, request, answer),
            "GetDownloadUrlForLayer" => self.url(region, request, answer),
            _ => None,
        };
    }

    /// Hears the blob behind an address that ECR gave.
    pub fn hear_blob(&mut self, url: &str, content: &[u8]) {
        let Ok(text) = std::str::from_utf8(content) else { return };
        let own = format!("sha256:{:x}", Sha256::digest(content));
        for (place, digest) in self.urls.get(url).cloned().unwrap_or_default() {
            if digest == own && content.len() <= LONGEST_BLOB {
                self.repository(place).blobs.insert(digest, text.to_owned());
            }
        }
    }

    /// Whether ECR gave this address for a blob.
    pub fn knows(&self, url: &str) -> bool {
        self.urls.contains_key(url)
    }

    /// All of it as a catalogue that was recorded at this time: the text of the file.
    pub fn text(&self, at: SystemTime) -> Result<String, RecordingError> {
        let unwritable = |message: String| RecordingError { message };
        let catalogue = self.catalogue(at).map_err(unwritable)?;
        let yaml = yaml_serde::to_string(&catalogue);
        Ok(format!("{HEADER}{}", yaml.map_err(|error| unwritable(error.to_string()))?))
    }

    fn catalogue(&self, at: SystemTime) -> Result<Catalogue, String> {
        let at = Timestamp::try_from(at).map_err(|error| error.to_string())?;
        let to_seconds =
            Timestamp::from_second(at.as_second()).map_err(|error| error.to_string())?;
        Ok(Catalogue {
            recorded_at: Some(to_seconds),
            account: Some(Account::try_from(self.account.clone())?),
            region: Some(self.region.clone()),
            registries: written::registries(&self.account, &self.repositories)?,
        })
    }

    fn repository(&mut self, place: Place) -> &mut RepositoryHeard {
        self.repositories.entry(place).or_default()
    }

    fn place(&self, region: &str, account: Option<String>, name: &str) -> Place {
        let account = account.unwrap_or_else(|| self.account.clone());
        (account, region.to_owned(), name.to_owned())
    }

    fn described(&mut self, region: &str, request: &[u8], answer: Answer<'_>) -> Option<()> {
        let request: DescribeRepositories = read(request)?;
        let names = request.repository_names?;
        let place = |this: &Self, name: &str| this.place(region, request.registry_id.clone(), name);
        match said::<Repositories>(answer, Operation::DescribeRepositories)? {
            Said::Held(held) => {
                for repository in held.repositories {
                    let place = place(self, &repository.repository_name);
                    self.repository(place).described = Some(Said::Held(repository));
                }
            }
            // Of several names, the answer does not say reliably which does not exist.
            Said::NotFound if names.len() > 1 => {}
            other => {
                for name in names {
                    let place = place(self, &name);
                    self.repository(place).described = Some(other.without());
                }
            }
        }
        Some(())
    }

    fn scanning(&mut self, region: &str, request: &[u8], answer: Answer<'_>) -> Option<()> {
        let request: BatchGetScanning = read(request)?;
        match said::<Scanning>(answer, Operation::BatchGetRepositoryScanningConfiguration)? {
            Said::Held(held) => {
                for configuration in held.scanning_configurations {
                    let place = self.place(region, None, &configuration.repository_name);
                    self.repository(place).scanning = Some(Said::Held(configuration));
                }
                for failure in held.failures {
                    let place = self.place(region, None, &failure.repository_name);
                    let said = match failure.failure_code.as_deref() {
                        Some("REPOSITORY_NOT_FOUND") => Said::NotFound,
                        code => Said::refused(Code::Failure(code.unwrap_or_default().to_owned())),
                    };
                    self.repository(place).scanning = Some(said);
                }
            }
            other => {
                for name in request.repository_names {
                    let place = self.place(region, None, &name);
                    self.repository(place).scanning = Some(other.without());
                }
            }
        }
        Some(())
    }

    fn manifests(&mut self, region: &str, request: &[u8], answer: Answer<'_>) -> Option<()> {
        let request: BatchGetImage = read(request)?;
        let place = self.place(region, request.registry_id, &request.repository_name);
        let said = said::<Images>(answer, Operation::BatchGetImage)?;
        let repository = self.repository(place);
        let ids = request.image_ids.iter().filter_map(ImageId::name);
        match said {
            Said::Held(held) => {
                let only = request.image_ids.len() == 1;
                for image in held.images {
                    let Some((digest, tag, manifest)) = image.read() else { continue };
                    let alone = |id: &String| only && !id.starts_with("sha256:");
                    let asked =
                        |id: &String| Some(id) == tag.as_ref() || *id == digest || alone(id);
                    for id in ids.clone().filter(asked) {
                        repository.images.insert(id, Said::Held(digest.clone()));
                    }
                    repository.manifests.insert(digest, manifest);
                }
                for failure in held.failures {
                    let Some(id) = failure.image_id.as_ref().and_then(ImageId::name) else {
                        continue;
                    };
                    let said = match failure.failure_code.as_deref() {
                        Some("ImageNotFound") => Said::NotFound,
                        code => Said::refused(Code::Failure(code.unwrap_or_default().to_owned())),
                    };
                    repository.images.insert(id, said);
                }
            }
            other => repository.images.extend(ids.map(|id| (id, other.without()))),
        }
        Some(())
    }

    fn findings(&mut self, region: &str, request: &[u8], answer: Answer<'_>) -> Option<()> {
        let request: DescribeFindings = read(request)?;
        let place = self.place(region, request.registry_id, &request.repository_name);
        let id = request.image_id.name()?;
        let repository = self.repository(place);
        let token = request.next_token;
        match (said(answer, Operation::DescribeImageScanFindings), token) {
            // The rest of a scan that could not be had is not recorded: the scan stays incomplete.
            (None, _) | (Some(Said::NotFound | Said::Refused { .. }), Some(_)) => {}
            (Some(Said::Held(page)), Some(token)) => repository.scans.continued(&id, &token, page),
            (Some(Said::Held(page)), None) => repository.scans.begun(id, page),
            (Some(Said::NotFound), None) => repository.scans.not_found(id),
            (Some(Said::Refused { code, message }), None) => {
                repository.scans.refused(id, code, message);
            }
        }
        Some(())
    }

    fn signing(&mut self, region: &str, request: &[u8], answer: Answer<'_>) -> Option<()> {
        let request: DescribeSigning = read(request)?;
        let place = self.place(region, request.registry_id, &request.repository_name);
        let id = request.image_id.name()?;
        let said = match said::<SigningStatuses>(answer, Operation::DescribeImageSigningStatus)? {
            // Without a digest nobody knows which image a tag stood for.
            Said::Held(held) => Said::Held(held.read()?),
            other => other.without(),
        };
        self.repository(place).signings.insert(id, said);
        Some(())
    }

    fn url(&mut self, region: &str, request: &[u8], answer: Answer<'_>) -> Option<()> {
        let request: Url = read(request)?;
        let place = self.place(region, request.registry_id, &request.repository_name);
        let digest = request.layer_digest;
        match said::<DownloadUrl>(answer, Operation::GetDownloadUrlForLayer)? {
            Said::Held(held) => {
                self.repository(place.clone()).layer_errors.remove(&digest);
                self.urls.entry(held.download_url).or_default().insert((place, digest));
            }
            refused => {
                self.repository(place).layer_errors.insert(digest, refused.without());
            }
        }
        Some(())
    }
}

/// A recording that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the recording cannot be written: {message}")]
pub struct RecordingError {
    message: String,
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}

/// What an answer says of what was asked for, or `None` where it says nothing that lasts.
fn said<T: DeserializeOwned>(answer: Answer<'_>, operation: Operation) -> Option<Said<T>> {
    match answer {
        Answer::Success(body) => read(body).map(Said::Held),
        Answer::Error { code, message } => match (code, operation) {
            (
                "ImageNotFoundException",
                Operation::DescribeImageScanFindings | Operation::DescribeImageSigningStatus,
            ) => Some(Said::NotFound),
            ("RepositoryNotFoundException", Operation::DescribeRepositories) => {
                Some(Said::NotFound)
            }
            _ => Some(Said::Refused {
                code: Code::exception(code)?,
                message: action(message)
                    .map(|action| format!("not authorized to perform: {action}")),
            }),
        },
    }
}

/// The action that a message says is denied, as in `User: … is not authorized to perform: ecr:BatchGetImage on …`.
fn action(message: &str) -> Option<&str> {
    let rest = message.split_once("perform: ")?.1;
    let action =
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-'))).next()?;
    action.contains(':').then_some(action)
}
