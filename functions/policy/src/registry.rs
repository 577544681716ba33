//! The host names of Amazon ECR private registries.

use std::fmt;

use crate::names::{AccountId, Region};

/// An Amazon ECR private registry, as its host name gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcrRegistry {
    account: AccountId,
    region: Region,
    endpoint: Endpoint,
}

/// Which of its four host names a registry was addressed by. All four serve the same images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Endpoint {
    dual_stack: bool,
    fips: bool,
}

impl EcrRegistry {
    /// The registry that `host` names, if it is exactly one of the host names of ECR private: 12
    /// digits, one of the four endpoint forms, a Region, and the DNS suffix of that Region's
    /// partition. Nothing may follow, not even a port.
    pub fn from_host(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once('.')?;
        let account = account.parse().ok()?;
        let (endpoint, rest) = Endpoint::ALL
            .into_iter()
            .find_map(|endpoint| Some((endpoint, rest.strip_prefix(endpoint.label())?)))?;
        let (region, suffix) = rest.split_once('.')?;
        let region: Region = region.parse().ok()?;
        (endpoint.suffix(&region) == Some(suffix)).then_some(Self { account, region, endpoint })
    }

    /// The account whose registry this is.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The Region the registry is in.
    pub fn region(&self) -> &Region {
        &self.region
    }
}

impl Endpoint {
    const ALL: [Self; 4] = [
        Self { dual_stack: false, fips: false },
        Self { dual_stack: false, fips: true },
        Self { dual_stack: true, fips: false },
        Self { dual_stack: true, fips: true },
    ];

    fn label(self) -> &'static str {
        match (self.dual_stack, self.fips) {
            (false, false) => "dkr.ecr.",
            (false, true) => "dkr.ecr-fips.",
            (true, false) => "dkr-ecr.",
            (true, true) => "dkr-ecr-fips.",
        }
    }

    /// The DNS suffix of the Region's partition (AWS SDK, `partitions.json`); `None` where the
    /// partition has no such endpoint.
    fn suffix(self, region: &Region) -> Option<&'static str> {
        const PARTITIONS: [(&str, &str, Option<&str>); 7] = [
            ("cn-", "amazonaws.com.cn", Some("on.amazonwebservices.com.cn")),
            ("eusc-", "amazonaws.eu", None),
            ("us-iso-", "c2s.ic.gov", None),
            ("us-isob-", "sc2s.sgov.gov", None),
            ("eu-isoe-", "cloud.adc-e.uk", None),
            ("us-isof-", "csp.hci.ic.gov", None),
            ("", "amazonaws.com", Some("on.aws")),
        ];
        let (_, classic, dual_stack) =
            PARTITIONS.into_iter().find(|(prefix, ..)| region.as_str().starts_with(prefix))?;
        if self.dual_stack { dual_stack } else { Some(classic) }
    }
}

impl fmt::Display for EcrRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, endpoint } = self;
        write!(
            f,
            "{account}.{}{region}.{}",
            endpoint.label(),
            endpoint.suffix(region).unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_of_every_partition_is_a_registry() {
        for host in [
            "123456789012.dkr.ecr.us-east-1.amazonaws.com",
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
            "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
            "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
            "123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
            "123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
            "123456789012.dkr-ecr.us-west-2.on.aws",
            "123456789012.dkr-ecr-fips.us-west-2.on.aws",
            "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
        ] {
            let registry = EcrRegistry::from_host(host).unwrap_or_else(|| panic!("{host}"));
            assert_eq!(registry.to_string(), host);
            assert_eq!(registry.account().as_str(), "123456789012");
        }
    }

    #[test]
    fn a_host_that_only_looks_like_a_registry_is_none() {
        for host in [
            "",
            "123456789012",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.io",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com:443",
            "123456789012.dkr.ecr.us-east-1.evil.amazonaws.com",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn",
            "123456789012.dkr.ecr.us-east-1.on.aws",
            "123456789012.dkr-ecr.us-east-1.amazonaws.com",
            "123456789012.dkr-ecr.eusc-de-east-1.on.aws",
            "evil.123456789012.dkr.ecr.us-east-1.amazonaws.com",
            "123456789012.DKR.ecr.us-east-1.amazonaws.com",
            "12345678901.dkr.ecr.us-east-1.amazonaws.com",
            "public.ecr.aws",
        ] {
            assert_eq!(EcrRegistry::from_host(host), None, "{host}");
        }
    }
}
