//! `ecr-admission check`: what would be denied, before it is. The rules, the adapter to Amazon ECR and both webhooks are
//! those of the admission function; nothing is deployed.

mod ecr_call;
pub mod facts_file;
pub mod object;
pub mod record;
pub mod report;
