//! The operator's policy document, end to end, through the front door, on the binaries that ship: every
//! switch, and what becomes of the document while it changes or cannot be read.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

#[path = "policy/break_glass.rs"]
mod break_glass;
#[path = "policy/exemptions.rs"]
mod exemptions;
#[path = "policy/image_config.rs"]
mod image_config;
#[path = "policy/let_through.rs"]
mod let_through;
#[path = "policy/life.rs"]
mod life;
#[path = "policy/modes.rs"]
mod modes;
#[path = "policy/mutation.rs"]
mod mutation;
#[path = "policy/outages.rs"]
mod outages;
#[path = "policy/registries.rs"]
mod registries;
#[path = "policy/sample.rs"]
mod sample;
#[path = "policy/scan_findings.rs"]
mod scan_findings;
#[path = "policy/scans.rs"]
mod scans;
