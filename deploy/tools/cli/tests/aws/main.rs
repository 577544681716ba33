//! What is asked of AWS: the settings of a stack, whose credentials these are, and facts about images at a pace; and how
//! `policy` changes the policy secret.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod accounts;
mod credentials;
mod pace;
mod parameters;
mod policy;
mod replay;
mod secret;
mod stack;
