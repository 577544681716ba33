//! The findings of a scan: which are kept, and how many pages they take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ecr_admission::inspect::Missing;
use ecr_admission_policy::facts::{
    Cause, Content, Finding, Findings, Fix, ImageScan, Scan, Severity,
};
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{SeverityLimit, Timestamp};
use serde_json::{Value, json};

use crate::{FINDINGS, MANIFEST};
use ecr_admission_testing::digest;
use ecr_admission_testing::ecr::{Reply, compliant, error, inspector, look_up, reply};

const SOME: Needs = Needs {
    severity_limit: SeverityLimit::High,
    all_findings: false,
    config: false,
    signing: false,
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
    let summary: Vec<_> = found
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
        summary,
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
async fn what_is_shown_is_cut_and_what_is_compared_is_whole_or_nothing() {
    for (length, id) in [(1, true), (64, true), (65, true), (128, true), (129, false), (500, false)]
    {
        let long = "x".repeat(length);
        let shown = if length > 64 { "x".repeat(63) + "…" } else { long.clone() };
        let basic = json!([{
            "name": long, "severity": long,
            "attributes": [{"key": "package_name", "value": long}],
        }]);
        let details = json!({
            "vulnerabilityId": long, "vulnerablePackages": [{"name": long, "fixedInVersion": long}],
        });
        let enhanced = json!([{"severity": long, "packageVulnerabilityDetails": details}]);
        let counts = json!({long.clone(): 2});
        for (findings, fixed_in) in [
            (json!({"findingSeverityCounts": counts, "findings": basic}), None),
            (json!({"findingSeverityCounts": counts, "enhancedFindings": enhanced}), Some(&shown)),
        ] {
            let found = one_page(SOME, findings).await;
            let severity = Severity::Unknown(shown.clone());
            assert_eq!(found.counts, [(severity.clone(), 2)].into());
            let [finding] = found.findings.read() else { panic!("{found:?}") };
            assert_eq!(finding.vulnerability.as_ref(), id.then_some(&long));
            assert_eq!((&finding.severity, finding.package.as_ref()), (&severity, Some(&shown)));
            assert_eq!(finding.fixed_in.as_ref(), fixed_in);
        }
    }
    // Severities that begin alike are counted together, never one for the other.
    let counts = json!({"x".repeat(70): 2, "x".repeat(80): 3});
    let found = one_page(SOME, json!({"findingSeverityCounts": counts})).await;
    assert_eq!(found.counts.into_values().collect::<Vec<_>>(), [5]);
}

/// Enhanced findings of these severities and statuses, each with the id `CVE-2026-1`.
fn enhanced(findings: &[(&str, &str)]) -> Value {
    let details = json!({"vulnerabilityId": "CVE-2026-1"});
    let finding = |(severity, status): &(&str, &str)| json!({"severity": severity, "status": status, "packageVulnerabilityDetails": details});
    findings.iter().map(finding).collect()
}

#[tokio::test]
async fn the_larger_of_both_numbers_counts() {
    const ACTIVE: (&str, &str) = ("CRITICAL", "ACTIVE");
    const NEW: (&str, &str) = ("CRITICAL", "MUTED");
    const WORDLESS: (&str, &str) = ("CRITICAL", "");
    const SMALL: (&str, &str) = ("CRITICAL", "closed");
    const SUPPRESSED: (&str, &str) = ("CRITICAL", "SUPPRESSED");
    const CLOSED: (&str, &str) = ("CRITICAL", "CLOSED");
    for (counts, listed, expected, any_open) in [
        (json!({}), &[ACTIVE][..], 1, true),
        (json!({"CRITICAL": 0}), &[ACTIVE, ACTIVE], 2, true),
        (json!({"CRITICAL": 1}), &[ACTIVE, ACTIVE], 2, true),
        (json!({"CRITICAL": 3}), &[ACTIVE, ACTIVE, ACTIVE], 3, true),
        // A status that this version does not know is open.
        (json!({}), &[NEW, WORDLESS, SMALL], 3, true),
        // Where ECR counts, what is suppressed or closed adds nothing and takes nothing away.
        (json!({}), &[SUPPRESSED, CLOSED], 0, false),
        (json!({"CRITICAL": 2}), &[SUPPRESSED, CLOSED], 2, true),
        (json!({"CRITICAL": 1}), &[ACTIVE, SUPPRESSED, CLOSED], 1, true),
        // Where it does not, only what is closed is over.
        (Value::Null, &[ACTIVE], 1, true),
        (Value::Null, &[SUPPRESSED, SUPPRESSED], 2, false),
        (Value::Null, &[CLOSED], 0, false),
        (Value::Null, &[ACTIVE, SUPPRESSED, CLOSED], 2, true),
        (json!({}), &[], 0, false),
        (Value::Null, &[], 0, false),
    ] {
        for needs in [SOME, ALL] {
            let findings =
                json!({"findingSeverityCounts": counts, "enhancedFindings": enhanced(listed)});
            let found = one_page(needs, findings).await;
            let critical = found.counts.get(&Severity::Critical).copied().unwrap_or_default();
            assert_eq!((critical, found.any_open), (expected, any_open), "{counts} {listed:?}");
            assert_eq!(found.has_result(), any_open);
        }
    }
}

#[tokio::test]
async fn only_what_is_open_is_kept_where_ecr_counts() {
    let listed = enhanced(&[("CRITICAL", "ACTIVE"), ("HIGH", "SUPPRESSED"), ("HIGH", "CLOSED")]);
    for (counts, kept) in [(json!({"CRITICAL": 1, "HIGH": 2}), 1), (Value::Null, 2)] {
        for needs in [SOME, ALL] {
            let findings = json!({"findingSeverityCounts": counts, "enhancedFindings": listed});
            assert_eq!(one_page(needs, findings).await.findings.read().len(), kept);
        }
    }
}

#[tokio::test]
async fn all_pages_are_read_where_the_first_lists_more_than_is_counted() {
    for (counts, first, calls, high) in [
        (json!({}), "HIGH", 2, 2),
        (json!({"HIGH": 0, "LOW": 9}), "HIGH", 2, 2),
        // Nothing is said against these counts.
        (json!({"HIGH": 1}), "HIGH", 1, 1),
        (json!({"HIGH": 1, "LOW": 1}), "LOW", 1, 1),
        // Counts that leave out what is below the limit may leave out more.
        (json!({"HIGH": 1}), "LOW", 2, 1),
        (json!({}), "LOW", 2, 1),
    ] {
        let answer = {
            let counts = counts.clone();
            move |operation: &str, _: &Value| {
                let listed = if operation == FINDINGS { basic(&[first]) } else { basic(&["HIGH"]) };
                let more = (operation == FINDINGS).then_some("2");
                reply(&page(&json!({"findingSeverityCounts": counts, "findings": listed}), more))
            }
        };
        let (found, asked) = scan(SOME, answer).await;
        let counted = found.unwrap().counts.get(&Severity::High).copied().unwrap_or_default();
        assert_eq!((asked, counted), (calls, high), "{counts} {first}");
    }
}

#[tokio::test]
async fn the_counts_of_further_pages_count_too() {
    for (first, later, expected) in [
        (json!({"HIGH": 1}), json!({"HIGH": 7, "CRITICAL": 2}), [7, 2]),
        (json!({"HIGH": 7}), json!({"HIGH": 8}), [7, 0]),
        (Value::Null, json!({"HIGH": 7}), [7, 0]),
        (Value::Null, json!({"HIGH": 1}), [6, 0]),
    ] {
        let answer = move |operation: &str, _: &Value| {
            let is_first = operation == FINDINGS;
            let counts = if is_first { &first } else { &later };
            let statuses = ["ACTIVE", "ACTIVE", "SUPPRESSED"];
            let listed = enhanced(&statuses.map(|status| ("HIGH", status)));
            let body = json!({"findingSeverityCounts": counts, "enhancedFindings": listed});
            reply(&page(&body, is_first.then_some("2")))
        };
        let found = scan(SOME, answer).await.0.unwrap();
        let of = |severity| found.counts.get(&severity).copied().unwrap_or_default();
        assert_eq!([of(Severity::High), of(Severity::Critical)], expected);
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
        (SOME, Value::Null, 2, 2),
        (ALL, Value::Null, 2, 2),
        (ALL, json!({"SEVERE": 0, "HIGH": 1, "CRITICAL": 1}), 2, 2),
    ] {
        let (found, asked) = scan(needs, two_pages(counts.clone())).await;
        let found = found.unwrap();
        let summary = (asked, found.findings.read().len());
        assert_eq!(summary, (calls, kept), "{needs:?} {counts}");
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
        // More are evaluated as they are.
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
        assert!(scan(SOME, two_pages(counts)).await.0.is_ok(), "the counts alone are evaluated");
    }
}

#[tokio::test]
async fn suppressed_and_closed_findings_are_read_but_excused_by_nothing() {
    let listed =
        enhanced(&[("CRITICAL", "ACTIVE"), ("CRITICAL", "SUPPRESSED"), ("CRITICAL", "CLOSED")]);
    for (counted, agrees) in [(1, true), (2, true), (3, true), (4, false)] {
        let counts = json!({"CRITICAL": counted});
        let findings = json!({"findingSeverityCounts": counts, "enhancedFindings": listed});
        let answer = reply(&page(&findings, None));
        let (found, _) = scan(ALL, move |_, _| answer.clone()).await;
        if !agrees {
            assert_eq!(found, unavailable(Cause::Internal));
            continue;
        }
        let found = found.unwrap();
        assert_eq!(found.counts, [(Severity::Critical, counted)].into());
        assert_eq!(found.findings.read().len(), 1, "the others cannot be let through");
    }
}

#[tokio::test]
async fn a_page_of_another_scan_fails_the_scan() {
    let done = 1_795_176_000;
    for (status, completed_at, same) in [
        (json!({"status": "COMPLETE"}), json!(done), true),
        (Value::Null, Value::Null, true),
        (json!({"status": "IN_PROGRESS"}), Value::Null, false),
        (Value::Null, json!(done + 1), false),
    ] {
        let answer = move |operation: &str, _: &Value| {
            let is_first = operation == FINDINGS;
            let at = if is_first { &json!(done) } else { &completed_at };
            let findings = json!({"imageScanCompletedAt": at, "findings": basic(&["LOW"])});
            let mut page = page(&findings, is_first.then_some("2"));
            if !is_first {
                page["imageScanStatus"] = status.clone();
            }
            reply(&page)
        };
        match scan(SOME, answer).await.0 {
            Ok(_) => assert!(same),
            failed => assert_eq!((same, failed), (false, unavailable(Cause::Internal))),
        }
    }
}

#[tokio::test]
async fn a_negative_count_fails_the_scan_on_every_page() {
    for negative in [FINDINGS, "DescribeImageScanFindings/2"] {
        let answer = move |operation: &str, _: &Value| {
            let count = if operation == negative { -1 } else { 0 };
            let findings =
                json!({"findingSeverityCounts": {"LOW": count}, "findings": basic(&["HIGH"])});
            reply(&page(&findings, (operation == FINDINGS).then_some("2")))
        };
        assert_eq!(scan(SOME, answer).await.0, unavailable(Cause::Internal));
    }
}

#[tokio::test]
async fn the_longest_list_that_is_read_stays_cheap() {
    for needs in [SOME, ALL] {
        let page_number = Arc::new(AtomicU32::new(0));
        let severities = vec!["CRITICAL"; 1000];
        let findings = json!({"findings": basic(&severities)});
        let (more, last) = (page(&findings, Some("next")), page(&findings, None));
        let (more, last) = (reply(&more), reply(&last));
        let (found, calls) = scan(needs, move |_, _| {
            let is_last = page_number.fetch_add(1, Ordering::Relaxed) == 99;
            if is_last { last.clone() } else { more.clone() }
        })
        .await;
        let found = found.unwrap();
        assert_eq!((calls, found.counts[&Severity::Critical]), (100, 100_000));
        let kept = if needs.all_findings { 100_000 } else { 3 };
        assert_eq!(found.findings.read().len(), kept);
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
        assert_eq!(found, Err(Missing::Moved));
    }
}
