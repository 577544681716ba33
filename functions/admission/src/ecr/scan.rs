//! The scan of one image: `DescribeImageScanFindings`, page by page.

use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput;
use aws_sdk_ecr::types::ImageIdentifier;
use ecr_admission_policy::facts::{Cause, LONGEST_SHOWN, Scan};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::text::cut;
use ecr_admission_policy::{EcrImage, Timestamp};
use serde::Serialize;

use super::call::{Failure, NotFound, call};
use super::findings::{NegativeCount, Tallied, Tally, timestamp};
use super::inspector::{EcrInspector, identifier};
use crate::events::SCAN_UNUSABLE;
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

/// Asks for the scan of an image. Further pages are read only where they matter
/// ([`Tally::needs_all_pages`]).
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
    let failed = |message| {
        ecr.log.warn(SCAN_UNUSABLE, message, &FailedScan { image: image.to_string() });
        Missing::unavailable(FINDINGS, Cause::Internal)
    };
    let digest = digest(image, &first).ok_or_else(|| failed("the scan findings name no image"))?;
    let word = status(&first).unwrap_or_default().to_owned();
    let completed_at = completed_at(&first);
    let findings = first.image_scan_findings();
    let source_updated_at = findings.and_then(|f| f.vulnerability_source_updated_at());
    let source_updated_at = source_updated_at.map(timestamp);
    let negative = |NegativeCount| failed("a count of findings is negative");
    let mut tally = Tally::new(*needs, findings).map_err(negative)?;
    let mut token = first.next_token.filter(|_| tally.needs_all_pages());
    let mut pages = 1;
    while let Some(next) = token {
        if pages == MAX_PAGES {
            return Err(failed("there are too many pages of findings"));
        }
        let page = page(ecr, image, needs, Some(next), budget).await;
        let page = page.map_err(|failure| failure.missing(FINDINGS))?;
        pages += 1;
        if self::digest(image, &page).as_ref() != Some(&digest) {
            return Err(Missing::Moved);
        }
        if is_another_scan(&page, &word, completed_at) {
            return Err(failed("the scan changed between two pages of findings"));
        }
        tally.add(page.image_scan_findings()).map_err(negative)?;
        token = page.next_token;
    }
    if tally.lacks_findings() {
        return Err(failed("findings and counts disagree"));
    }
    let status = cut(&word, LONGEST_SHOWN).as_str().into();
    let Tallied { any_open, counts, findings } = tally.finish();
    let scan = Scan { status, completed_at, source_updated_at, any_open, counts, findings };
    Ok(Scanned::Found(digest, scan))
}

fn status(page: &DescribeImageScanFindingsOutput) -> Option<&str> {
    Some(page.image_scan_status()?.status()?.as_str())
}

fn completed_at(page: &DescribeImageScanFindingsOutput) -> Option<Timestamp> {
    page.image_scan_findings()?.image_scan_completed_at().map(timestamp)
}

/// Whether a further page says that it belongs to another scan than the first: pages of two scans may
/// leave findings out.
fn is_another_scan(
    page: &DescribeImageScanFindingsOutput,
    word: &str,
    first_completed_at: Option<Timestamp>,
) -> bool {
    status(page).is_some_and(|it| it != word)
        || completed_at(page).is_some_and(|at| Some(at) != first_completed_at)
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
