//! The findings of a scan: which are kept, and how many pages they take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ecr_admission::inspect::Missing;
use ecr_admission_policy::facts::{
    Cause, Content, Finding, Findings, Fix, ImageScan, Needs, Scan, Severity,
};
use ecr_admission_policy::{SeverityLimit, Timestamp};
use serde_json::{Value, json};

use crate::support::digest;
use crate::support::ecr::{Reply, compliant, error, inspector, look_up, reply};
use crate::{FINDINGS, MANIFEST};

const SOME: Needs = Needs {
    severity_limit: SeverityLimit::High,
    all_findings: false,
    config: false,
    foreign_layers: false,
};
const ALL: Needs = Needs { all_findings: true, ..SOME };

fn page(findings: &Value, next_token: Option<&str>) -> Value {
    json!({
        "imageId": {"imageDigest": digest('a').as_str()},
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": findings,
        "nextToken": next_token,
    })
}

/// What is found when the pages are answered so; and how many there were.
async fn scan(
    needs: Needs,
    answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static,
) -> (Result<Scan, Missing>, u32) {
    let answer = move |operation: &str, body: &Value| match operation {
        MANIFEST => compliant(operation),
        _ => answer(operation, body),
    };
    let (found, calls) = look_up(&inspector(answer), needs).await;
    let scan = found.map(|(_, content)| match content {
        Content::Image(facts) => match facts.scan {
            ImageScan::Found(scan) => scan,
            ImageScan::NotFound => panic!("a scan was given"),
        },
        Content::Index(_) | Content::NotUnderstood(_) => panic!("a scan was given"),
    });
    (scan, calls - 1)
}

/// What is found on this one page.
async fn one_page(needs: Needs, findings: Value) -> Scan {
    let answer = reply(&page(&findings, None));
    scan(needs, move |_, _| answer.clone()).await.0.unwrap()
}

fn unavailable<T>(cause: Cause) -> Result<T, Missing> {
    Err(Missing::unavailable("ecr:DescribeImageScanFindings", cause))
}

/// Basic findings of these severities, each by the name of its severity and its place.
fn basic(severities: &[&str]) -> Value {
    let finding = |(n, severity): (usize, &&str)| json!({"name": format!("{severity}-{n}"), "severity": severity});
    severities.iter().enumerate().map(finding).collect()
}

fn names(findings: &Findings) -> Vec<&str> {
    findings.read().iter().map(|f| f.vulnerability.as_deref().unwrap()).collect()
}

#[tokio::test]
async fn a_basic_finding_is_read_whole() {
    let found = one_page(
        ALL,
        json!({
            "imageScanCompletedAt": 1_795_176_000.25,
            "vulnerabilitySourceUpdatedAt": 1_795_170_000,
            "findings": [
                {"name": "CVE-2026-1", "severity": "CRITICAL", "uri": "https://example.com", "attributes": [
                    {"key": "package_version", "value": "1.1.1"},
                    {"key": "package_name", "value": "openssl"},
                ]},
                {"severity": "HIGH", "attributes": [{"key": "package_name"}]},
            ],
        }),
    )
    .await;
    assert_eq!(found.completed_at, Some(Timestamp::from_seconds(1_795_176_000)));
    assert_eq!(found.source_updated_at, Some(Timestamp::from_seconds(1_795_170_000)));
    assert_eq!(found.counts, [(Severity::Critical, 1), (Severity::High, 1)].into());
    let high = Finding {
        vulnerability: None,
        severity: Severity::High,
        package: None,
        fixed_in: None,
        fix: Fix::Possible,
        first_observed_at: None,
    };
    let critical = Finding {
        vulnerability: Some("CVE-2026-1".to_owned()),
        severity: Severity::Critical,
        package: Some("openssl".to_owned()),
        ..high.clone()
    };
    assert_eq!(found.findings, Findings::All(vec![critical, high]));
}

