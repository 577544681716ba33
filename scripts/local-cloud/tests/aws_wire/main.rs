//! The stand-in for AWS, driven over HTTPS by the clients that the functions use.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails, and says where"
)]

mod cloudwatch;
mod faults;
mod findings;
mod images;
mod layers;
mod manifests;
mod registry;
mod repositories;
mod sample;
mod secrets;
mod signatures;
mod signing;
mod stand_in;
mod upstream;
