//! The catalogue: what Amazon ECR holds, as one YAML file, and the answers that Amazon ECR would give from it.
//!
//! [`Catalogue`] documents the format. [`Registries`] are a catalogue as ECR would hold it, and [`answer`] is an
//! operation of the ECR API over them: the JSON of a request in, the JSON of the answer or ECR's error out. [`manifest`] is a pull
//! through the HTTP API of a registry, by which an image comes into a pull-through cache. Nothing here knows HTTP or
//! signatures, and the clock only for relative times of a catalogue and for the scans of what was pulled.

pub mod arn;
mod caller;
pub mod catalogue;
mod ecr;
mod error;
mod nulls;
mod recording;

pub use caller::Caller;
pub use catalogue::refusal::NOT_RECORDED;
pub use catalogue::{Catalogue, CatalogueError, Recorded};
pub use ecr::{BLOBS, PullRefusal, PulledManifest, Registries, answer, manifest};
pub use error::EcrError;
pub use nulls::without_nulls;
pub use recording::{Answer, Recording, RecordingError};
