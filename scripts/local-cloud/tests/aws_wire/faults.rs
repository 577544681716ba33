//! Faults and latencies, as a client sees them.

use std::time::{Duration, Instant};

use aws_sdk_ecr::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_ecr::operation::describe_repositories::DescribeRepositoriesError;
use aws_sdk_ecr::types::ImageIdentifier;
use tokio::time::timeout;

use crate::stand_in::{Signer, StandIn, code_and_message, settings, start, start_with};

const CATALOGUE: &str = r#"
registries:
  - {account: "123456789012", region: us-east-1, repositories: [{name: a}]}
"#;

type Outcome = Result<usize, SdkError<DescribeRepositoriesError>>;

async fn describe(stand_in: &StandIn) -> Outcome {
    let call = stand_in.ecr().describe_repositories().repository_names("a");
    call.send().await.map(|answer| answer.repositories().len())
}

async fn started(fault: &str) -> StandIn {
    start_with(CATALOGUE, &[fault]).await
}

fn statuses(stand_in: &StandIn) -> Vec<String> {
    stand_in.calls().into_iter().map(|[.., status]| status).collect()
}

#[tokio::test]
async fn throttle_happens_as_often_as_it_says() {
    let stand_in = started("DescribeRepositories=throttle:2").await;
    for _ in 0..2 {
        let error = describe(&stand_in).await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
        assert_eq!(error.code(), Some("ThrottlingException"));
        assert_eq!(error.message(), Some("Rate exceeded"));
    }
    assert_eq!(describe(&stand_in).await.unwrap(), 1);
    assert_eq!(statuses(&stand_in), ["400", "400", "200"]);
}

#[tokio::test]
async fn a_key_spares_the_calls_about_anything_else() {
    let mut settings = settings(CATALOGUE);
    settings.faults = vec!["GetSecretValue@/policy=throttle".parse().unwrap()];
    settings.secrets = ["a/policy", "a/tokens"].map(|it| (it.to_owned(), it.to_owned())).into();
    let stand_in = start(settings).await;
    let get = |id: &str| stand_in.secrets().get_secret_value().secret_id(id).send();
    for _ in 0..2 {
        assert_eq!(get("a/tokens").await.unwrap().secret_string(), Some("a/tokens"));
        assert_eq!(get("a/policy").await.unwrap_err().code(), Some("ThrottlingException"));
    }
    assert_eq!(statuses(&stand_in), ["200", "400", "200", "400"]);
}

#[tokio::test]
async fn access_denied_names_user_action_and_resource() {
    let stand_in = started("*=access-denied").await;
    let error = describe(&stand_in).await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert_eq!(
        error.message(),
        Some(
            "User: arn:aws:sts::123456789012:assumed-role/local-cloud/function is not authorized to \
             perform: ecr:DescribeRepositories on resource: \
             arn:aws:ecr:us-east-1:123456789012:repository/a because no identity-based policy \
             allows the ecr:DescribeRepositories action"
        )
    );
    let datum =
        aws_sdk_cloudwatch::types::MetricDatum::builder().metric_name("m").value(1.0).build();
    let call = stand_in.cloudwatch().put_metric_data().namespace("n").metric_data(datum);
    let error = call.send().await.unwrap_err().into_service_error();
    let (code, message) = code_and_message(&error);
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains("perform: cloudwatch:PutMetricData because"), "{message}");
    let error = stand_in.secrets().get_secret_value().secret_id("t").send().await.unwrap_err();
    let (code, message) = code_and_message(&error.into_service_error());
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.contains("resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:t "),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_error_has_the_code_of_its_api() {
    let stand_in = started("*=server-error").await;
    let error = describe(&stand_in).await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    assert!(error.into_service_error().is_server_exception());
    let error = stand_in.secrets().get_secret_value().secret_id("t").send().await.unwrap_err();
    assert!(error.into_service_error().is_internal_service_error());
    let datum =
        aws_sdk_cloudwatch::types::MetricDatum::builder().metric_name("m").value(1.0).build();
    let call = stand_in.cloudwatch().put_metric_data().namespace("n").metric_data(datum);
    assert!(call.send().await.unwrap_err().into_service_error().is_internal_service_fault());
    assert_eq!(stand_in.aws.metrics(), "");
}

#[tokio::test]
async fn hang_never_answers() {
    let stand_in = started("DescribeRepositories=hang:1").await;
    let waited = timeout(Duration::from_secs(2), describe(&stand_in)).await;
    assert!(waited.is_err(), "{waited:?}");
    assert_eq!(describe(&stand_in).await.unwrap(), 1);
    assert_eq!(statuses(&stand_in), ["hang", "200"]);
}

