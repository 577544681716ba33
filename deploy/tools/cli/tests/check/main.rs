//! What `check` says of objects, over registries as plain data: the same as the webhooks.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod asked;
mod calls;
mod outputs;
mod parity;
mod results;
mod support;
