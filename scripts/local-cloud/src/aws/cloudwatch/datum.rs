//! The input of `PutMetricData`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// Members that are not built (`EntityMetricData` and its like) are errors, so that no metric is
/// lost without a word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct PutMetricData {
    pub(super) namespace: Option<String>,
    pub(super) metric_data: Option<Vec<Datum>>,
}

/// One metric datum, as it is sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Datum {
    pub(super) metric_name: Option<String>,
    #[serde(default)]
    pub(super) dimensions: Vec<Dimension>,
    pub(super) timestamp: Option<EpochSeconds>,
    pub(super) value: Option<f64>,
    pub(super) statistic_values: Option<StatisticSet>,
    pub(super) values: Option<Vec<f64>>,
    pub(super) counts: Option<Vec<f64>>,
    pub(super) unit: Option<String>,
    pub(super) storage_resolution: Option<u32>,
}

/// CBOR tag 1: seconds since 1970, with a fraction. Shown as RFC 3339.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct EpochSeconds(ciborium::tag::Required<f64, 1>);

impl EpochSeconds {
    /// `None` for what lies outside the years -9999 to 9999.
    pub(super) fn instant(self) -> Option<Timestamp> {
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
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct StatisticSet {
    pub(super) sample_count: f64,
    pub(super) sum: f64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
}
