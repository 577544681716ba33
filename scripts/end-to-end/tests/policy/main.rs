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

mod break_glass;
mod clusters;
mod exemptions;
mod image_config;
mod let_through;
mod life;
mod modes;
mod mutation;
mod outages;
mod registries;
mod sample;
mod scan_findings;
mod scans;
mod signed;
