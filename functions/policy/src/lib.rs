//! The rules of ecr-admission, and nothing else: facts in, verdict out.
//!
//! This crate knows no AWS SDK, no Kubernetes type, no clock, no environment and no log. Its caller
//! finds the images of a workload, asks [`plan::plan`] which of them to look up, gathers what Amazon
//! ECR says of each as an [`facts::Inspection`], and hands both to [`decide::decide`].
//!
//! ```
//! use std::collections::BTreeMap;
//! use ecr_admission_policy::{decide, plan, Decision, Mode, FieldPath, Policy, SeverityLimit, Timestamp};
//!
//! let policy = Policy::new(
//!     ["123456789012".parse().unwrap()].into(),
//!     ["us-east-1".parse().unwrap()].into(),
//!     SeverityLimit::Critical,
//! );
//! let now = Timestamp::from_seconds(1_795_176_000);
//! let images = [(FieldPath::new("spec.containers[0].image"), "nginx".to_owned())];
//! let plan = plan(images, Mode::Deny, &policy);
//! assert!(plan.lookups().is_empty());
//! let verdict = decide(&plan, &BTreeMap::new(), &policy, now);
//! assert_eq!(verdict.decision(), Decision::Deny);
//! ```

#![deny(clippy::wildcard_enum_match_arm)]

// Each group builds on those before it and on none after it (tests/layers.rs).

// Names and instants.
mod from_text;

pub mod names;
pub mod timestamp;

// What a workload names.
pub mod registry;

pub mod image;

// What Amazon ECR says of it.
pub mod facts;

// What the operator chose.
pub mod mode;
pub mod rule;

pub mod policy;

pub mod break_glass;
pub mod rewrite;

// What is wrong with an image.
pub mod reason;

mod rules;

// From the images of a workload to the answer.
pub mod plan;

pub mod verdict;

pub mod decide;
pub mod mutate;

// How the operator writes it down. Nothing else knows the document.
pub mod document;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// Foreign text in messages: printable, quoted, bounded.
pub use ecr_admission_text as text;

pub use decide::decide;
pub use document::Document;
pub use facts::{Inspection, SeverityLimit, index, mutability};
pub use image::{EcrImage, ImageReference};
pub use mode::Mode;
pub use plan::{FieldPath, Plan, plan};
pub use policy::Policy;
pub use reason::Reason;
pub use rule::Rule;
pub use timestamp::Timestamp;
pub use verdict::{Decision, Verdict, Violation};
