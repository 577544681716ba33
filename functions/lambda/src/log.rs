//! Log lines: one JSON object per line on stdout, which Lambda sends to CloudWatch Logs.
//!
//! Each line has an [`Event`]: a code that metric filters and queries match. The message beside it is for
//! people and can change at any time.
//!
//! There is no `tracing` subscriber on purpose. Without one the Lambda runtime client prints its failures to
//! stderr, and the error that ends it comes back to `main` (see [`crate::stop`]). With a subscriber at TRACE
//! it would write whole events, tokens included.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::time::SystemTime;

use ecr_admission_text::is_printable;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use crate::env::{BadVariable, Environment};

/// How much a log line matters, and the least that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// For somebody who looks for a fault.
    Debug,
    /// What happened.
    Info,
    /// What an operator should look at.
    Warn,
    /// What stops the function from doing its work.
    Error,
}

impl Level {
    /// The level in `LOG_LEVEL`; INFO when it is not set.
    pub fn from_environment(environment: &Environment) -> Result<Self, BadVariable> {
        match environment.get("LOG_LEVEL") {
            None | Some("INFO") => Ok(Self::Info),
            Some("DEBUG") => Ok(Self::Debug),
            Some("WARN") => Ok(Self::Warn),
            Some("ERROR") => Ok(Self::Error),
            Some(other) => Err(BadVariable::new("LOG_LEVEL", other, "DEBUG, INFO, WARN or ERROR")),
        }
    }
}

/// What a log line reports, as a code in `snake_case`.
///
/// Metric filters and queries match it, so a code never changes its meaning. Each crate declares its
/// codes in its `events.rs` and nowhere else; README.md of this crate lists them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Event(&'static str);

impl Event {
    /// The event with this code.
    pub const fn new(code: &'static str) -> Self {
        Self(code)
    }
}

/// Writes log lines at its level or above.
///
/// The fields of a line are a struct or a JSON object (`&()` for none), which must not have the
/// keys `timestamp`, `level`, `event` and `message`.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    level: Level,
}

impl Log {
    /// A log that leaves out what is below `level`.
    pub fn new(level: Level) -> Self {
        Self { level }
    }

    /// Writes a line at DEBUG.
    pub fn debug(self, event: Event, message: &str, fields: &impl Serialize) {
        self.write(Level::Debug, event, message, fields);
    }

    /// Writes a line at INFO.
    pub fn info(self, event: Event, message: &str, fields: &impl Serialize) {
        self.write(Level::Info, event, message, fields);
    }

    /// Writes a line at WARN.
    pub fn warn(self, event: Event, message: &str, fields: &impl Serialize) {
        self.write(Level::Warn, event, message, fields);
    }

    /// Writes a line at ERROR.
    pub fn error(self, event: Event, message: &str, fields: &impl Serialize) {
        self.write(Level::Error, event, message, fields);
    }

    fn write(self, level: Level, event: Event, message: &str, fields: &impl Serialize) {
        let timestamp = Timestamp(SystemTime::now());
        self.write_to(&mut io::stdout().lock(), &Line { timestamp, level, event, message, fields });
    }

    fn write_to(self, out: &mut impl Write, line: &Line<'_, impl Serialize>) {
        if line.level < self.level {
            return;
        }
        // A failed write is ignored on purpose: stdout is the only place to report it, and a
        // verdict must not depend on whether a log line could be written.
        let _ = out.write_all(&line.to_bytes());
    }
}

#[derive(Serialize)]
struct Line<'a, F> {
    timestamp: Timestamp,
    level: Level,
    event: Event,
    message: &'a str,
    #[serde(flatten)]
    fields: &'a F,
}

/// Replaces fields that have no JSON form, so that the line itself is not lost.
#[derive(Serialize)]
struct Unloggable {
    unloggable: String,
}

impl<F: Serialize> Line<'_, F> {
    /// The line as JSON, newline included, so that it leaves in one write and lines never mix.
    fn to_bytes(&self) -> Vec<u8> {
        let mut line = serde_json::to_string(self)
            .or_else(|error| {
                let fields = &Unloggable { unloggable: error.to_string() };
                let Self { timestamp, level, event, message, .. } = *self;
                serde_json::to_string(&Line { timestamp, level, event, message, fields })
            })
            .unwrap_or_default();
        if !line.chars().all(is_printable) {
            line = escaped(&line);
        }
        line.push('\n');
        line.into_bytes()
    }
}

/// The same JSON without a character that a terminal acts on. JSON must escape only what is below
/// U+0020; DEL, the C1 controls and what hides or reorders text can be escaped as well, and occur only
/// inside strings.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_printable(c) {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

/// RFC 3339 in UTC, always with three digits of milliseconds, so that lines sort as text.
#[derive(Clone, Copy)]
struct Timestamp(SystemTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = OffsetDateTime::from(self.0);
        let (year, month, day) = utc.to_calendar_date();
        let (hour, minute, second, millisecond) = utc.to_hms_milli();
        write!(
            f,
            "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z",
            u8::from(month)
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text of `error` and of all that caused it, in one line. A cause that the text before it has
/// said already is left out.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = vec![];
    for error in std::iter::successors(Some(error), |error| (*error).source()) {
        let text = error.to_string();
        if !texts.last().is_some_and(|last| last.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests;
