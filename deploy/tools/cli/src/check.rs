//! `ecr-admission check`: what would be denied, before it is. The rules, the adapter to Amazon ECR and both webhooks are
//! those of the admission function; nothing is deployed.

pub mod aws;
mod ecr_call;
pub mod evaluate;
pub mod facts;
pub mod facts_file;
pub mod input;
pub mod object;
pub mod options;
pub mod output;
pub mod prefetch;
pub mod progress;
pub mod record;
mod reduced;
pub mod report;
pub mod review;
mod run;
pub mod running;
pub mod settings;
mod source;
pub mod summary;

pub(crate) use run::run;
