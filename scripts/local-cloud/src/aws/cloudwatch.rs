//! CloudWatch: `PutMetricData` as rpc-v2-cbor, checked as the API checks it, and kept.

mod check;

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

use super::error::ApiError;
use super::wire::{self, Answer};

/// Every datum that was accepted, in order.
#[derive(Debug, Default)]
pub(crate) struct Received(Mutex<Vec<(String, Datum)>>);

impl Received {
    /// One JSON object a line: the datum under CloudWatch's own names, with its `Namespace`.
    pub(crate) fn text(&self) -> String {
        let data = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (namespace, datum) in data.iter() {
            let line = wire::without_nulls(json!(Line { namespace, datum }));
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

/// Members that are not built (`EntityMetricData` and its like) are errors, so that no metric is
/// lost without a word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PutMetricData {
    namespace: Option<String>,
    metric_data: Option<Vec<Datum>>,
}

/// One metric datum, as it is sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Datum {
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    timestamp: Option<EpochSeconds>,
    value: Option<f64>,
    statistic_values: Option<StatisticSet>,
    values: Option<Vec<f64>>,
    counts: Option<Vec<f64>>,
    unit: Option<String>,
    storage_resolution: Option<u32>,
}

/// CBOR tag 1: seconds since 1970, with a fraction. Shown as RFC 3339.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
struct EpochSeconds(ciborium::tag::Required<f64, 1>);

impl EpochSeconds {
    /// `None` for what lies outside the years -9999 to 9999.
    fn instant(self) -> Option<Timestamp> {
        let EpochSeconds(ciborium::tag::Required(seconds)) = self;
        Timestamp::from_duration(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()
    }
}

impl Serialize for EpochSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.instant().serialize(serializer)
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct StatisticSet {
    sample_count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
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
