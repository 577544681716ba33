use super::*;

const LAMBDA: [(&str, &str); 3] =
    [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];

fn config(pairs: &[(&str, &str)]) -> Result<Config, String> {
    let environment: Environment = LAMBDA.iter().chain(pairs).copied().collect();
    Config::from_environment(&environment).map_err(|bad| bad.to_string())
}

#[test]
fn without_a_word_from_the_operator_the_defaults_hold() {
    let config = config(&[]).unwrap();
    assert_eq!(config.registry_ids, None);
    assert_eq!(config.regions, ["us-east-1".parse().unwrap()].into());
    assert_eq!(config.ignored_namespaces, ["kube-system".to_owned()].into());
    assert_eq!(config.severity_limit, SeverityLimit::Critical);
    assert_eq!(config.log_level, Level::Info);
    assert_eq!(config.metrics_namespace, "EcrAdmission");
    assert!(!config.cluster_metrics);
    assert_eq!(config.cache, Duration::from_mins(1));
    assert_eq!(config.max_images, 100);
}

#[test]
fn empty_registries_are_the_stacks_own_and_empty_namespaces_are_none() {
    let config =
        config(&[("REGISTRY_IDS", ""), ("REGISTRY_REGION", ""), ("IGNORED_NAMESPACES", "")])
            .unwrap();
    assert_eq!(config.registry_ids, None);
    assert_eq!(config.regions, ["us-east-1".parse().unwrap()].into());
    assert!(config.ignored_namespaces.is_empty());
}

#[test]
fn lists_are_comma_separated() {
    let config = config(&[
        ("REGISTRY_IDS", "123456789012, 210987654321"),
        ("REGISTRY_REGION", "eu-west-1,us-east-1"),
        ("IGNORED_NAMESPACES", "kube-system, monitoring"),
    ])
    .unwrap();
    assert_eq!(config.registry_ids.unwrap().len(), 2);
    assert_eq!(config.regions.len(), 2);
    assert!(config.ignored_namespaces.contains("monitoring"));
}

#[test]
fn a_bad_value_is_named_with_what_is_accepted() {
    for (name, value, accepted) in [
        ("REGISTRY_IDS", "12", "12 digits"),
        ("REGISTRY_IDS", "123456789012,", "12 digits"),
        ("REGISTRY_REGION", "us-east-1;eu-west-1", "a Region code such as us-east-1"),
        ("IGNORED_NAMESPACES", "kube-*", "without patterns"),
        ("IGNORED_NAMESPACES", "a,,b", "1 to 63"),
        ("SEVERITY_LIMIT", "critical", "HIGH or CRITICAL"),
        ("LOG_LEVEL", "info", "DEBUG, INFO, WARN or ERROR"),
        ("METRICS_NAMESPACE", "AWS/ECR", "not AWS/"),
        ("METRICS_NAMESPACE", "a b", "1 to 255"),
        ("CLUSTER_METRICS", "yes", "true or false"),
        ("CACHE_SECONDS", "301", "a whole number of seconds from 0 to 300"),
        ("MAX_IMAGES", "0", "a whole number of images from 1 to 500"),
        ("MAX_IMAGES", "501", "a whole number of images from 1 to 500"),
        ("MAX_IMAGES", "", "a whole number of images from 1 to 500"),
    ] {
        let error = config(&[(name, value)]).unwrap_err();
        let start = format!("environment variable {name}: expected ");
        assert!(error.starts_with(&start) && error.contains(accepted), "{error}");
    }
}
