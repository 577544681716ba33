//! Why a measurement ended early.

/// Any error.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
