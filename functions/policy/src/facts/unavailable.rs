//! A look-up that failed, and why.

/// A look-up that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// The API operation, such as `ecr:DescribeRepositories`.
    pub operation: &'static str,
    /// Why it failed.
    pub cause: Cause,
}

/// Why a look-up failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// AWS refused it for its rate.
    Throttled,
    /// The function's role, or the repository's policy, does not allow it.
    AccessDenied,
    /// The same, and AWS names an action other than the operation, such as `inspector2:ListFindings`.
    /// It is one of a fixed list, and never text of AWS.
    ActionDenied(&'static str),
    /// No answer came before the review had to be answered.
    TimedOut,
    /// It was not asked for on its own: too many repositories that were asked for with it do not exist.
    NotAsked,
    /// It was answered from facts that were recorded earlier, and the answer is not among them.
    NotRecorded,
    /// It was answered from facts that were recorded too long ago.
    Outdated,
    /// AWS answered with an error of its own, or with something that could not be read.
    Internal,
}
