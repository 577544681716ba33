//! `DescribeImageScanFindings`.

use aws_sdk_ecr::operation::describe_image_scan_findings::builders::DescribeImageScanFindingsFluentBuilder;
use aws_sdk_ecr::types::{FindingSeverity, ImageIdentifier, ScanStatus};

use crate::stand_in::{Signer, StandIn, code_and_message, start_with};

const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    repositories:
      - name: a
        images:
          - tags: ["clean"]
            scan: {status: COMPLETE, completedAt: 2026-11-20T08:00:00.250Z, findings: []}
          - tags: ["found"]
            scan:
              status: COMPLETE
              findings:
                - {name: CVE-2026-1, severity: CRITICAL, package: openssl, version: 3.3.1, fixedIn: 3.3.2}
                - {name: CVE-2026-2, severity: MEDIUM, repeat: 249}
          - tags: ["uncounted"]
            scan: {status: COMPLETE, severityCounts: false, findings: [{name: CVE-2026-1, severity: SEVERE}]}
          - tags: ["contradictory"]
            scan: {status: COMPLETE, severityCounts: {}, findings: [{name: CVE-2026-1, severity: CRITICAL}]}
          - {tags: ["counted"], scan: {status: COMPLETE, severityCounts: {CRITICAL: 2, SEVERE: 1}}}
          - {tags: ["pending"], scan: {status: IN_PROGRESS}}
          - {tags: ["bare"], scan: {}}
          - {tags: ["large"], scan: {status: IMAGE_SIZE_EXCEEDED, description: too big}}
          - {tags: ["never"]}
          - tags: ["index"]
            platforms: [{os: linux, architecture: amd64, tags: ["child"], scan: {status: COMPLETE, findings: []}}]
  - account: "123456789012"
    region: eu-west-1
    scanType: ENHANCED
    repositories:
      - name: a
        images:
          - tags: ["found"]
            scan:
              status: ACTIVE
              completedAt: 2026-11-20T08:00:00Z
              vulnerabilitySourceUpdatedAt: 2026-11-20T06:00:00Z
              findings:
                - {name: CVE-2026-1, severity: CRITICAL, package: openssl, version: 3.3.1, fixedIn: 3.3.2, firstObservedAt: 2026-11-01T00:00:00Z}
                - {name: CVE-2026-2, severity: HIGH, package: glibc, fixAvailable: PARTIAL, status: SUPPRESSED}
                - {name: CVE-2026-3, severity: UNTRIAGED, repeat: 248}
          - {tags: ["not-yet"], scan: {status: ACTIVE, completedAt: 2026-11-20T08:00:00Z}}
"#;

fn describe(stand_in: &StandIn, tag: &str) -> DescribeImageScanFindingsFluentBuilder {
    describe_in(stand_in, "us-east-1", tag)
}

fn describe_in(
    stand_in: &StandIn,
    region: &'static str,
    tag: &str,
) -> DescribeImageScanFindingsFluentBuilder {
    let id = ImageIdentifier::builder().image_tag(tag).build();
    let client = stand_in.ecr_as(Signer { region, ..Signer::default() });
    client.describe_image_scan_findings().repository_name("a").image_id(id)
}

#[tokio::test]
async fn a_clean_scan_has_empty_counts_and_a_time() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let answer = describe(&stand_in, "clean").send().await.unwrap();
    assert_eq!(answer.image_scan_status().unwrap().status(), Some(&ScanStatus::Complete));
    let id = answer.image_id().unwrap();
    assert_eq!(id.image_tag(), Some("clean"));
    assert!(id.image_digest().unwrap().starts_with("sha256:"));
    let findings = answer.image_scan_findings().unwrap();
    let completed = findings.image_scan_completed_at().unwrap();
    assert_eq!((completed.secs(), completed.subsec_nanos()), (1_795_161_600, 250_000_000));
    assert!(findings.finding_severity_counts().unwrap().is_empty());
    assert_eq!(findings.findings.as_ref().unwrap().len(), 0);
    assert!(findings.enhanced_findings.is_none());
}

#[tokio::test]
async fn what_a_scan_does_not_say_is_not_sent() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let pending = describe(&stand_in, "pending").send().await.unwrap();
    assert_eq!(pending.image_scan_status().unwrap().status(), Some(&ScanStatus::InProgress));
    assert!(pending.image_scan_findings().is_none());
    let bare = describe(&stand_in, "bare").send().await.unwrap();
    assert_eq!(bare.image_scan_status().unwrap().status(), None);
    let large = describe(&stand_in, "large").send().await.unwrap();
    let status = large.image_scan_status().unwrap();
    assert_eq!(status.status().unwrap().as_str(), "IMAGE_SIZE_EXCEEDED");
    assert_eq!(status.description(), Some("too big"));
    let not_yet = describe_in(&stand_in, "eu-west-1", "not-yet").send().await.unwrap();
    let findings = not_yet.image_scan_findings().unwrap();
    assert!(findings.image_scan_completed_at().is_some());
    assert!(findings.finding_severity_counts().is_none());
    let uncounted = describe(&stand_in, "uncounted").send().await.unwrap();
    let findings = uncounted.image_scan_findings().unwrap();
    assert!(findings.finding_severity_counts().is_none());
    assert_eq!(findings.findings()[0].severity().unwrap().as_str(), "SEVERE");
}

