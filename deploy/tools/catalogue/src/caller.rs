//! Who calls.

/// A caller that has proved who it is.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The account of its credentials.
    pub account: &'a str,
    /// The Region that it signed for.
    pub region: &'a str,
    /// The `Host` that it called, for addresses that it is to call next.
    pub host: &'a str,
}
