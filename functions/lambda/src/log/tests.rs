use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::*;

const NOON: Duration = Duration::from_millis(1_795_176_000_007);

const EVENT: Event = Event::new("tested");

fn written(log: Level, level: Level, message: &str, fields: &impl Serialize) -> String {
    let mut out = Vec::new();
    let timestamp = Timestamp(SystemTime::UNIX_EPOCH + NOON);
    let line = Line { timestamp, level, event: EVENT, message, fields };
    Log::new(log).write_to(&mut out, &line);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_a_terminal_acts_on_is_escaped_and_read_back() {
    let text = "a\u{7f}\u{9b}31m\u{202e}b\u{e0041}…é";
    let line = written(Level::Info, Level::Info, "m", &json!({ "image": text }));
    assert!(line.contains(r"a\u007f\u009b31m\u202eb\udb40\udc41…é"), "{line}");
    let read: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read["image"], text);
}

#[test]
fn a_line_is_one_json_object() {
    assert_eq!(
        written(
            Level::Info,
            Level::Warn,
            "a \"b\"\n",
            &json!({"cluster": "default", "elapsed_ms": 3})
        ),
        concat!(
            r#"{"timestamp":"2026-11-20T12:00:00.007Z","level":"WARN","event":"tested","#,
            r#""message":"a \"b\"\n","cluster":"default","elapsed_ms":3}"#,
            "\n"
        )
    );
}

#[test]
fn fields_may_be_a_struct_or_nothing() {
    #[derive(Serialize)]
    struct Fields {
        uid: &'static str,
    }
    assert!(
        written(Level::Info, Level::Info, "m", &Fields { uid: "1" })
            .ends_with("\"m\",\"uid\":\"1\"}\n")
    );
    assert!(written(Level::Info, Level::Info, "m", &()).ends_with("\"m\"}\n"));
}

#[test]
fn what_is_below_the_level_is_left_out() {
    let levels = [Level::Debug, Level::Info, Level::Warn, Level::Error];
    for (index, level) in levels.into_iter().enumerate() {
        for (at_index, at) in levels.into_iter().enumerate() {
            assert_eq!(
                written(level, at, "m", &()).is_empty(),
                at_index < index,
                "{at:?} at {level:?}"
            );
        }
    }
}

#[test]
fn fields_without_a_json_form_do_not_lose_the_line() {
    let keyed_by_list = BTreeMap::from([(vec![1], "value")]);
    for line in [
        written(Level::Info, Level::Info, "m", &keyed_by_list),
        written(Level::Info, Level::Info, "m", &"text"),
    ] {
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "m");
        assert!(line["unloggable"].is_string(), "{line}");
    }
}

#[test]
fn a_failed_write_is_survived_and_a_line_is_one_write() {
    struct Writes(Vec<usize>);
    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.len());
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut out = Writes(Vec::new());
    let timestamp = Timestamp(SystemTime::UNIX_EPOCH);
    let line = Line { timestamp, level: Level::Info, event: EVENT, message: "m", fields: &() };
    Log::new(Level::Info).write_to(&mut out, &line);
    assert_eq!(out.0, [line.to_bytes().len()]);
}

#[test]
fn levels_are_read_exactly() {
    let read = |value| Level::from_environment(&Environment::from_iter([("LOG_LEVEL", value)]));
    assert_eq!(Level::from_environment(&Environment::default()), Ok(Level::Info));
    assert_eq!(read("DEBUG"), Ok(Level::Debug));
    assert_eq!(read("INFO"), Ok(Level::Info));
    assert_eq!(read("WARN"), Ok(Level::Warn));
    assert_eq!(read("ERROR"), Ok(Level::Error));
    for value in ["", "info", "TRACE", "WARNING"] {
        assert_eq!(
            read(value).unwrap_err().to_string(),
            format!(
                "environment variable LOG_LEVEL: expected DEBUG, INFO, WARN or ERROR, got \"{value}\""
            )
        );
    }
}

#[test]
fn all_causes_are_named() {
    #[derive(Debug)]
    struct Outer(BadVariable);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    #[derive(Debug)]
    struct Twice(fmt::Error);
    impl fmt::Display for Twice {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "outer: {}", self.0)
        }
    }
    impl Error for Twice {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    assert_eq!(causes(&Twice(fmt::Error)), format!("outer: {}", fmt::Error));
    let outer = Outer(BadVariable::unset("AWS_REGION", "an AWS Region"));
    assert_eq!(
        causes(&outer),
        "outer: environment variable AWS_REGION is not set; expected an AWS Region"
    );
}
