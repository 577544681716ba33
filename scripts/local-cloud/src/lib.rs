//! The stand-in for AWS: see [`cloud::Cloud`] for what it is made of.

pub mod aws;
pub mod build;
pub mod cli;
pub mod client;
pub mod cloud;
pub mod console;
pub mod demo;
pub mod directory;
pub mod door;
pub mod doors;
pub mod fault;
pub mod gateway;
mod https;
pub mod render;
pub mod runtime;
pub mod stack;
pub mod tls;
pub mod url_key;

pub use ecr_admission_catalogue as catalogue;
