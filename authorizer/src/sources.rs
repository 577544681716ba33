//! From which addresses callers may come.

use std::fmt;
use std::net::IpAddr;

use ecr_admission_lambda::{BadVariable, Environment};

/// The addresses that callers may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSources(Vec<Cidr>);

impl AllowedSources {
    /// The addresses in the variable `name`; any when it is not set or empty.
    pub fn from_environment(
        environment: &Environment,
        name: &'static str,
    ) -> Result<Self, BadVariable> {
        let Some(value) = environment.non_empty(name) else { return Ok(Self::default()) };
        let cidrs: Result<_, _> = value
            .split(',')
            .map(|entry| {
                let entry = entry.trim();
                let got = if entry.is_empty() { value } else { entry };
                Cidr::parse(entry).map_err(|expected| BadVariable::new(name, got, expected))
            })
            .collect();
        cidrs.map(Self)
    }

    /// Whether a caller may come from anywhere.
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a caller may come from `address`.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.is_any() || self.0.iter().any(|cidr| cidr.contains(address))
    }
}

/// The address that `text` is. One of IPv4 that is written as one of IPv6 (`::ffff:203.0.113.7`) is the one of
/// IPv4.
pub fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// A block of addresses, in IPv6, where `::ffff:0:0/96` stands for IPv4.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cidr {
    network: u128,
    prefix: u32,
}

/// The length of the prefix that stands for IPv4.
const IPV4: u32 = 96;

impl Cidr {
    /// Reads `203.0.113.0/24` or `2001:db8::/32`. An error is what was expected instead.
    fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || "comma-separated CIDR blocks, such as 203.0.113.0/24 or 2001:db8::/32".to_owned();
        let (address, length) = text.split_once('/').unzip();
        let Ok(address) = address.unwrap_or(text).parse::<IpAddr>() else {
            return Err(expected());
        };
        let (before, longest) = if address.is_ipv4() { (IPV4, 32) } else { (0, 128) };
        let Some(length) = length else {
            return Err(Self::around(address, before + longest).to_string());
        };
        // `u32::from_str` would take a leading `+` and leading zeros.
        let prefix = (0..=longest).find(|number| number.to_string() == length);
        let block = Self::around(address, before + prefix.ok_or_else(expected)?);
        if block.network == bits(address) { Ok(block) } else { Err(block.to_string()) }
    }

    /// The block with a prefix of this length that `address` is in.
    fn around(address: IpAddr, prefix: u32) -> Self {
        Self { network: bits(address) & mask(prefix), prefix }
    }

    /// Whether `address` is in the block. `::/0` is every address of IPv6 and none of IPv4.
    fn contains(&self, address: IpAddr) -> bool {
        let bits = bits(address);
        is_ipv4(bits) == is_ipv4(self.network) && bits & mask(self.prefix) == self.network
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = if is_ipv4(self.network) { IPV4 } else { 0 };
        let network = IpAddr::from(self.network.to_be_bytes()).to_canonical();
        write!(f, "{network}/{}", self.prefix - before)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn is_ipv4(bits: u128) -> bool {
    bits >> 32 == 0xffff
}

fn mask(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix).unwrap_or(0)
}

#[cfg(test)]
mod tests;
