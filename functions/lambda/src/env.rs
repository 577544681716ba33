//! The process environment: the only place that reads it, and the error that names what is wrong in
//! it.

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

    /// The value, if there is one that is not empty: templates and compose files can often not
    /// leave a variable out, only empty.
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The value of a variable that the function cannot do without. `accepted` completes the
    /// sentence "accepted: …".
    pub fn required(
        &self,
        name: &'static str,
        accepted: &'static str,
    ) -> Result<&str, BadVariable> {
        self.non_empty(name).ok_or_else(|| BadVariable::unset(name, accepted))
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
            let accepted =
                format!("a whole number of {unit} from {} to {}", range.start(), range.end());
            BadVariable::new(name, value, accepted)
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
/// Its text is one line that names the variable, what it holds and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadVariable {
    name: &'static str,
    got: Option<String>,
    accepted: Cow<'static, str>,
}

impl BadVariable {
    /// `name` holds `got`, where only `accepted` is accepted. Of a long value the two ends are
    /// kept; control characters are left out. Never for a variable that holds a secret.
    pub fn new(name: &'static str, got: &str, accepted: impl Into<Cow<'static, str>>) -> Self {
        Self { name, got: Some(shorten(&printable(got), SHOWN)), accepted: accepted.into() }
    }

    /// `name` is not set, or empty, and the function cannot do without it.
    pub fn unset(name: &'static str, accepted: impl Into<Cow<'static, str>>) -> Self {
        Self { name, got: None, accepted: accepted.into() }
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
    pub fn accepted(&self) -> &str {
        &self.accepted
    }
}

impl fmt::Display for BadVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment variable {} is ", self.name)?;
        match &self.got {
            Some(got) => write!(f, "\"{got}\"")?,
            None => f.write_str("not set")?,
        }
        write!(f, "; accepted: {}", self.accepted)
    }
}

impl std::error::Error for BadVariable {}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: &str) -> Result<u32, BadVariable> {
        Environment::from_iter([("CACHE_SECONDS", value)]).whole_number(
            "CACHE_SECONDS",
            "seconds",
            0..=300,
            60,
        )
    }

    #[test]
    fn the_process_environment_is_read() {
        let environment = Environment::from_process();
        assert_eq!(environment.get("PATH"), std::env::var("PATH").ok().as_deref());
        assert_eq!(environment.get("ECR_ADMISSION_NO_SUCH_VARIABLE"), None);
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let environment = Environment::from_iter([("AWS_SECRET_ACCESS_KEY", "s3cr3t")]);
        assert_eq!(format!("{environment:?}"), r#"{"AWS_SECRET_ACCESS_KEY"}"#);
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(
            Environment::default().whole_number("CACHE_SECONDS", "seconds", 0..=300, 60),
            Ok(60)
        );
        for (value, number) in [("0", 0), ("300", 300), ("060", 60)] {
            assert_eq!(seconds(value), Ok(number), "{value}");
        }
        for value in ["", " ", "-1", "+1", "1.5", "301", "1 ", "99999999999999999999", "ten", "١"]
        {
            assert!(seconds(value).is_err(), "{value}");
        }
    }

    #[test]
    fn the_message_names_variable_value_and_what_is_accepted() {
        assert_eq!(
            seconds("301").unwrap_err().to_string(),
            "environment variable CACHE_SECONDS is \"301\"; accepted: a whole number of seconds from 0 to 300"
        );
        let unset = Environment::from_iter([("AWS_REGION", "")])
            .required("AWS_REGION", "an AWS Region")
            .unwrap_err();
        assert_eq!(
            unset.to_string(),
            "environment variable AWS_REGION is not set; accepted: an AWS Region"
        );
        assert_eq!(
            (unset.name(), unset.got(), unset.accepted()),
            ("AWS_REGION", None, "an AWS Region")
        );
    }

    #[test]
    fn a_value_is_shown_on_one_line_and_shortened() {
        let bad = BadVariable::new("LOG_LEVEL", "a\n\u{1b}[31mb", "INFO");
        assert_eq!(bad.got(), Some("a[31mb"));
        let long = format!("head{}tail", "é".repeat(5000));
        let got = BadVariable::new("LOG_LEVEL", &long, "INFO").got().map(str::to_owned).unwrap();
        assert_eq!(got.chars().count(), 256);
        assert!(got.starts_with("head") && got.contains('…') && got.ends_with("tail"), "{got}");
        let whole = "é".repeat(256);
        assert_eq!(BadVariable::new("LOG_LEVEL", &whole, "INFO").got(), Some(whole.as_str()));
    }

    #[test]
    fn switches() {
        let switch = |value| {
            Environment::from_iter([("AWS_USE_FIPS_ENDPOINT", value)])
                .switch("AWS_USE_FIPS_ENDPOINT")
        };
        assert_eq!(Environment::default().switch("AWS_USE_FIPS_ENDPOINT"), Ok(false));
        assert_eq!((switch("true"), switch("false"), switch("")), (Ok(true), Ok(false), Ok(false)));
        for value in ["1", "TRUE", "yes", "true "] {
            assert!(switch(value).is_err(), "{value}");
        }
    }
}
