//! The process environment: the only place that reads it, and the error that names what is wrong with it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use ecr_admission_text::{printable, shorten};

/// The most characters of a variable's value that an error repeats.
const SHOWN: usize = 256;

/// The environment variables of the process, or of a test.
///
/// It holds the credentials of the function, so its `Debug` shows names and no values.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the environment of this process, once.
    ///
    /// Bytes that are not UTF-8 become U+FFFD, which no variable of ours accepts as a value.
    pub fn from_process() -> Self {
        std::env::vars_os()
            .map(|(name, value)| {
                (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
            })
            .collect()
    }

    /// The value as it was set, which may be empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value, if there is one that is not empty: templates and compose files often
    /// cannot omit a variable, only leave it empty.
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The value of a variable that the function cannot do without. `expected` completes the sentence
    /// "expected …".
    pub fn required(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<&str, BadVariable> {
        self.non_empty(name).ok_or_else(|| BadVariable::unset(name, expected))
    }

    /// A whole number of `unit` in `range`; `default` when the variable is not set. Only the digits
    /// 0 to 9 are accepted: no sign, no space, no fraction.
    pub fn whole_number(
        &self,
        name: &'static str,
        unit: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> Result<u32, BadVariable> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        // `u32::from_str` would take a leading `+`.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        value.parse().ok().filter(|number| digits && range.contains(number)).ok_or_else(|| {
            let expected =
                format!("a whole number of {unit} from {} to {}", range.start(), range.end());
            BadVariable::new(name, value, expected)
        })
    }

    /// `true` or `false`; false when the variable is not set or empty.
    pub fn switch(&self, name: &'static str) -> Result<bool, BadVariable> {
        match self.non_empty(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(value) => Err(BadVariable::new(name, value, "true or false")),
        }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// An environment variable that the function cannot start with.
///
/// Its text is one line that names the variable, what is expected and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadVariable {
    name: &'static str,
    got: Option<String>,
    expected: Cow<'static, str>,
}

impl BadVariable {
    /// `name` holds `got` instead of `expected`. Of a long value the two ends are kept; control
    /// characters are left out. Never for a variable that holds a secret.
    pub fn new(name: &'static str, got: &str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { name, got: Some(shorten(&printable(got), SHOWN)), expected: expected.into() }
    }

    /// `name` is not set, or empty, and the function cannot do without it.
    pub fn unset(name: &'static str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { name, got: None, expected: expected.into() }
    }

    /// The variable.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it holds, fit to be shown; nothing when it is not set.
    pub fn got(&self) -> Option<&str> {
        self.got.as_deref()
    }

    /// What it may hold.
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

impl fmt::Display for BadVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, expected, .. } = self;
        match &self.got {
            Some(got) => {
                write!(f, "environment variable {name}: expected {expected}, got \"{got}\"")
            }
            None => write!(f, "environment variable {name} is not set; expected {expected}"),
        }
    }
}

impl std::error::Error for BadVariable {}

#[cfg(test)]
mod tests;
