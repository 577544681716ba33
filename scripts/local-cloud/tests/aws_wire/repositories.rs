//! `DescribeRepositories` and `BatchGetRepositoryScanningConfiguration`.

use aws_sdk_ecr::types::{ImageTagMutability, ScanFrequency, ScanningRepositoryFilterType};

use crate::stand_in::{ACCOUNT, Signer, code_and_message, start_with};

const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    repositories:
      - name: payments/api
        imageTagMutability: IMMUTABLE_WITH_EXCLUSION
        imageTagMutabilityExclusionFilters: ["dev-*", {filter: "x.*", filterType: REGEX}]
        scanOnPush: true
        scanFrequency: CONTINUOUS_SCAN
        appliedScanFilters: ["*"]
      - {name: bare}
      - {name: by-hand, imageTagMutability: MUTABLE, scanOnPush: false}
      - {name: new-words, imageTagMutability: FROZEN, scanOnPush: true, scanFrequency: NOW_AND_THEN}
  - account: "123456789012"
    region: eu-west-1
    repositories: [{name: elsewhere, imageTagMutability: IMMUTABLE}]
  - account: "210987654321"
    region: us-east-1
    repositories: [{name: theirs, imageTagMutability: IMMUTABLE, scanOnPush: true}]
"#;

#[tokio::test]
async fn a_repository_says_what_the_catalogue_says() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let call = stand_in.ecr().describe_repositories();
    let answer =
        call.repository_names("payments/api").repository_names("bare").send().await.unwrap();

    let [api, bare] = answer.repositories() else { panic!("{answer:?}") };
    assert_eq!(api.registry_id(), Some(ACCOUNT));
    assert_eq!(
        api.repository_arn(),
        Some("arn:aws:ecr:us-east-1:123456789012:repository/payments/api")
    );
    assert_eq!(
        api.repository_uri(),
        Some("123456789012.dkr.ecr.us-east-1.amazonaws.com/payments/api")
    );
    assert_eq!(api.image_tag_mutability(), Some(&ImageTagMutability::ImmutableWithExclusion));
    let filters = api.image_tag_mutability_exclusion_filters();
    assert_eq!((filters[0].filter(), filters[0].filter_type().as_str()), ("dev-*", "WILDCARD"));
    assert_eq!((filters[1].filter(), filters[1].filter_type().as_str()), ("x.*", "REGEX"));
    assert!(api.image_scanning_configuration().unwrap().scan_on_push());
    // What the catalogue leaves out is not sent.
    assert_eq!(bare.image_tag_mutability(), None);
    assert_eq!(bare.image_scanning_configuration(), None);
    assert!(bare.image_tag_mutability_exclusion_filters.is_none());
}

#[tokio::test]
async fn one_missing_name_fails_the_batch() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let call = stand_in.ecr().describe_repositories();
    let error = call.repository_names("bare").repository_names("no").send().await.unwrap_err();
    let error = error.into_service_error();
    assert!(error.is_repository_not_found_exception());
    assert_eq!(
        code_and_message(&error).1,
        "The repository with name 'no' does not exist in the registry with id '123456789012'"
    );
    assert_eq!(
        stand_in.calls(),
        [["DescribeRepositories", "123456789012/us-east-1/bare,no", "400"]]
    );
}

#[tokio::test]
async fn names_are_1_to_100_and_come_without_pages() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let names = |count: usize| vec!["bare".to_owned(); count];
    let describe = || stand_in.ecr().describe_repositories();
    let all = describe().set_repository_names(Some(names(100))).send().await.unwrap();
    assert_eq!(all.repositories().len(), 100);
    for call in [
        describe().set_repository_names(Some(names(101))),
        describe().set_repository_names(Some(names(0))),
        describe().repository_names("bare").max_results(5),
        describe().max_results(1_001),
    ] {
        let error = call.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{error:?}");
    }
}

#[tokio::test]
async fn all_repositories_come_in_pages() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let pages = stand_in.ecr().describe_repositories().max_results(3).into_paginator().send();
    let pages: Vec<_> = pages.try_collect().await.unwrap();
    let names: Vec<Vec<&str>> = pages
        .iter()
        .map(|page| page.repositories().iter().filter_map(|it| it.repository_name()).collect())
        .collect();
    assert_eq!(names, [vec!["bare", "by-hand", "new-words"], vec!["payments/api"]]);
}

#[tokio::test]
async fn the_signed_region_and_the_registry_id_select_the_registry() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let ireland = stand_in.ecr_as(Signer { region: "eu-west-1", ..Signer::default() });
    let answer =
        ireland.describe_repositories().repository_names("elsewhere").send().await.unwrap();
    assert_eq!(
        answer.repositories()[0].repository_uri(),
        Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com/elsewhere")
    );
    let missing = ireland.describe_repositories().repository_names("bare").send().await;
    assert!(missing.unwrap_err().into_service_error().is_repository_not_found_exception());

    let theirs = |account: &str| {
        let call = stand_in.ecr().describe_repositories().registry_id(account);
        call.repository_names("theirs").send()
    };
    let answer = theirs("210987654321").await.unwrap();
    assert_eq!(answer.repositories()[0].registry_id(), Some("210987654321"));
    let error = theirs("999999999999").await.unwrap_err().into_service_error();
    assert_eq!(
        code_and_message(&error),
        (
            "RepositoryNotFoundException".to_owned(),
            "The repository with name 'theirs' does not exist in the registry with id '999999999999'".to_owned()
        )
    );
}

#[tokio::test]
async fn the_effective_scanning_configuration_fails_by_name() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let call = stand_in.ecr().batch_get_repository_scanning_configuration();
    let names = ["payments/api", "by-hand", "bare", "new-words", "theirs"];
    let answer =
        call.set_repository_names(Some(names.map(Into::into).to_vec())).send().await.unwrap();

    let [api, by_hand, bare, new_words] = answer.scanning_configurations() else {
        panic!("{answer:?}")
    };
    assert_eq!(api.scan_frequency(), Some(&ScanFrequency::ContinuousScan));
    assert!(api.scan_on_push());
    let filter = &api.applied_scan_filters()[0];
    assert_eq!(
        (filter.filter(), filter.filter_type()),
        ("*", &ScanningRepositoryFilterType::Wildcard)
    );
    // The frequency follows the flag where only that is given, and is not sent where neither is.
    assert_eq!(by_hand.scan_frequency(), Some(&ScanFrequency::Manual));
    assert_eq!(bare.scan_frequency(), None);
    assert_eq!(new_words.scan_frequency().unwrap().as_str(), "NOW_AND_THEN");
    // Another account's repository cannot be asked for.
    let [failure] = answer.failures() else { panic!("{answer:?}") };
    assert_eq!(failure.repository_name(), Some("theirs"));
    assert_eq!(failure.failure_code().unwrap().as_str(), "REPOSITORY_NOT_FOUND");
}

#[tokio::test]
async fn scanning_configurations_are_asked_for_25_at_a_time() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let call = |count: usize| {
        let names = Some(vec!["bare".to_owned(); count]);
        let call = stand_in.ecr().batch_get_repository_scanning_configuration();
        call.set_repository_names(names).send()
    };
    assert_eq!(call(25).await.unwrap().scanning_configurations().len(), 25);
    for count in [0, 26] {
        let error = call(count).await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{error:?}");
    }
}
