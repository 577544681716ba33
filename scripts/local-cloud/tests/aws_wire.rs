//! The stand-in for AWS, driven over HTTPS by the clients that the functions use.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails, and says where"
)]

#[path = "aws_wire/cloudwatch.rs"]
mod cloudwatch;
#[path = "aws_wire/faults.rs"]
mod faults;
#[path = "aws_wire/findings.rs"]
mod findings;
#[path = "aws_wire/images.rs"]
mod images;
#[path = "aws_wire/layers.rs"]
mod layers;
#[path = "aws_wire/manifests.rs"]
mod manifests;
#[path = "aws_wire/repositories.rs"]
mod repositories;
#[path = "aws_wire/sample.rs"]
mod sample;
#[path = "aws_wire/secrets.rs"]
mod secrets;
#[path = "aws_wire/signatures.rs"]
mod signatures;
#[path = "aws_wire/stand_in.rs"]
mod stand_in;
#[path = "aws_wire/upstream.rs"]
mod upstream;
