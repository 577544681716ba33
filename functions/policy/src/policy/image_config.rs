//! What the `image-config` rule forbids.

use std::collections::BTreeSet;

/// The switches of the `image-config` rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfigPolicy {
    /// Ports that an image must not expose, whatever the protocol.
    pub forbidden_ports: BTreeSet<u16>,
    /// Whether an image must name a user that is not root.
    pub non_root: bool,
}

impl ImageConfigPolicy {
    /// Whether there is anything to evaluate.
    pub fn is_on(&self) -> bool {
        self.non_root || !self.forbidden_ports.is_empty()
    }
}
