//! Which images must be named by digest.

/// Which images must be named by digest: what comes later holds for more of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pinning {
    /// None.
    #[default]
    Off,
    /// Those that the mutating webhook pins: what is not pinned, it has not seen.
    Pinnable,
    /// All, because the document requires it.
    All,
}
