//! The Lambda authorizer of ecr-admission: it admits the kube-apiserver of a known cluster and
//! nobody else on the internet, by the bearer token in the `Authorization` header or, in a function of its own,
//! by the key in the path of the URL ([`via`], [`url_key`]). At a private REST API a VPC endpoint may say who calls
//! ([`endpoints`]).
//!
//! [`event`] takes token or key out of what API Gateway sends, [`sources`] says from where it may come, [`token_copy`] keeps a good copy of the token
//! secret ([`revocable`] says for how long, [`previous`] does it for the version before the last rotation)
//! and renews it ([`read`](mod@read), [`secret`]), [`authorize`] compares, and [`handler`] puts them in
//! sequence. Of a token or a key only its digest ([`tokens`]) outlives the call that brought it.

pub mod authorize;
pub mod config;
pub mod endpoints;
pub mod event;
mod events;
pub mod handler;
pub mod previous;
pub mod read;
pub mod revocable;
pub mod secret;
pub mod sources;
pub mod token_copy;
pub mod tokens;
pub mod url_key;
pub mod via;