#[tokio::test]
async fn an_enhanced_finding_is_read_whole() {
    let finding = |id: &str, fix: Value, packages: Value| {
        json!({
            "severity": "HIGH", "status": "ACTIVE", "fixAvailable": fix, "firstObservedAt": 1_795_000_000,
            "packageVulnerabilityDetails": {"vulnerabilityId": id, "vulnerablePackages": packages},
        })
    };
    let package = |name: &str, fixed_in: &str| json!({"name": name, "version": "1", "fixedInVersion": fixed_in});
    let found = one_page(
        ALL,
        json!({"enhancedFindings": [
            finding("A", json!("NO"), json!([package("zlib", "NotAvailable")])),
            finding("B", json!("YES"), json!([package("libssl", "NotAvailable"), package("openssl", "3.3.2")])),
            finding("C", json!("PARTIAL"), json!([{"name": "curl"}])),
            finding("D", json!("no"), json!([])),
            finding("E", Value::Null, Value::Null),
            {"severity": "HIGH"},
        ]}),
    )
    .await;
    let told: Vec<_> = found
        .findings
        .read()
        .iter()
        .map(|f| {
            let texts = [&f.vulnerability, &f.package, &f.fixed_in];
            (texts.map(|text| text.as_deref().unwrap_or("-")), f.fix, f.first_observed_at)
        })
        .collect();
    let observed = Some(Timestamp::from_seconds(1_795_000_000));
    assert_eq!(
        told,
        [
            (["B", "openssl", "3.3.2"], Fix::Possible, observed),
            (["A", "zlib", "-"], Fix::No, observed),
            (["C", "curl", "-"], Fix::Possible, observed),
            (["D", "-", "-"], Fix::Possible, observed),
            (["E", "-", "-"], Fix::Possible, observed),
            (["-", "-", "-"], Fix::Possible, None),
        ]
    );
    assert_eq!((found.completed_at, found.source_updated_at), (None, None));
}

#[tokio::test]
async fn only_the_worst_are_kept_where_not_all_are_needed() {
    let severities = ["LOW", "HIGH", "HIGH", "SEVERE", "CRITICAL", "UNTRIAGED", "MEDIUM"];
    let found = one_page(SOME, json!({"findings": basic(&severities)})).await;
    assert!(matches!(found.findings, Findings::Some(_)));
    assert_eq!(names(&found.findings), ["SEVERE-3", "CRITICAL-4", "HIGH-1"]);
    assert_eq!(found.counts.values().sum::<u64>(), 7);
    let found = one_page(ALL, json!({"findings": basic(&severities)})).await;
    assert!(matches!(found.findings, Findings::All(_)));
    assert_eq!(names(&found.findings), ["SEVERE-3", "CRITICAL-4", "HIGH-1", "HIGH-2"]);
    let all = Needs { severity_limit: SeverityLimit::Informational, ..ALL };
    let found = one_page(all, json!({"findings": basic(&severities)})).await;
    assert_eq!(found.findings.read().len(), 7);
}

#[tokio::test]
async fn long_text_is_cut() {
    let long = "é".repeat(500);
    let attributes = json!([{"key": "package_name", "value": long}]);
    let finding = json!([{"name": long, "severity": "CRITICAL", "attributes": attributes}]);
    let found = one_page(ALL, json!({"findings": finding})).await;
    let finding = &found.findings.read()[0];
    for text in [&finding.vulnerability, &finding.package] {
        let text = text.as_deref().unwrap();
        assert_eq!((text.chars().count(), text.chars().last()), (128, Some('…')));
    }
}

/// A first page with these counts and one finding, and a second with two.
fn two_pages(counts: Value) -> impl Fn(&str, &Value) -> Reply + Send + Sync + 'static {
    move |operation, _| match operation {
        FINDINGS => reply(&page(
            &json!({"findingSeverityCounts": counts, "findings": basic(&["LOW"])}),
            Some("2"),
        )),
        "DescribeImageScanFindings/2" => reply(&page(
            &json!({"enhancedFindings": [{"severity": "CRITICAL"}, {"severity": "HIGH"}]}),
            None,
        )),
        other => panic!("{other} has nothing to do with findings"),
    }
}

