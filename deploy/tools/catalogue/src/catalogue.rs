//! The catalogue: what Amazon ECR holds, as one YAML file (`scripts/run --registry FILE`,
//! `ecr-admission check --facts FILE`).
//!
//! ```yaml
//! recordedAt: 2026-11-26T08:00:00Z            # of a recording, with whose credentials and where
//! account: "123456789012"
//! region: us-east-1
//! registries:
//!   - account: "123456789012"                 # 12 digits
//!     region: us-east-1
//!     scanType: BASIC                         # or ENHANCED: the shape of findings, and their pages
//!     pullThroughCacheRules: [{prefix: docker-hub, upstream: registry-1.docker.io}]
//!     notFound: [payments/old]                # repositories that ECR said do not exist
//!     repositories:
//!       - name: payments/api
//!         imageTagMutability: IMMUTABLE_WITH_EXCLUSION
//!         imageTagMutabilityExclusionFilters: ["dev-*", {filter: "x.*", filterType: REGEX}]
//!         scanOnPush: true                    # the repository's old flag
//!         scanFrequency: SCAN_ON_PUSH         # what is in effect
//!         appliedScanFilters: ["*"]
//!         notFound: ["1.3", sha256:…]         # tags and digests that ECR said it does not hold
//!         errors:                             # what is answered instead; of: a tag or digest, or a layer
//!           - {operation: DescribeRepositories, code: AccessDeniedException, message: …}
//!           - {operation: BatchGetImage, of: "1.2", code: UpstreamUnavailable}
//!         signing:                            # of every image that has none itself; absent: no status
//!           - {profile: "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release", status: COMPLETE}
//!         images:
//!           - tags: ["1.4"]
//!             signing:
//!               - profile: arn:aws:signer:us-east-1:123456789012:/signing-profiles/release
//!                 status: FAILED
//!                 failureCode: AccessDenied
//!                 failureReason: User is not authorized to perform signer:SignPayload
//!             digest: sha256:…                # absent: that of the manifest that is served
//!             format: DOCKER                  # media types; absent: OCI
//!             os: linux                       # of the config blob; absent: linux and amd64
//!             architecture: arm64
//!             variant: v8
//!             config: {user: "1000", exposedPorts: ["8080/tcp"]}
//!             scan:                           # absent: ScanNotFoundException
//!               scanType: ENHANCED            # absent: that of the registry
//!               status: COMPLETE
//!               description: The scan was completed successfully.
//!               completedAt: 2026-11-20T08:00:00Z
//!               vulnerabilitySourceUpdatedAt: 2026-11-20T06:00:00Z
//!               severityCounts: {CRITICAL: 1} # these; false: none are sent; absent: those of the findings
//!               incomplete: true              # the pages after these findings were not recorded
//!               findings:                     # absent: neither findings nor counts are sent
//!                 - name: CVE-2026-1234
//!                   severity: CRITICAL
//!                   package: openssl
//!                   version: 3.3.1
//!                   fixedIn: 3.3.2
//!                   repeat: 120               # so many findings, the number in the name counted up
//!                   packages: [{name: openssl, version: 3.3.1, fixedIn: 3.3.2}]    # instead of the three
//!                   fixAvailable: PARTIAL     # from here on: enhanced findings only
//!                   status: SUPPRESSED        # or CLOSED; absent: ACTIVE
//!                   firstObservedAt: 3 weeks ago   # every time: before the catalogue is read
//!           - tags: ["2.0"]
//!             manifestAnnotations: {a: b}     # of the index itself, here; and of any manifest
//!             indexScan: {status: COMPLETE}   # a scan of the index itself, which ECR makes of none
//!             platforms:                      # an image index; each child is an image of its own
//!               - {os: linux, architecture: arm64, variant: v8, scan: {status: COMPLETE, findings: []}}
//!               - {os: windows, osVersion: 10.0.20348.2, architecture: amd64}    # os.version
//!               - {scan: {status: COMPLETE}}                         # no platform in its entry
//!               - {os: unknown, architecture: unknown}               # an attestation, annotated
//!               - {os: unknown, architecture: unknown, annotations: {}}      # … not annotated
//!               - {os: linux, architecture: amd64, annotations: {vnd.docker.reference.type: attestation-manifest}}
//!               - {platforms: [{os: linux, architecture: s390x}]}    # a nested index
//!               - descriptors:                # its entries in the index; absent: one, of the keys above
//!                   - {os: linux, architecture: amd64, mediaType: text/plain}    # a type that lies
//!                   - {os: linux, architecture: arm64, osVersion: "1", variant: v8, artifactType: a/b, annotations: {}}
//!           - tags: ["sbom"]                  # an artifact, alone or among platforms
//!             artifactType: application/spdx+json
//!             configMediaType: application/vnd.oci.empty.v1+json    # absent: that of the format
//!             configBlob: "{}"                # the config blob as it is served, instead of config
//!             layers:                         # absent: one layer of the format's type
//!               - {mediaType: application/spdx+json}
//!               - {mediaType: null, urls: ["https://blobs.example.com/1"], annotations: {a: b}}
//!           - tags: ["odd"]
//!             mediaType: null                 # what the manifest says of itself; absent: the format's
//!             manifestMediaType: text/plain   # what ECR says of it; absent: what the manifest says
//!           - tags: ["raw"]
//!             manifest: '{"schemaVersion":2,"Layers":[]}'    # the manifest as it is served …
//!           - {tags: ["value"], manifest: {schemaVersion: 2, layers: []}}    # … or as a value
//!           - {tags: ["config"], manifest: '{"config":{"digest":"sha256:…"}}', configBlob: "{}"}    # the blob it names
//!       - name: docker-hub/library/nginx
//!         upstream:                           # a pull-through cache: BatchGetImage asks the upstream
//!           imported: ["1.29"]                # … for every tag but these, and
//!           others: UpstreamUnavailable       # … fails so; or AccessDeniedException, for the whole call
//!       - name: docker-hub/library/redis      # does not exist before one of its images is pulled
//!         images:
//!           - tags: ["8.2"]                   # held once its manifest is pulled by tag through the registry API;
//!             onPull: {scanSeconds: 2}        # its scan is over so long after that
//!           - tags: ["8.3"]
//!             onPull: {refused: {status: 429, code: TOOMANYREQUESTS, message: Rate exceeded}}    # it never is
//! ```
//!
//! The words of AWS (mutability, frequency, status, severity, failure codes) are passed through as they
//! stand, so that a word that AWS does not know yet can be tried. **What is absent is not sent**, so that
//! an answer that lacks a field can be tried too. Some things follow from others instead: `scanType`
//! is `BASIC`; `scanFrequency` is `SCAN_ON_PUSH` or `MANUAL` where only `scanOnPush` is given;
//! `fixAvailable` is `YES` with a `fixedIn`, else `NO`; media types are those of the `format`; ECR says of
//! a manifest what it says of itself. `null` where a word would follow means that none is sent.
//!
//! A digest that is not given is the SHA-256 of the manifest, whose layer stands for the image's
//! place: its repository and first tag, else its position. It is the same in every run. An image
//! with a digest is served under that digest, whatever its manifest hashes to.
//!
//! **A recording** (`ecr-admission check --record FILE`) has `recordedAt`. It is taken to be silent about what it
//! does not hold: a repository or an image that is not listed, neither as held nor as `notFound`, was not asked for,
//! and neither was a config blob or a `signing` that is not there. What was not asked for, or not answered, is answered with the code
//! `NotRecorded`, which is none of ECR's; `errors` has it where an operation about something that is listed was not
//! recorded. Only `account` can ask for the scanning configuration of its repositories, so that of others is not
//! recorded either. Of a catalogue without `recordedAt` that is not listed does not exist.
//!
//! An error comes before what is held. A `code` that ends in `Exception` fails the call; any other is the failure of one
//! image or repository, in the operations whose answers have failures (`BatchGetImage`,
//! `BatchGetRepositoryScanningConfiguration`).
//!
//! A `manifest` or a `configBlob` that is a text is served byte for byte; one that is a mapping or a list,
//! as JSON. A `manifest` is the whole of it, so that the keys that would make one (`platforms`, `layers`,
//! `config`, …) are errors beside it; the children of an index that is written so are images of the
//! repository with a `digest`.
//!
//! A key that is not listed here is an error, and so are two registries, repositories, tags or
//! digests of one name: a typing error must not become a passing test.

