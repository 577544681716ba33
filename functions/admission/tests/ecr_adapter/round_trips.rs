//! How many calls come one after the other, and how long a blob may keep a review waiting.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::time::Duration;

use aws_sdk_ecr::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use ecr_admission::ecr::EcrInspector;
use ecr_admission_lambda::Level;
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, ConfigFacts, Content, Unavailable};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::policy::Needs;
use serde_json::{Value, json};
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::configs::{BLOB, MANIFEST, NEEDS, configured, images, nested};
use crate::signing::{SIGNING, statuses};
use crate::{CONFIGURATION, FINDINGS, OWN, REPOSITORIES};
use ecr_admission_testing::digest;
use ecr_admission_testing::ecr::{
    Reply, error, inspect, inspector_over, look_up, look_up_within, replay, reply,
};

/// HTTP in which every answer takes a while: a call waits once, and all calls that are under way wait
/// together. Blobs may never come.
#[derive(Debug)]
struct Slow {
    http: SharedHttpClient,
    blobs_come: bool,
}

impl HttpClient for Slow {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(SlowConnector { connector, blobs_come: self.blobs_come })
    }
}

#[derive(Debug)]
struct SlowConnector {
    connector: SharedHttpConnector,
    blobs_come: bool,
}

impl HttpConnector for SlowConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let comes = self.blobs_come || request.method() != BLOB;
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            if !comes {
                pending::<()>().await;
            }
            yield_now().await;
            answer.await
        })
    }
}

fn slow(
    blobs_come: bool,
    answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static,
) -> EcrInspector {
    let http = SharedHttpClient::new(Slow { http: replay(answer), blobs_come });
    inspector_over(http, Level::Error)
}

/// How often a look-up waited until all that it waited for had come.
async fn waits<T>(look_up: impl Future<Output = T>) -> (T, u32) {
    let mut look_up = pin!(look_up);
    let mut waits = 0;
    let output = poll_fn(|context| {
        let polled = look_up.as_mut().poll(context);
        waits += u32::from(polled.is_pending());
        polled
    })
    .await;
    (output, waits)
}

async fn round_trips(
    needs: Needs,
    answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static,
) -> u32 {
    let ((found, _), round_trips) = waits(Box::pin(look_up(&slow(true, answer), needs))).await;
    assert!(found.is_ok(), "{found:?}");
    round_trips
}

const WITHOUT: Needs = Needs { config: false, ..NEEDS };

fn image(operation: &str, body: &Value) -> Reply {
    configured("{}", operation, body)
}

fn unscanned(operation: &str, body: &Value) -> Reply {
    if operation == FINDINGS { error("ScanNotFoundException") } else { image(operation, body) }
}

/// An index of two children.
fn flat(operation: &str, body: &Value) -> Reply {
    let whole = operation == MANIFEST && body["imageIds"][0]["imageTag"] == "1";
    if whole {
        let child = |digit| json!({"digest": digest(digit).as_str()});
        images(&[('0', json!({"manifests": [child('1'), child('3')]}).to_string())])
    } else {
        nested(operation, body)
    }
}

/// An image with findings on three pages.
fn paged(operation: &str, body: &Value) -> Reply {
    if operation == MANIFEST {
        return image(operation, body);
    }
    let next = match operation {
        FINDINGS => Some("2"),
        "DescribeImageScanFindings/2" => Some("3"),
        _ => None,
    };
    reply(&json!({
        "imageId": {"imageDigest": digest('a').as_str()},
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {
            "findingSeverityCounts": {"CRITICAL": 3},
            "findings": [{"severity": "CRITICAL"}],
        },
        "nextToken": next,
    }))
}

#[tokio::test]
async fn an_image_takes_one_round_trip_and_an_index_one_more_for_each_level() {
    assert_eq!(round_trips(WITHOUT, image).await, 1);
    assert_eq!(round_trips(WITHOUT, unscanned).await, 1);
    assert_eq!(round_trips(WITHOUT, flat).await, 2);
    assert_eq!(round_trips(WITHOUT, nested).await, 3);
    assert_eq!(round_trips(WITHOUT, paged).await, 1);
}

