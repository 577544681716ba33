//! `PutMetricData` in rpc-v2-cbor.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::builders::MetricDatumBuilder;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit, StatisticSet};
use serde_json::{Value, json};

use crate::stand_in::{StandIn, code_and_message, start_with};

fn datum() -> MetricDatumBuilder {
    MetricDatum::builder().metric_name("Denied")
}

fn dimension(value: &str) -> Dimension {
    Dimension::builder().name("Rule").value(value).build()
}

async fn refusal(stand_in: &StandIn, namespace: &str, data: Vec<MetricDatum>) -> (String, String) {
    let call = stand_in.cloudwatch().put_metric_data().namespace(namespace);
    let error = call.set_metric_data(Some(data)).send().await.unwrap_err();
    code_and_message(&error.into_service_error())
}

#[tokio::test]
async fn what_is_put_is_kept_under_its_own_names() {
    let stand_in = start_with("registries: []", &[]).await;
    let now = DateTime::from_secs(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs()
            .cast_signed(),
    );
    let set = StatisticSet::builder().sample_count(2.0).sum(3.0).minimum(1.0).maximum(2.0).build();
    let call = stand_in.cloudwatch().put_metric_data().namespace("EcrAdmission");
    let call = call.metric_data(
        datum()
            .dimensions(dimension("scan-on-push"))
            .statistic_values(set)
            .timestamp(now)
            .unit(StandardUnit::Count)
            .build(),
    );
    let call = call.metric_data(
        MetricDatum::builder()
            .metric_name("ReviewLatency")
            .set_values(Some(vec![1.5, 20.0]))
            .set_counts(Some(vec![3.0, 1.0]))
            .unit(StandardUnit::Milliseconds)
            .storage_resolution(1)
            .build(),
    );
    call.metric_data(datum().value(1.0).build()).send().await.unwrap();

    let text = stand_in.aws.metrics();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let time = jiff::Timestamp::from_second(now.secs()).unwrap().to_string();
    assert_eq!(
        lines,
        [
            json!({
                "Namespace": "EcrAdmission", "MetricName": "Denied", "Timestamp": time, "Unit": "Count",
                "Dimensions": [{"Name": "Rule", "Value": "scan-on-push"}],
                "StatisticValues": {"SampleCount": 2.0, "Sum": 3.0, "Minimum": 1.0, "Maximum": 2.0},
            }),
            json!({
                "Namespace": "EcrAdmission", "MetricName": "ReviewLatency", "Unit": "Milliseconds",
                "Dimensions": [], "Values": [1.5, 20.0], "Counts": [3.0, 1.0], "StorageResolution": 1,
            }),
            json!({"Namespace": "EcrAdmission", "MetricName": "Denied", "Dimensions": [], "Value": 1.0}),
        ]
    );
    assert_eq!(stand_in.calls(), [["PutMetricData", "EcrAdmission", "200"]]);
    stand_in.aws.reset();
    assert_eq!((stand_in.aws.metrics(), stand_in.aws.calls()), (String::new(), String::new()));
}

#[tokio::test]
async fn a_body_of_10_kib_arrives_packed() {
    let stand_in = start_with("registries: []", &[]).await;
    let data: Vec<MetricDatum> = (0..1_000).map(|n| datum().value(f64::from(n)).build()).collect();
    let call = stand_in.cloudwatch().put_metric_data().namespace("n").set_metric_data(Some(data));
    let call = call.customize().mutate_request(|request| {
        assert_eq!(request.headers().get("content-encoding"), Some("gzip"));
    });
    call.send().await.unwrap();
    let text = stand_in.aws.metrics();
    assert_eq!(text.lines().count(), 1_000);
    assert!(text.lines().last().unwrap().contains("999.0"));
}

#[tokio::test]
async fn what_cloudwatch_refuses_is_refused_whole() {
    let stand_in = start_with("registries: []", &[]).await;
    let valid = || datum().value(1.0).build();
    let days = |days: f64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        DateTime::from_secs_f64(now.as_secs_f64() + days * 86_400.0)
    };
    let values = |count: usize| vec![1.0; count];
    let cases = [
        ("InvalidParameterValue", datum().value(f64::NAN).build()),
        ("InvalidParameterValue", datum().value(f64::INFINITY).build()),
        ("InvalidParameterValue", datum().value(1e109).build()),
        ("InvalidParameterValue", datum().set_values(Some(values(151))).build()),
        (
            "InvalidParameterValue",
            datum().set_values(Some(values(2))).set_counts(Some(values(1))).build(),
        ),
        (
            "InvalidParameterValue",
            datum().value(1.0).set_dimensions(Some(vec![dimension("x"); 31])).build(),
        ),
        ("InvalidParameterValue", datum().value(1.0).dimensions(dimension("")).build()),
        ("InvalidParameterValue", datum().value(1.0).unit("Apples".into()).build()),
        ("InvalidParameterValue", datum().value(1.0).storage_resolution(30).build()),
        ("InvalidParameterValue", datum().value(1.0).timestamp(days(-14.5)).build()),
        ("InvalidParameterValue", datum().value(1.0).timestamp(days(0.1)).build()),
        ("InvalidParameterValue", datum().value(1.0).metric_name("x".repeat(256)).build()),
        ("MissingParameter", MetricDatum::builder().value(1.0).build()),
        ("MissingParameter", datum().build()),
        ("InvalidParameterCombination", datum().value(1.0).set_values(Some(values(1))).build()),
    ];
    for (code, bad) in cases {
        let shown = format!("{bad:?}");
        let (got, message) = refusal(&stand_in, "n", vec![valid(), bad]).await;
        assert_eq!(got, code, "{message} {shown}");
        assert!(message.contains("MetricData.member.2."), "{message}");
    }
    for (code, namespace, data) in [
        ("InvalidParameterValue", "AWS/Lambda", vec![valid()]),
        ("InvalidParameterValue", ":n", vec![valid()]),
        ("InvalidParameterValue", "n", vec![valid(); 1_001]),
        ("MissingParameter", "n", Vec::new()),
        ("MissingParameter", "", vec![valid()]),
    ] {
        assert_eq!(refusal(&stand_in, namespace, data).await.0, code);
    }
    assert_eq!(stand_in.aws.metrics(), "");
    // The edges of what is accepted.
    for good in [
        datum().set_values(Some(values(150))).set_counts(Some(values(150))).build(),
        datum().value(-1e108).set_dimensions(Some(vec![dimension("x"); 30])).build(),
        datum().value(1.0).timestamp(days(-13.9)).build(),
        datum().value(1.0).timestamp(days(0.08)).build(),
    ] {
        let call = stand_in.cloudwatch().put_metric_data().namespace("n").metric_data(good);
        call.send().await.unwrap();
    }
    assert_eq!(stand_in.aws.metrics().lines().count(), 4);
}

#[tokio::test]
async fn a_member_that_is_not_built_is_refused() {
    let stand_in = start_with("registries: []", &[]).await;
    let call = stand_in.cloudwatch().put_metric_data().namespace("n");
    let call = call.metric_data(datum().value(1.0).build()).strict_entity_validation(true);
    let error = call.send().await.unwrap_err().into_service_error();
    assert_eq!(code_and_message(&error).0, "SerializationException");
    assert_eq!(stand_in.aws.metrics(), "");
}
