//! What `check` asks AWS: the settings of a stack, whose credentials these are, and facts about images at a pace.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod accounts;
mod credentials;
mod pace;
mod parameters;
mod replay;
mod stack;
