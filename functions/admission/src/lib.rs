//! The admission function: an AdmissionReview in, Amazon ECR asked, an AdmissionReview out.
//!
//! [`handler::Handler::handle`] is the only sequencer; it reads top to bottom as one review goes.

pub mod account;
pub mod after_answer;
pub mod annotation;
pub mod answer;
pub mod cache;
pub mod config;
pub mod deadline;
pub mod ecr;
mod events;
pub mod gateway;
pub mod glass;
pub mod handler;
pub mod inspect;
pub mod left_alone;
pub mod lookups;
pub mod manifest;
pub mod metrics;
pub mod not_found;
pub mod owner;
pub mod patch;
pub mod policy_copy;
pub mod policy_secret;
pub mod record;
pub mod review;
pub mod workload;
