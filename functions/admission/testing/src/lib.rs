//! What the tests and the fuzz target of the admission function share.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::missing_panics_doc, reason = "everything here panics where a test fails")]

pub mod api;
pub mod as_named;
pub mod check;
#[cfg(feature = "replay")]
pub mod ecr;
pub mod patch;
pub mod registries;
pub mod reviews;
pub mod texts;

pub use ecr_admission_policy::testing::{REGISTRY, digest, platform, scan};
pub use registries::{Registries, registries};
pub use reviews::{
    NOW_MS, arrival, context, create, event, handler, handler_with, pod_review, post, validate,
    validate_from,
};
