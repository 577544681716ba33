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
    for value in ["", " ", "-1", "+1", "1.5", "301", "1 ", "99999999999999999999", "ten", "١"] {
        assert!(seconds(value).is_err(), "{value}");
    }
}

#[test]
fn the_message_names_variable_value_and_what_is_expected() {
    assert_eq!(
        seconds("301").unwrap_err().to_string(),
        "environment variable CACHE_SECONDS: expected a whole number of seconds from 0 to 300, got \"301\""
    );
    let unset = Environment::from_iter([("AWS_REGION", "")])
        .required("AWS_REGION", "an AWS Region")
        .unwrap_err();
    assert_eq!(
        unset.to_string(),
        "environment variable AWS_REGION is not set; expected an AWS Region"
    );
    assert_eq!(
        (unset.name(), unset.got(), unset.expected()),
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
        Environment::from_iter([("AWS_USE_FIPS_ENDPOINT", value)]).switch("AWS_USE_FIPS_ENDPOINT")
    };
    assert_eq!(Environment::default().switch("AWS_USE_FIPS_ENDPOINT"), Ok(false));
    assert_eq!((switch("true"), switch("false"), switch("")), (Ok(true), Ok(false), Ok(false)));
    for value in ["1", "TRUE", "yes", "true "] {
        assert!(switch(value).is_err(), "{value}");
    }
}
