//! What reviews cost at list prices.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::failure::Failure;

/// The list prices that the cost table of infra/README.md uses, too.
const PRICES: &str = include_str!("../../../infra/prices.json");

/// Reviews of which the cost is shown.
const MILLION: f64 = 1e6;

/// Of which so many are denied: `deniedShare` of infra/usage.json.
const DENIED: f64 = 0.01;

/// List prices of one Region, in USD.
#[derive(Debug, Deserialize)]
pub struct Prices {
    /// When they were looked up.
    pub checked: String,
    /// The Region.
    pub region: String,
    #[serde(rename = "prices")]
    of: BTreeMap<String, Price>,
}

#[derive(Debug, Deserialize)]
struct Price {
    price: f64,
    per: f64,
}

impl Prices {
    /// Reads infra/prices.json.
    pub fn read() -> Result<Self, Failure> {
        Ok(serde_json::from_str(PRICES)?)
    }

    /// A million requests to the HTTP API.
    pub fn http_api(&self) -> Result<f64, Failure> {
        Ok(self.one("httpRequest")? * MILLION)
    }

    /// A million invocations of a function of this memory, in MiB, of which Lambda bills so many milliseconds each.
    pub fn function(&self, memory_mib: u32, billed_ms: f64) -> Result<f64, Failure> {
        let gb_seconds = f64::from(memory_mib) / 1_024.0 * billed_ms / 1e3;
        Ok((self.one("functionRequest")? + gb_seconds * self.one("functionSecond")?) * MILLION)
    }

    /// The metrics of a million reviews: one put for each denial. The counts of other reviews go along.
    pub fn metrics(&self) -> Result<f64, Failure> {
        Ok(self.one("putMetricData")? * DENIED * MILLION)
    }

    /// Of one.
    fn one(&self, name: &str) -> Result<f64, Failure> {
        let price = self.of.get(name).ok_or_else(|| format!("infra/prices.json has no {name}"))?;
        Ok(price.price / price.per)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_million_invocations_are_requests_and_gb_seconds() {
        let prices: Prices = serde_json::from_str(
            r#"{"checked": "2026-11-27", "region": "us-east-1", "prices": {
                "httpRequest": {"price": 1.0, "per": 1000000},
                "functionRequest": {"price": 0.2, "per": 1000000},
                "functionSecond": {"price": 0.00001, "per": 1}}}"#,
        )
        .unwrap();
        // 2 ms of 512 MiB: a thousandth of a GB-second.
        assert!((prices.function(512, 2.0).unwrap() - (0.2 + 0.01)).abs() < 1e-9);
        assert!((prices.http_api().unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_prices_are_there() {
        let prices = Prices::read().unwrap();
        assert!(prices.http_api().unwrap() > 0.0 && prices.function(128, 1.0).unwrap() > 0.0);
        assert!(prices.metrics().unwrap() > 0.0);
        let usage: Value = serde_json::from_str(include_str!("../../../infra/usage.json")).unwrap();
        assert_eq!(usage["deniedShare"]["value"], DENIED);
    }
}