mod check;
pub(crate) mod filter;
pub(crate) mod id;
pub(crate) mod image;
mod moment;
pub(crate) mod on_pull;
pub(crate) mod refusal;
pub(crate) mod registry;
pub(crate) mod scan;
pub(crate) mod signing;
pub(crate) mod upstream;
pub(crate) mod word;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use id::Account;
use registry::Registry;
pub(crate) use registry::{Repository, ScanType};

/// Everything that ECR holds, or that it was heard to say.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Catalogue {
    #[serde(default, deserialize_with = "moment::moment", skip_serializing_if = "Option::is_none")]
    pub(crate) recorded_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    pub(crate) registries: Vec<Registry>,
}

/// When, where and with whose credentials a catalogue was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded<'a> {
    /// When.
    pub at: SystemTime,
    /// The account of the credentials.
    pub account: &'a str,
    /// The Region of the stack or of the caller.
    pub region: &'a str,
}

/// Why a catalogue could not be read.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// The file itself could not be read.
    #[error("catalogue {}: {source}; name a readable YAML file", path.display())]
    Unreadable {
        /// The file that was named.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not YAML of the catalogue's shape; the message names the line.
    #[error("catalogue {}: {message}", path.display())]
    Malformed {
        /// The file that was named.
        path: PathBuf,
        /// The parser's message, with line and column.
        message: String,
    },
    /// The file holds something twice.
    #[error("catalogue {}: {message}", path.display())]
    Contradictory {
        /// The file that was named.
        path: PathBuf,
        /// What it holds, and what to do.
        message: String,
    },
}

impl Catalogue {
    /// Reads and checks a catalogue file.
    pub fn read(path: &Path) -> Result<Catalogue, CatalogueError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| CatalogueError::Unreadable { path: path.to_owned(), source })?;
        Catalogue::parse(path, &text)
    }

    /// Reads and checks the text of a catalogue; `path` is only named in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Catalogue, CatalogueError> {
        let catalogue: Catalogue = yaml_serde::from_str(text).map_err(|error| {
            CatalogueError::Malformed { path: path.to_owned(), message: error.to_string() }
        })?;
        match check::contradiction(&catalogue) {
            None => Ok(catalogue),
            Some(message) => Err(CatalogueError::Contradictory { path: path.to_owned(), message }),
        }
    }

    /// When and by whom it was recorded; `None` for a catalogue written by hand.
    pub fn recorded(&self) -> Option<Recorded<'_>> {
        let Catalogue { recorded_at, account, region, .. } = self;
        Some(Recorded {
            at: SystemTime::from((*recorded_at)?),
            account: account.as_ref()?.as_str(),
            region: region.as_deref()?,
        })
    }
}

#[cfg(test)]
mod tests;
