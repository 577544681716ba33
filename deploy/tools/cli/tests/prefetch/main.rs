//! `check --prefetch`: what is pulled through the registry, with which password, and what is said when that fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod pulls;
mod world;
