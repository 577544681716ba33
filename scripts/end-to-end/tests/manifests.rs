//! What a runtime runs is what was evaluated: manifests that an author can push, through the front door,
//! on the binaries that ship.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

#[path = "manifests/artifacts.rs"]
mod artifacts;
#[path = "manifests/asked.rs"]
mod asked;
#[path = "manifests/batches.rs"]
mod batches;
#[path = "manifests/checkpoints.rs"]
mod checkpoints;
#[path = "manifests/contradictions.rs"]
mod contradictions;
#[path = "manifests/indexes.rs"]
mod indexes;
#[path = "manifests/layers.rs"]
mod layers;
#[path = "manifests/readings.rs"]
mod readings;
#[path = "manifests/softening.rs"]
mod softening;
#[path = "manifests/upstream.rs"]
mod upstream;
