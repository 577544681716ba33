//! The sample catalogue is one that ECR could hold, and holds what it is for.

use std::collections::BTreeSet;
use std::path::Path;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::ImageIdentifier;

use crate::stand_in::{Signer, StandIn, start_with};

async fn stand_in() -> StandIn {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/samples/registry.yaml");
    start_with(&std::fs::read_to_string(path).unwrap(), &[]).await
}

#[tokio::test]
async fn it_holds_every_case_that_the_demo_shows() {
    let stand_in = stand_in().await;
    let client = stand_in.ecr();
    let answer = client.describe_repositories().send().await.unwrap();
    let mutabilities: BTreeSet<&str> = answer
        .repositories()
        .iter()
        .map(|it| it.image_tag_mutability().unwrap().as_str())
        .collect();
    let all = ["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE", "MUTABLE_WITH_EXCLUSION"];
    assert_eq!(mutabilities, BTreeSet::from(all));

    let names = answer.repositories().iter().map(|it| it.repository_name().unwrap().to_owned());
    let call = client.batch_get_repository_scanning_configuration();
    let scanning = call.set_repository_names(Some(names.collect())).send().await.unwrap();
    let frequencies: BTreeSet<&str> = scanning
        .scanning_configurations()
        .iter()
        .map(|it| it.scan_frequency().unwrap().as_str())
        .collect();
    assert_eq!(frequencies, BTreeSet::from(["MANUAL", "SCAN_ON_PUSH"]));

    for (repository, tag, outcome) in [
        ("payments/api", "1.4", "COMPLETE"),
        ("web/frontend", "2.1", "COMPLETE"),
        ("payments/worker", "dev-42", "COMPLETE"),
        ("base/runtime", "nightly", "COMPLETE"),
        ("legacy/batch", "5.2", "COMPLETE"),
        ("shop/checkout", "1.9", "COMPLETE CRITICAL HIGH"),
        ("shop/search", "0.7", "IN_PROGRESS"),
        ("shop/cart", "0.1", "ScanNotFoundException"),
        ("shop/catalog", "4.2", "ScanNotFoundException"),
        ("shop/thumbnails", "1.1", "ScanNotFoundException"),
        ("shop/assistant", "3.0", "ScanNotFoundException"),
        ("shop/sessions", "2.2", "COMPLETE"),
        ("shop/reviews", "2.0", "COMPLETE UNDEFINED"),
        ("shop/recommendations", "1.0", "COMPLETE MEDIUM, more"),
        ("shop/recommendations", "1.1", "COMPLETE, more"),
        ("tools/debug", "1.0", "COMPLETE"),
    ] {
        assert_eq!(scanned(&client, repository, tag).await, outcome, "{repository}:{tag}");
    }
    let ireland = stand_in.ecr_as(Signer { region: "eu-west-1", ..Signer::default() });
    assert_eq!(scanned(&ireland, "payments/api", "1.4").await, "ACTIVE LOW");
    assert_eq!(scanned(&ireland, "payments/api", "1.5").await, "ACTIVE");
}

/// Status and counted severities of an image's scan, or the code of the error.
async fn scanned(client: &Client, repository: &str, tag: &str) -> String {
    use aws_sdk_ecr::error::ProvideErrorMetadata as _;
    let id = ImageIdentifier::builder().image_tag(tag).build();
    let call = client.describe_image_scan_findings().repository_name(repository).image_id(id);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => return error.code().unwrap().to_owned(),
    };
    let status = answer.image_scan_status().unwrap().status().unwrap().as_str();
    let counts = answer.image_scan_findings().and_then(|it| it.finding_severity_counts());
    let mut severities: Vec<&str> =
        counts.into_iter().flatten().map(|(it, _)| it.as_str()).collect();
    severities.sort_unstable();
    let more = if answer.next_token().is_some() { ", more" } else { "" };
    format!("{}{more}", [&[status][..], &severities].concat().join(" "))
}
