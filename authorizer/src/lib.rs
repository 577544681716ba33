//! The Lambda authorizer of ecr-admission: it admits the kube-apiserver of a known cluster and
//! nobody else on the internet, by the bearer token in the `Authorization` header.
//!
//! [`event`] takes the token out of what API Gateway sends, [`token_copy`] keeps a good copy of the token
//! secret ([`revocable`] says for how long, [`previous`] does it for the version before the last rotation)
//! and renews it ([`read`](mod@read), [`secret`]), [`authorize`] compares, and [`handler`] puts them in
//! sequence. Of a token only its digest ([`tokens`]) outlives the call that brought it.

pub mod authorize;
pub mod config;
pub mod event;
mod events;
pub mod handler;
pub mod previous;
pub mod read;
pub mod revocable;
pub mod secret;
pub mod token_copy;
pub mod tokens;
