//! The main job, end to end, through the front door, on the binaries that ship.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod bodies;
mod evidence;
mod faults;
mod metrics;
mod mutation;
mod verdicts;
