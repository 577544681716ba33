//! `--facts` and `--record`: what was recorded is found again as it was.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod gaps;
mod odd;
mod replay;
mod world;
