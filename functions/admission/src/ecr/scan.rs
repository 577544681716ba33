//! The scan of one image: `DescribeImageScanFindings`, page by page.

use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput;
use aws_sdk_ecr::types::{ImageIdentifier, ImageScanFindings};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, Findings, Needs, Scan};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;
use serde::Serialize;

use super::call::{Failure, NotFound, call};
use super::findings::{Counts, Tally, counts, timestamp};
use super::{EcrInspector, identifier};
use crate::inspect::{Budget, Missing};

const FINDINGS: &str = "ecr:DescribeImageScanFindings";

/// The findings on one page where not all are needed. The counts of all findings come with the first,
/// so further pages are rare and a small one is quicker read; enhanced findings come by 100 whatever is
/// asked for.
const PAGE: i32 = 100;

/// The findings on one page where all are needed: as many as ECR allows (API reference).
const LARGEST_PAGE: i32 = 1000;

/// The most pages that are read of one image. They come one after the other, so that a review would
/// hardly wait for as many; this bounds the memory they take.
const MAX_PAGES: u32 = 100;

/// What ECR says of the scan of one image.
#[derive(Debug)]
pub(super) enum Scanned {
    /// There is none.
    NotFound,
    /// There is one, of the image with this digest.
    Found(Digest, Scan),
}

/// Asks for the scan of an image. Further pages are read only when the counts are absent, or when every
/// finding is needed and there is one.
pub(super) async fn scan(
    ecr: &EcrInspector,
    image: &EcrImage,
    needs: &Needs,
    budget: &Budget,
) -> Result<Scanned, Missing> {
    let first = match page(ecr, image, needs, None, budget).await {
        Ok(page) => page,
        Err(Failure::NotFound(NotFound::Scan)) => return Ok(Scanned::NotFound),
        Err(failure) => return Err(failure.missing(FINDINGS)),
    };
    let internal = || Missing::unavailable(FINDINGS, Cause::Internal);
    let digest = digest(image, &first).ok_or_else(internal)?;
    let word = first.image_scan_status().and_then(|s| s.status()).map_or("", |s| s.as_str());
    let status = word.into();
    let findings = first.image_scan_findings();
    let completed_at = findings.and_then(|f| f.image_scan_completed_at()).map(timestamp);
    let source_updated_at = findings.and_then(|f| f.vulnerability_source_updated_at());
    let source_updated_at = source_updated_at.map(timestamp);
    let counted = findings.and_then(ImageScanFindings::finding_severity_counts);
    let sent = counted.map(|counted| counts(counted).ok_or_else(internal)).transpose()?;
    let counted = sent.is_some();
    let (counts, findings) = findings_of(ecr, image, needs, (&digest, first), sent, budget).await?;
    let scan = Scan { status, completed_at, source_updated_at, counted, counts, findings };
    Ok(Scanned::Found(digest, scan))
}

/// The counts and the findings of a scan, from its first page and as many others as it takes.
async fn findings_of(
    ecr: &EcrInspector,
    image: &EcrImage,
    needs: &Needs,
    (of, first): (&Digest, DescribeImageScanFindingsOutput),
    counted: Option<Counts>,
    budget: &Budget,
) -> Result<(Counts, Findings), Missing> {
    let failed = |message| {
        ecr.log.warn(message, &FailedScan { image: image.to_string() });
        Missing::unavailable(FINDINGS, Cause::Internal)
    };
    let denies = |counted: &Counts| {
        counted.iter().any(|(severity, n)| *n > 0 && needs.severity_limit.denies(severity))
    };
    let all_pages = counted.as_ref().is_none_or(|counted| needs.all_findings && denies(counted));
    let mut tally = Tally::new(*needs);
    let mut current = first;
    let mut pages = 1;
    loop {
        if let Some(findings) = current.image_scan_findings() {
            tally.add(findings);
        }
        let Some(token) = current.next_token.take().filter(|_| all_pages) else { break };
        if pages == MAX_PAGES {
            return Err(failed("there are too many pages of findings"));
        }
        let next = page(ecr, image, needs, Some(token), budget).await;
        current = next.map_err(|failure| failure.missing(FINDINGS))?;
        pages += 1;
        if digest(image, &current).as_ref() != Some(of) {
            return Err(failed("the tag moved between two pages of findings"));
        }
    }
    let disagrees = |counted: &Counts| needs.all_findings && !tally.agrees_with(counted);
    if counted.as_ref().is_some_and(disagrees) {
        return Err(failed("findings and counts disagree"));
    }
    let (read, findings) = tally.finish();
    Ok((counted.unwrap_or(read), findings))
}

#[derive(Serialize)]
struct FailedScan {
    image: String,
}

/// The digest of the image that a page is about.
fn digest(image: &EcrImage, page: &DescribeImageScanFindingsOutput) -> Option<Digest> {
    match &image.id {
        ImageId::Digest(digest) => Some(digest.clone()),
        ImageId::Tag(_) => page.image_id().and_then(ImageIdentifier::image_digest)?.parse().ok(),
    }
}

async fn page(
    ecr: &EcrInspector,
    image: &EcrImage,
    needs: &Needs,
    next_token: Option<String>,
    budget: &Budget,
) -> Result<DescribeImageScanFindingsOutput, Failure> {
    let client = ecr.client(&image.region, FINDINGS).or(Err(Failure::Failed(Cause::Internal)))?;
    let request = client
        .describe_image_scan_findings()
        .registry_id(image.account.as_str())
        .repository_name(image.repository.as_str())
        .image_id(identifier(&image.id))
        .max_results(if needs.all_findings { LARGEST_PAGE } else { PAGE })
        .set_next_token(next_token);
    call(FINDINGS, budget, ecr.log, || request.send()).await
}
