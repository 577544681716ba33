//! What happens when AWS fails: every fault of every operation the functions call, through the
//! front door, on the binaries that ship. The tables in `registry`, `secret` and `cloudwatch` are the
//! specification; each of their cells is a stack of its own.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod cloudwatch;
mod registry;
mod secret;
