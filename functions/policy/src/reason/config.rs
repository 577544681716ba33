//! What is wrong with the config of an image, and the words for it.

use std::fmt;

use super::unavailable::FailedLookup;
use super::words::WORD;
use ecr_admission_text::quote;

/// What is wrong with the config of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigProblem {
    /// The container would run as root.
    Root {
        /// `User`, as the config has it.
        user: String,
    },
    /// The image exposes a port that the policy forbids, or one that cannot be read.
    Port {
        /// The key of `ExposedPorts`, as the config has it.
        port: String,
        /// Whether it is a port number at all.
        readable: bool,
    },
    /// The config could not be read.
    Unavailable(FailedLookup),
    /// The config was not looked up.
    NotRead,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { user } if user.is_empty() => f.write_str(
                "runs as root (its config names no user); set a non-root USER in its Dockerfile",
            ),
            Self::Root { user } => write!(
                f,
                "runs as root (user {}); set a non-root USER in its Dockerfile",
                quote(user, WORD)
            ),
            Self::Port { port, readable: true } => write!(
                f,
                "exposes port {}, which is forbidden; remove that EXPOSE from the Dockerfile",
                quote(port, WORD)
            ),
            Self::Port { port, readable: false } => write!(
                f,
                "exposes {}, which is not a port number; write EXPOSE with a number from 1 to 65535",
                quote(port, WORD)
            ),
            Self::Unavailable(failed) => failed.fmt(f),
            Self::NotRead => f.write_str(
                "could not be evaluated: its config was not read; try again; if it persists, see the function's log",
            ),
        }
    }
}
