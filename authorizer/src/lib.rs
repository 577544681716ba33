//! The Lambda authorizer of ecr-admission: it tells the kube-apiserver of a known cluster from
//! anybody else on the internet, by the bearer token in the `Authorization` header.
//!
//! [`event`] takes the token out of what API Gateway sends, [`copy`] keeps the secret for a while
//! ([`kept`] says how long, [`previous`] for the version before the last rotation) and reads it again
//! when it must ([`read`](mod@read), [`secret`]), [`authorize`] compares, and [`handler`] puts them in
//! sequence. Of a token only its digest ([`tokens`]) outlives the call
//! that brought it.

pub mod authorize;
pub mod config;
pub mod copy;
pub mod event;
mod events;
pub mod handler;
pub mod kept;
pub mod previous;
pub mod read;
pub mod secret;
pub mod tokens;
