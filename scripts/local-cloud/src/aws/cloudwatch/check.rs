//! What CloudWatch refuses (API reference, `PutMetricData` and `MetricDatum`).

use jiff::{SignedDuration, Timestamp};

use super::datum::{Datum, PutMetricData};
use crate::aws::error::ApiError;

const MOST_DATA: usize = 1_000;
const MOST_VALUES: usize = 150;
const MOST_DIMENSIONS: usize = 30;
/// Values beyond ±2^360 are refused.
const MOST_VALUE: f64 = 2.348_542_582_773_833_3e108;
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);
const NEWEST: SignedDuration = SignedDuration::from_hours(2);

/// `StandardUnit` of the API.
const UNITS: &[&str] = &[
    "Bits",
    "Bits/Second",
    "Bytes",
    "Bytes/Second",
    "Count",
    "Count/Second",
    "Gigabits",
    "Gigabits/Second",
    "Gigabytes",
    "Gigabytes/Second",
    "Kilobits",
    "Kilobits/Second",
    "Kilobytes",
    "Kilobytes/Second",
    "Megabits",
    "Megabits/Second",
    "Megabytes",
    "Megabytes/Second",
    "Microseconds",
    "Milliseconds",
    "None",
    "Percent",
    "Seconds",
    "Terabits",
    "Terabits/Second",
    "Terabytes",
    "Terabytes/Second",
];

/// The namespace and data of a request that CloudWatch would accept. It accepts or refuses a
/// request whole.
pub(super) fn accepted(
    input: PutMetricData,
    now: Timestamp,
) -> Result<(String, Vec<Datum>), ApiError> {
    let namespace = input.namespace.filter(|it| !it.is_empty());
    let namespace = namespace.ok_or_else(|| missing("Namespace"))?;
    if namespace.len() > 255 || namespace.starts_with(':') || namespace.starts_with("AWS/") {
        return Err(invalid(format!("The value {namespace} for parameter Namespace is invalid.")));
    }
    let data = input.metric_data.filter(|data| !data.is_empty());
    let data = data.ok_or_else(|| missing("MetricData"))?;
    if data.len() > MOST_DATA {
        return Err(invalid(format!(
            "The collection MetricData must not have a size greater than {MOST_DATA}."
        )));
    }
    for (position, datum) in data.iter().enumerate() {
        let member = format!("MetricData.member.{}", position + 1);
        names(datum, &member)?;
        numbers(datum, &member)?;
        time(datum, &member, now)?;
    }
    Ok((namespace, data))
}

fn names(datum: &Datum, member: &str) -> Result<(), ApiError> {
    let name = datum.metric_name.as_deref().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| missing(&format!("{member}.MetricName")))?;
    if name.len() > 255 {
        return Err(invalid(format!(
            "The parameter {member}.MetricName must be shorter than 256 characters."
        )));
    }
    if datum.dimensions.len() > MOST_DIMENSIONS {
        return Err(invalid(format!(
            "The collection {member}.Dimensions must not have a size greater than {MOST_DIMENSIONS}."
        )));
    }
    if datum.dimensions.iter().any(|it| it.name.trim().is_empty() || it.value.trim().is_empty()) {
        return Err(invalid(format!(
            "The names and values of {member}.Dimensions must not be empty."
        )));
    }
    if let Some(unit) = datum.unit.as_deref().filter(|unit| !UNITS.contains(unit)) {
        return Err(invalid(format!("The value {unit} for parameter {member}.Unit is invalid.")));
    }
    match datum.storage_resolution {
        None | Some(1 | 60) => Ok(()),
        Some(other) => Err(invalid(format!(
            "The value {other} for parameter {member}.StorageResolution is invalid."
        ))),
    }
}

fn numbers(datum: &Datum, member: &str) -> Result<(), ApiError> {
    let given = [
        ("Value", datum.value.is_some()),
        ("StatisticValues", datum.statistic_values.is_some()),
        ("Values", datum.values.is_some()),
    ];
    let given: Vec<&str> = given.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
    match given[..] {
        [_] => {}
        [] => return Err(missing(&format!("{member}.Value"))),
        [one, other, ..] => {
            return Err(combination(&format!("{member}.{one}"), &format!("{member}.{other}")));
        }
    }
    let values = datum.values.as_deref().unwrap_or_default();
    let counts = datum.counts.as_deref().unwrap_or_default();
    if values.len() > MOST_VALUES {
        return Err(invalid(format!(
            "The collection {member}.Values must not have a size greater than {MOST_VALUES}."
        )));
    }
    if datum.counts.is_some() && counts.len() != values.len() {
        return Err(invalid(format!(
            "The parameters {member}.Values and {member}.Counts must have the same size."
        )));
    }
    let set = datum.statistic_values;
    let set = set.iter().flat_map(|it| [it.sample_count, it.sum, it.minimum, it.maximum]);
    let mut all = datum.value.into_iter().chain(set).chain(values.iter().chain(counts).copied());
    match all.find(|number| !number.is_finite() || number.abs() > MOST_VALUE) {
        Some(number) => {
            Err(invalid(format!("The value {number} for parameter {member}.Value is invalid.")))
        }
        None => Ok(()),
    }
}

fn time(datum: &Datum, member: &str, now: Timestamp) -> Result<(), ApiError> {
    let Some(seconds) = datum.timestamp else {
        return Ok(());
    };
    let fits = seconds.instant().is_some_and(|time| {
        let age = now.duration_since(time);
        age <= OLDEST && -age <= NEWEST
    });
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "The parameter {member}.Timestamp must specify a time no more than two weeks in the past \
         and no more than two hours in the future."
    )))
}

fn missing(parameter: &str) -> ApiError {
    ApiError {
        query_code: Some("MissingParameter"),
        ..ApiError::new(
            "MissingRequiredParameterException",
            format!("The parameter {parameter} is required."),
        )
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError {
        query_code: Some("InvalidParameterValue"),
        ..ApiError::new("InvalidParameterValueException", message)
    }
}

fn combination(one: &str, other: &str) -> ApiError {
    ApiError {
        query_code: Some("InvalidParameterCombination"),
        ..ApiError::new(
            "InvalidParameterCombinationException",
            format!(
                "The parameters {one} and {other} are mutually exclusive and you have specified both."
            ),
        )
    }
}