#[tokio::test]
async fn reset_ends_the_connection_with_rst() {
    let stand_in = started("DescribeRepositories=reset:1").await;
    let error = describe(&stand_in).await.unwrap_err();
    let SdkError::DispatchFailure(failure) = &error else { panic!("{error:?}") };
    let text = format!("{:?}", failure.as_connector_error().unwrap());
    assert!(text.contains("ConnectionReset"), "{text}");
    assert_eq!(describe(&stand_in).await.unwrap(), 1);
    assert_eq!(statuses(&stand_in), ["reset", "200"]);
}

#[tokio::test]
async fn malformed_is_a_success_that_cannot_be_read() {
    let stand_in = started("DescribeRepositories=malformed:1").await;
    let error = describe(&stand_in).await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 200);
    assert_eq!(error.code(), None, "{error:?}");
    assert!(format!("{error:?}").contains("DeserializeError"), "{error:?}");
    assert_eq!(describe(&stand_in).await.unwrap(), 1);
    assert_eq!(statuses(&stand_in), ["200", "200"]);
}

#[tokio::test]
async fn slow_is_right_and_1500_ms_late() {
    let stand_in = started("DescribeRepositories=slow:1").await;
    let begun = Instant::now();
    assert_eq!(describe(&stand_in).await.unwrap(), 1);
    assert!(begun.elapsed() >= Duration::from_millis(1_500));
    let text = stand_in.aws.calls();
    let took: u64 = text.trim().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(took >= 1_500, "{text}");
}

#[tokio::test]
async fn a_fault_hits_only_its_operation_and_calls_that_are_let_in() {
    let stand_in = start_with(CATALOGUE, &["BatchGetImage=throttle", "*=throttle:1"]).await;
    let wrong = Signer { secret_key: "wrong", ..Signer::default() };
    let error = stand_in.ecr_as(wrong).describe_repositories().send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidSignatureException"));
    assert_eq!(describe(&stand_in).await.unwrap_err().code(), Some("ThrottlingException"));
    assert_eq!(describe(&stand_in).await.unwrap(), 1);
    let id = ImageIdentifier::builder().image_tag("1").build();
    let images = stand_in.ecr().batch_get_image().repository_name("a").image_ids(id).send().await;
    assert_eq!(images.unwrap_err().code(), Some("ThrottlingException"));
}

#[tokio::test]
async fn a_change_that_is_throttled_does_not_take_place() {
    let mut settings = settings(CATALOGUE);
    settings.secrets = [("t".to_owned(), "one".to_owned())].into();
    settings.faults = vec!["PutSecretValue=throttle".parse().unwrap()];
    let stand_in = start(settings).await;
    let client = stand_in.secrets();
    let put = client.put_secret_value().secret_id("t").secret_string("two").send().await;
    assert_eq!(code_and_message(&put.unwrap_err().into_service_error()).0, "ThrottlingException");
    let got = client.get_secret_value().secret_id("t").send().await.unwrap();
    assert_eq!(got.secret_string(), Some("one"));
}

#[tokio::test]
async fn latency_is_of_every_call_and_the_handshake_of_every_connection() {
    let mut settings = settings(CATALOGUE);
    settings.latency = Duration::from_millis(200);
    settings.handshake = Duration::from_secs(2);
    let stand_in = start(settings).await;
    let client = stand_in.ecr();
    let mut took = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        client.describe_repositories().send().await.unwrap();
        took.push(begun.elapsed());
    }
    assert!(took[0] >= Duration::from_millis(2_200), "{took:?}");
    let fastest = took.iter().min().unwrap();
    // One of four calls has no handshake's two seconds, on a busy machine too.
    let of_a_call = Duration::from_millis(200)..Duration::from_secs(2);
    assert!(of_a_call.contains(fastest), "{took:?}");
}

#[tokio::test]
async fn a_call_without_an_answer_yet_is_open() {
    let mut settings = settings(CATALOGUE);
    settings.latency = Duration::from_mins(1);
    let stand_in = start(settings).await;
    let waited = timeout(Duration::from_secs(2), describe(&stand_in)).await;
    assert!(waited.is_err());
    assert_eq!(stand_in.calls(), [["DescribeRepositories", "123456789012/us-east-1/a", "open"]]);
}

#[tokio::test]
async fn dropping_the_future_ends_the_connections() {
    use tokio::io::AsyncReadExt as _;
    let stand_in = start_with(CATALOGUE, &[]).await;
    let mut connection = stand_in.connect().await;
    let address = stand_in.address;
    drop(stand_in);
    let mut rest = Vec::new();
    let read = timeout(Duration::from_secs(5), connection.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty() && read.map_or(true, |length| length == 0));
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