/// Every repository is there, but for the one named `gone`.
fn repositories(operation: &str, body: &Value) -> Reply {
    let names: Vec<&str> = match body["repositoryNames"].as_array() {
        Some(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
        None => vec![],
    };
    let found = names.iter().filter(|name| **name != "gone");
    match operation {
        REPOSITORIES if names.contains(&"gone") => error("RepositoryNotFoundException"),
        REPOSITORIES => {
            let facts = |name| json!({"repositoryName": name, "imageTagMutability": "IMMUTABLE"});
            reply(&json!({"repositories": found.map(facts).collect::<Vec<_>>()}))
        }
        CONFIGURATION => {
            let scans = |name| json!({"repositoryName": name, "scanFrequency": "SCAN_ON_PUSH"});
            let gone = json!({"repositoryName": "gone", "failureCode": "REPOSITORY_NOT_FOUND"});
            let failures = if names.contains(&"gone") { vec![gone] } else { vec![] };
            let found: Vec<Value> = found.map(scans).collect();
            reply(&json!({"scanningConfigurations": found, "failures": failures}))
        }
        _ if body["repositoryName"] == "gone" => error("RepositoryNotFoundException"),
        _ => image(operation, body),
    }
}

/// Round trips for `pay:1` of so many repositories of each account, and of one more that does not exist.
async fn round_trips_of(accounts: &[&str], repositories_of_each: usize, gone: bool) -> u32 {
    let names = (0..repositories_of_each).map(|n| format!("r{n}"));
    let names: Vec<String> = names.chain(gone.then(|| "gone".to_owned())).collect();
    let images = accounts.iter().flat_map(|account| {
        names.iter().map(|name| EcrImage {
            account: account.parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            repository: name.parse().unwrap(),
            id: ImageId::Tag("1".parse().unwrap()),
        })
    });
    let inspector = slow(true, repositories);
    let ((found, _), round_trips) = waits(Box::pin(inspect(&inspector, images))).await;
    assert_eq!(found.len(), accounts.len() * names.len());
    round_trips
}

#[tokio::test]
async fn twenty_repositories_of_three_registries_take_one_round_trip() {
    let registries = [OWN, "210987654321", "111122223333"];
    assert_eq!(round_trips_of(&registries, 7, false).await, 1);
    assert_eq!(round_trips_of(&[OWN], 20, false).await, 1);
}

#[tokio::test]
async fn a_name_that_does_not_exist_takes_one_round_trip_more() {
    assert_eq!(round_trips_of(&[OWN], 20, true).await, 2, "the configuration names it");
    assert_eq!(round_trips_of(&["210987654321"], 15, true).await, 2, "each is asked for");
}

/// Beside the first manifests. Only a tag of which ECR does not say what it stands for takes one more, and
/// the children of an index take as long.
#[tokio::test]
async fn signing_statuses_take_no_round_trip_of_their_own() {
    const SIGNED: Needs = Needs { signing: true, ..WITHOUT };
    type Answer = fn(&str, &Value) -> Reply;
    for (answer, digit, expected, unnamed) in [
        (image as Answer, 'a', 1, 2),
        (unscanned, 'a', 1, 2),
        (flat, '0', 2, 2),
        (nested, '0', 3, 3),
    ] {
        for (of, expected) in [(Some(digit), expected), (None, unnamed)] {
            let signed = move |operation: &str, body: &Value| {
                let none = json!([]);
                if operation == SIGNING { statuses(of, &none) } else { answer(operation, body) }
            };
            assert_eq!(round_trips(SIGNED, signed).await, expected, "{digit} {of:?}");
        }
    }
}

#[tokio::test]
async fn a_config_is_read_beside_the_scan() {
    assert_eq!(round_trips(NEEDS, image).await, 3, "manifest, URL, blob");
    assert_eq!(round_trips(NEEDS, unscanned).await, 3);
    assert_eq!(round_trips(NEEDS, flat).await, 4, "index, manifests, URLs, blobs");
    assert_eq!(round_trips(NEEDS, nested).await, 5, "one more for the index in it");
}

#[tokio::test]
async fn pages_come_one_after_the_other() {
    assert_eq!(round_trips(Needs { all_findings: true, ..WITHOUT }, paged).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_blob_is_waited_for_until_the_deadline() {
    let (started, left) = (Instant::now(), Duration::from_secs(7));
    let (found, _) = look_up_within(left, &slow(false, image), NEEDS).await;
    assert_eq!(started.elapsed(), left);
    let Ok((_, Content::Image(facts))) = found else { panic!("{found:?}") };
    let expected = Unavailable { operation: "the config blob", cause: Cause::TimedOut };
    assert_eq!(facts.config, ConfigFacts::Unavailable(expected));
}
