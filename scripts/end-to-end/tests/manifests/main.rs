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

mod artifacts;
mod asked;
mod batches;
mod checkpoints;
mod contradictions;
mod indexes;
mod layers;
mod readings;
mod softening;
mod upstream;
