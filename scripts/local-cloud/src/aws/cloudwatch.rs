//! CloudWatch: `PutMetricData` as rpc-v2-cbor, checked as the API checks it, and kept.

mod check;
mod datum;

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use ecr_admission_catalogue::without_nulls;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::error::ApiError;
use super::wire::{self, Answer};
use datum::{Datum, PutMetricData};

/// Every datum that was accepted, in order.
#[derive(Debug, Default)]
pub(crate) struct Received(Mutex<Vec<(String, Datum)>>);

impl Received {
    /// One JSON object a line: the datum under CloudWatch's own names, with its `Namespace`.
    pub(crate) fn text(&self) -> String {
        let data = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (namespace, datum) in data.iter() {
            let line = without_nulls(json!(Line { namespace, datum }));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line}");
        }
        text
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A datum as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    namespace: &'a str,
    #[serde(flatten)]
    datum: &'a Datum,
}

/// Carries out an operation.
pub(crate) fn answer(
    received: &Received,
    operation: &str,
    body: &[u8],
) -> Result<Answer, ApiError> {
    if operation != "PutMetricData" {
        return Err(ApiError::unknown_operation(operation));
    }
    let input: PutMetricData = ciborium::from_reader(body).map_err(|error| {
        ApiError::new("SerializationException", format!("local-cloud: {error}"))
    })?;
    let (namespace, data) = check::accepted(input, Timestamp::now())?;
    let mut kept = received.0.lock().unwrap_or_else(PoisonError::into_inner);
    kept.extend(data.into_iter().map(|datum| (namespace.clone(), datum)));
    Ok(wire::cbor_success())
}
