//! Who calls.

/// A caller that has proved who it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    /// The account of its credentials.
    pub(crate) account: &'a str,
    /// The Region that it signed for.
    pub(crate) region: &'a str,
    /// The `Host` that it called, for addresses that it is to call next.
    pub(crate) host: &'a str,
}
