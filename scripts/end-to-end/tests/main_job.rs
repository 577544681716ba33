//! The main job, end to end, through the front door, on the binaries that ship.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "main_job/bodies.rs"]
mod bodies;
#[path = "main_job/faults.rs"]
mod faults;
#[path = "main_job/metrics.rs"]
mod metrics;
#[path = "main_job/mutation.rs"]
mod mutation;
#[path = "main_job/verdicts.rs"]
mod verdicts;
