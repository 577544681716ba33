//! What the end-to-end tests share: the stack of the functions that ship, over the stand-in for AWS, reviews
//! to send to it, and ways to read its answers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "only tests use this crate, and a test may panic"
)]

pub mod cell;
pub mod outcome;
pub mod policed;
pub mod processes;
pub mod relay;
pub mod support;
pub mod token_secret;
