//! The admission function: an AdmissionReview in, look-ups in Amazon ECR, an AdmissionReview out.
//!
//! Only `main` reads the wall clock; the library gets it handed in.
//!
//! [`handler::Handler::handle`] is where a review begins and ends. functions/README.md walks through it.

pub mod account;
pub mod after_answer;
pub mod annotation;
pub mod answer;
pub mod arrival;
pub mod bounded;
pub mod cache;
pub mod config;
pub mod deadline;
pub mod ecr;
pub mod evaluator;
mod events;
pub mod gateway;
pub mod glass;
pub mod handler;
pub mod inspect;
pub mod lookups;
pub mod manifest;
pub mod metrics;
pub mod not_found;
pub mod outcome;
pub mod owner;
pub mod patch;
pub mod policy_copy;
pub mod policy_secret;
pub mod record;
pub mod refusal;
pub mod replaceable;
pub mod review;
pub mod workload;