#[tokio::test]
async fn further_pages_are_read_only_when_they_matter() {
    let critical = json!({"CRITICAL": 1, "HIGH": 1, "LOW": 1});
    let harmless = json!({"LOW": 5, "HIGH": 0});
    for (needs, counts, calls, kept) in [
        (SOME, critical.clone(), 1, 0),
        (ALL, critical, 2, 2),
        (SOME, harmless.clone(), 1, 0),
        (ALL, harmless, 1, 0),
        (SOME, json!({}), 1, 0),
        (ALL, json!({}), 1, 0),
        (SOME, Value::Null, 2, 2),
        (ALL, Value::Null, 2, 2),
        (ALL, json!({"SEVERE": 0, "HIGH": 1}), 2, 2),
    ] {
        let (found, asked) = scan(needs, two_pages(counts.clone())).await;
        let found = found.unwrap();
        let told = (asked, found.findings.read().len());
        assert_eq!(told, (calls, kept), "{needs:?} {counts}");
        assert_eq!(matches!(found.findings, Findings::All(_)), needs.all_findings);
        let service = counts.as_object().map(|counts| {
            counts.iter().map(|(word, n)| (word.as_str().into(), n.as_u64().unwrap())).collect()
        });
        let read = [(Severity::Low, 1), (Severity::High, 1), (Severity::Critical, 1)];
        assert_eq!(found.counts, service.unwrap_or(read.into()), "{needs:?} {counts}");
    }
}

#[tokio::test]
async fn pages_are_as_large_as_ecr_allows_where_all_are_needed() {
    for (needs, size) in [(SOME, 100), (ALL, 1000)] {
        let pages = two_pages(Value::Null);
        let (found, calls) = scan(needs, move |operation, body| {
            assert_eq!(body["maxResults"], size);
            pages(operation, body)
        })
        .await;
        assert!(found.is_ok() && calls == 2);
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_read_fails_the_scan() {
    for (answer, cause) in [
        (error("ThrottlingException"), Cause::Throttled),
        (error("ServerException"), Cause::Internal),
        ((200, "{".to_owned()), Cause::Internal),
    ] {
        let (found, calls) = scan(ALL, move |operation, body| match operation {
            FINDINGS => two_pages(json!({"HIGH": 1}))(operation, body),
            _ => answer.clone(),
        })
        .await;
        assert_eq!((found, calls), (unavailable(cause), 2));
    }
}

#[tokio::test]
async fn fewer_findings_than_counted_fail_the_scan() {
    for (counts, agrees) in [
        (json!({"CRITICAL": 1, "HIGH": 1}), true),
        // There are fewer, but none that matters.
        (json!({"HIGH": 1, "LOW": 9, "MEDIUM": 9}), true),
        // More are judged as they are.
        (json!({"HIGH": 1}), true),
        (json!({"HIGH": 2}), false),
        (json!({"CRITICAL": 2, "HIGH": 1}), false),
        // A severity does not stand in for another.
        (json!({"CRITICAL": 2}), false),
        (json!({"HIGH": 1, "SEVERE": 1}), false),
    ] {
        let (found, _) = scan(ALL, two_pages(counts.clone())).await;
        match found {
            Ok(_) => assert!(agrees, "{counts}"),
            failed => assert_eq!((agrees, failed), (false, unavailable(Cause::Internal))),
        }
        assert!(scan(SOME, two_pages(counts)).await.0.is_ok(), "the counts alone are judged");
    }
}

#[tokio::test]
async fn pages_without_an_end_fail_the_scan() {
    for counts in [json!({"HIGH": 1}), Value::Null] {
        for needs in [SOME, ALL].into_iter().filter(|n| n.all_findings || counts.is_null()) {
            let findings = json!({"findingSeverityCounts": counts, "findings": basic(&["HIGH"])});
            let answer = reply(&page(&findings, Some("again")));
            let (found, calls) = scan(needs, move |_, _| answer.clone()).await;
            assert_eq!((found, calls), (unavailable(Cause::Internal), 100));
        }
    }
}

#[tokio::test]
async fn a_hundred_pages_are_read() {
    let pages = Arc::new(AtomicU32::new(0));
    let (found, calls) = scan(ALL, move |_, _| {
        let last = pages.fetch_add(1, Ordering::Relaxed) == 99;
        reply(&page(&json!({"findings": basic(&["HIGH"])}), (!last).then_some("next")))
    })
    .await;
    assert_eq!((found.unwrap().findings.read().len(), calls), (100, 100));
}

#[tokio::test]
async fn a_page_of_another_image_fails_the_scan() {
    for other in [json!({"imageDigest": digest('b').as_str()}), json!({}), Value::Null] {
        let (found, _) = scan(ALL, move |operation, body| {
            if operation == FINDINGS {
                return two_pages(Value::Null)(operation, body);
            }
            let mut page = page(&json!({"findings": []}), None);
            page["imageId"] = other.clone();
            reply(&page)
        })
        .await;
        assert_eq!(found, unavailable(Cause::Internal));
    }
}
