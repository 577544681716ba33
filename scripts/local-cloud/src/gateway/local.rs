//! What local-cloud reports about itself on the same port, without a token: `/_local/…`. AWS has
//! nothing like it.

use http::{Method, StatusCode};

use super::reply::{self, Reply, message};
use crate::aws::Aws;

/// Answers `/_local/<path>`; `forget` is about the authorizer of the API that was asked.
pub(super) fn answer(aws: &Aws, forget: impl FnOnce(), method: &Method, path: &str) -> Reply {
    match (method, path) {
        (&Method::GET, "calls") => text(aws.calls()),
        (&Method::GET, "metrics") => text(aws.metrics()),
        (&Method::POST, "reset") => {
            aws.reset();
            text(String::new())
        }
        (&Method::POST, "reset-authorizers-cache") => {
            forget();
            text(String::new())
        }
        _ => message(
            StatusCode::NOT_FOUND,
            "Not Found; there are GET calls, GET metrics, POST reset and POST reset-authorizers-cache",
        ),
    }
}

fn text(body: String) -> Reply {
    reply::ok("text/plain;charset=UTF-8", body)
}
