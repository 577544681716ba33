//! `ecr-admission check` says of an object what the running webhooks say of the Pod that it makes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod command;
mod objects;
mod parity;
mod prefetch;
mod webhooks;