#[tokio::test]
async fn counts_are_those_of_the_findings_or_those_that_are_given() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let answer = describe(&stand_in, "contradictory").send().await.unwrap();
    let findings = answer.image_scan_findings().unwrap();
    assert!(findings.finding_severity_counts().unwrap().is_empty());
    assert_eq!(findings.findings()[0].severity(), Some(&FindingSeverity::Critical));
    let answer = describe(&stand_in, "counted").send().await.unwrap();
    let findings = answer.image_scan_findings().unwrap();
    let counts = findings.finding_severity_counts().unwrap();
    assert_eq!((counts[&FindingSeverity::Critical], counts[&"SEVERE".into()]), (2, 1));
    assert!(findings.findings.is_none() && findings.image_scan_completed_at().is_none());
}

#[tokio::test]
async fn basic_findings_come_in_pages_of_the_asked_size_with_the_counts_of_all() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    for (size, pages) in
        [(None, vec![100, 100, 50]), (Some(200), vec![200, 50]), (Some(1_000), vec![250])]
    {
        let all = describe(&stand_in, "found").set_max_results(size).into_paginator().send();
        let all: Vec<_> = all.try_collect().await.unwrap();
        let sizes: Vec<usize> =
            all.iter().map(|it| it.image_scan_findings().unwrap().findings().len()).collect();
        assert_eq!(sizes, pages);
        for page in &all {
            let counts = page.image_scan_findings().unwrap().finding_severity_counts().unwrap();
            assert_eq!(counts[&FindingSeverity::Critical], 1);
            assert_eq!(counts[&FindingSeverity::Medium], 249);
        }
    }
    let first = describe(&stand_in, "found").max_results(2).send().await.unwrap();
    let findings = first.image_scan_findings().unwrap().findings();
    let attributes: Vec<(&str, &str)> =
        findings[0].attributes().iter().map(|it| (it.key(), it.value().unwrap())).collect();
    assert_eq!(attributes, [("package_name", "openssl"), ("package_version", "3.3.1")]);
    assert_eq!(findings[1].name(), Some("CVE-2026-2"));
}

#[tokio::test]
async fn enhanced_findings_come_by_the_hundred_with_what_inspector_knows() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let all =
        describe_in(&stand_in, "eu-west-1", "found").max_results(1_000).into_paginator().send();
    let all: Vec<_> = all.try_collect().await.unwrap();
    let sizes: Vec<usize> =
        all.iter().map(|it| it.image_scan_findings().unwrap().enhanced_findings().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);

    let findings = all[0].image_scan_findings().unwrap();
    assert!(findings.findings.is_none());
    assert_eq!(findings.vulnerability_source_updated_at().unwrap().secs(), 1_795_154_400);
    let [first, second, ..] = findings.enhanced_findings() else { panic!("{findings:?}") };
    assert_eq!((first.severity(), first.status()), (Some("CRITICAL"), Some("ACTIVE")));
    assert_eq!(first.fix_available(), Some("YES"));
    assert_eq!(first.first_observed_at().unwrap().secs(), 1_793_491_200);
    let details = first.package_vulnerability_details().unwrap();
    assert_eq!(details.vulnerability_id(), Some("CVE-2026-1"));
    let package = &details.vulnerable_packages()[0];
    assert_eq!(
        (package.name(), package.version(), package.fixed_in_version()),
        (Some("openssl"), Some("3.3.1"), Some("3.3.2"))
    );
    assert_eq!((second.fix_available(), second.status()), (Some("PARTIAL"), Some("SUPPRESSED")));
    let last = &all[2].image_scan_findings().unwrap().enhanced_findings()[49];
    assert_eq!((last.severity(), last.fix_available()), (Some("UNTRIAGED"), Some("NO")));
    let counts = findings.finding_severity_counts().unwrap();
    assert_eq!(counts[&FindingSeverity::from("UNTRIAGED")], 248);
}

#[tokio::test]
async fn an_image_that_was_not_scanned_an_index_and_a_missing_image_are_errors() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    for tag in ["never", "index"] {
        let error = describe(&stand_in, tag).send().await.unwrap_err().into_service_error();
        assert!(error.is_scan_not_found_exception(), "{error:?}");
        assert_eq!(
            code_and_message(&error).1,
            format!(
                "Image scan does not exist for the image with '{{imageDigest:'null', imageTag:'{tag}'}}' \
                 in the repository with name 'a' in the registry with id '123456789012'"
            )
        );
    }
    assert!(describe(&stand_in, "child").send().await.is_ok());
    let error = describe(&stand_in, "no").send().await.unwrap_err().into_service_error();
    assert!(error.is_image_not_found_exception());
    let call = describe(&stand_in, "clean").repository_name("no").send().await;
    assert!(call.unwrap_err().into_service_error().is_repository_not_found_exception());
    let nameless = describe(&stand_in, "clean").image_id(ImageIdentifier::builder().build());
    let error = nameless.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_parameter_exception());
}

#[tokio::test]
async fn page_sizes_and_tokens_are_checked() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let page = describe(&stand_in, "found").send().await.unwrap();
    let token = page.next_token().unwrap();
    for call in [
        describe(&stand_in, "found").max_results(0),
        describe(&stand_in, "found").max_results(1_001),
        describe(&stand_in, "found").next_token("made-up"),
        // A token is good for its own list only.
        describe_in(&stand_in, "eu-west-1", "found").next_token(token),
    ] {
        let error = call.send().await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{error:?}");
    }
    assert!(describe(&stand_in, "found").next_token(token).send().await.is_ok());
}
