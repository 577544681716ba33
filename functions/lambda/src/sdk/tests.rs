use super::*;

const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(2),
    operation: Some(Duration::from_secs(3)),
};

fn sdk(extra: &[(&str, &str)]) -> Result<Sdk, BadVariable> {
    let base = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
        ("AWS_SESSION_TOKEN", "the-session-token"),
    ];
    let environment = base.iter().chain(extra).map(|(name, value)| (*name, *value)).collect();
    Sdk::from_environment(&environment, TIMEOUTS)
}

fn refusal(extra: &[(&str, &str)]) -> String {
    sdk(extra).unwrap_err().to_string()
}

#[test]
fn without_overrides_the_sdk_finds_the_endpoints() {
    let config = sdk(&[("AWS_ENDPOINT_URL", ""), ("AWS_ENDPOINT_URL_ECR", "")])
        .unwrap()
        .config_for(Service::Ecr);
    assert_eq!(config.endpoint_url(), None);
    assert_eq!(config.region().map(AsRef::as_ref), Some("eu-central-1"));
    assert_eq!((config.use_fips(), config.use_dual_stack()), (Some(false), Some(false)));
    let timeouts = config.timeout_config().unwrap();
    assert_eq!(timeouts.connect_timeout(), Some(TIMEOUTS.connect));
    assert_eq!(timeouts.operation_attempt_timeout(), Some(TIMEOUTS.attempt));
    assert_eq!(timeouts.operation_timeout(), TIMEOUTS.operation);
}

#[test]
fn an_endpoint_of_a_service_goes_before_the_one_for_all() {
    let sdk = sdk(&[
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("AWS_ENDPOINT_URL_ECR", "https://localhost:5000/ecr"),
    ])
    .unwrap();
    let url = |service| sdk.config_for(service).endpoint_url().map(str::to_owned);
    assert_eq!(url(Service::Ecr).as_deref(), Some("https://localhost:5000/ecr"));
    assert_eq!(url(Service::SecretsManager).as_deref(), Some("http://127.0.0.1:4566"));
    assert_eq!(url(Service::CloudWatch).as_deref(), Some("http://127.0.0.1:4566"));
}

#[test]
fn a_bad_endpoint_is_named() {
    for url in [
        "localhost:5000",
        "ftp://localhost",
        "http://",
        "/",
        "http://a b",
        "https://host/?x=1",
        "https://",
    ] {
        let expected = format!(
            "environment variable AWS_ENDPOINT_URL_CLOUDWATCH: \
             expected an http or https URL with a host and without a query, got \"{url}\""
        );
        assert_eq!(refusal(&[("AWS_ENDPOINT_URL_CLOUDWATCH", url)]), expected);
    }
}

#[test]
fn endpoint_variants_are_switches() {
    let config =
        sdk(&[(USE_FIPS, "true"), (USE_DUAL_STACK, "true")]).unwrap().config_for(Service::Ecr);
    assert_eq!((config.use_fips(), config.use_dual_stack()), (Some(true), Some(true)));
    assert_eq!(
        refusal(&[(USE_FIPS, "yes")]),
        "environment variable AWS_USE_FIPS_ENDPOINT: expected true or false, got \"yes\""
    );
    assert_eq!(
        refusal(&[(USE_DUAL_STACK, "true"), ("AWS_ENDPOINT_URL", "http://localhost")]),
        "environment variable AWS_USE_DUALSTACK_ENDPOINT: \
         expected false, since AWS_ENDPOINT_URL names an endpoint, got \"true\""
    );
}

#[test]
fn a_region_is_a_host_label() {
    for value in
        ["us east 1", "us-east-1.evil.io", "US-EAST-1", "-a", "a-", "x/../y", &"a".repeat(64)]
    {
        let expected = format!(
            "environment variable AWS_REGION: expected an AWS Region, as in us-east-1, got \"{value}\""
        );
        assert_eq!(refusal(&[("AWS_REGION", value)]), expected);
    }
}

#[test]
fn absent_credentials_are_named_and_present_ones_never_shown() {
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let message = refusal(&[(name, "")]);
        assert!(
            message.starts_with(&format!("environment variable {name} is not set; ")),
            "{message}"
        );
    }
    let debug = format!("{:?}", sdk(&[]).unwrap());
    assert!(!debug.contains("the-se"), "{debug}");
    assert!(sdk(&[("AWS_SESSION_TOKEN", "")]).is_ok());
}
