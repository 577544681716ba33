//! What comes of it when AWS fails: every fault of every operation the functions call, through the
//! front door, on the binaries that ship. The tables in `registry`, `secret` and `cloudwatch` are the
//! specification; each of their cells is a stack of its own.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "fault_matrix/cell.rs"]
mod cell;
#[path = "fault_matrix/cloudwatch.rs"]
mod cloudwatch;
#[path = "fault_matrix/frozen.rs"]
mod frozen;
#[path = "fault_matrix/metrics.rs"]
mod metrics;
#[path = "fault_matrix/registry.rs"]
mod registry;
#[path = "fault_matrix/secret.rs"]
mod secret;
