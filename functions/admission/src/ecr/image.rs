//! Image facts: `DescribeImageScanFindings`, and what an index needs beyond it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput;
use aws_sdk_ecr::types::{FindingSeverity, ImageIdentifier, ImageScanFindings};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, Content, ImageScan, Scan, ScanStatus, Severity};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;

use super::EcrInspector;
use super::call::{Failure, NotFound, call};
use super::open_index::{self, Opened};
use crate::inspect::{Budget, Missing};

const FINDINGS: &str = "ecr:DescribeImageScanFindings";

/// The findings on one page. The counts of all findings come with the first, so further pages are rare
/// and a small one is quicker read; enhanced findings come by 100 whatever is asked for.
const PAGE: i32 = 100;

/// The digest of an image, and its scan or those of its platforms.
pub(super) async fn content(
    ecr: &EcrInspector,
    image: &EcrImage,
    budget: &Budget,
) -> Result<(Digest, Content), Missing> {
    match scan(ecr, image, budget).await? {
        // An image that was not or cannot be scanned may be an index: ECR scans only its children.
        Scanned::NotFound => match open_index::open(ecr, image, budget).await? {
            Opened::Image(digest) => Ok((digest, Content::Image(ImageScan::NotFound))),
            Opened::Index(digest, index) => Ok((digest, Content::Index(index))),
        },
        Scanned::Found(digest, scan) if scan.status == unsupported() => {
            match open_index::open(ecr, image, budget).await? {
                Opened::Image(_) => Ok((digest, Content::Image(ImageScan::Found(scan)))),
                Opened::Index(digest, index) => Ok((digest, Content::Index(index))),
            }
        }
        Scanned::Found(digest, scan) => Ok((digest, Content::Image(ImageScan::Found(scan)))),
    }
}

fn unsupported() -> ScanStatus {
    ScanStatus::from("UNSUPPORTED_IMAGE")
}

/// What ECR says of the scan of one image.
pub(super) enum Scanned {
    /// There is none.
    NotFound,
    /// There is one, of the image with this digest.
    Found(Digest, Scan),
}

/// Asks for the scan of an image. Further pages are read only when the counts are absent.
pub(super) async fn scan(
    ecr: &EcrInspector,
    image: &EcrImage,
    budget: &Budget,
) -> Result<Scanned, Missing> {
    let first = match page(ecr, image, None, budget).await {
        Ok(page) => page,
        Err(Failure::NotFound(NotFound::Scan)) => return Ok(Scanned::NotFound),
        Err(failure) => return Err(failure.missing(FINDINGS)),
    };
    let internal = || Missing::unavailable(FINDINGS, Cause::Internal);
    let digest = match &image.id {
        ImageId::Digest(digest) => digest.clone(),
        ImageId::Tag(_) => {
            let digest = first.image_id().and_then(ImageIdentifier::image_digest);
            digest.and_then(|digest| digest.parse().ok()).ok_or_else(internal)?
        }
    };
    let word = first.image_scan_status().and_then(|s| s.status()).map_or("", |s| s.as_str());
    let status = word.into();
    let findings = first.image_scan_findings();
    let completed = findings.is_some_and(|f| f.image_scan_completed_at().is_some());
    let counts = findings.and_then(ImageScanFindings::finding_severity_counts);
    let findings = match counts {
        Some(counts) => read_counts(counts).ok_or_else(internal)?,
        None => count_pages(ecr, image, first, budget).await?,
    };
    Ok(Scanned::Found(digest, Scan { status, completed, findings }))
}

/// The service's own counts; `None` if one is negative.
fn read_counts(counts: &HashMap<FindingSeverity, i32>) -> Option<BTreeMap<Severity, u64>> {
    let read = |(severity, count): (&FindingSeverity, &i32)| {
        Some((severity.as_str().into(), u64::try_from(*count).ok()?))
    };
    counts.iter().map(read).collect()
}

/// Counts for ourselves, page by page.
async fn count_pages(
    ecr: &EcrInspector,
    image: &EcrImage,
    first: DescribeImageScanFindingsOutput,
    budget: &Budget,
) -> Result<BTreeMap<Severity, u64>, Missing> {
    let mut counted = BTreeMap::new();
    let mut current = first;
    loop {
        count_findings(&current, &mut counted);
        let Some(token) = current.next_token.take() else { return Ok(counted) };
        let next = page(ecr, image, Some(token), budget).await;
        current = next.map_err(|failure| failure.missing(FINDINGS))?;
    }
}

/// Every finding counts, basic or enhanced, whatever status an enhanced one has.
fn count_findings(page: &DescribeImageScanFindingsOutput, counted: &mut BTreeMap<Severity, u64>) {
    let Some(findings) = page.image_scan_findings() else { return };
    let basic = findings.findings().iter().map(|f| f.severity().map_or("", |s| s.as_str()));
    let enhanced = findings.enhanced_findings().iter().map(|f| f.severity().unwrap_or_default());
    for severity in basic.chain(enhanced) {
        *counted.entry(severity.into()).or_default() += 1;
    }
}

async fn page(
    ecr: &EcrInspector,
    image: &EcrImage,
    next_token: Option<String>,
    budget: &Budget,
) -> Result<DescribeImageScanFindingsOutput, Failure> {
    let client = ecr.client(&image.region, FINDINGS).or(Err(Failure::Failed(Cause::Internal)))?;
    let request = client
        .describe_image_scan_findings()
        .registry_id(image.account.as_str())
        .repository_name(image.repository.as_str())
        .image_id(identifier(&image.id))
        .max_results(PAGE)
        .set_next_token(next_token);
    call(FINDINGS, budget, ecr.log, || request.send()).await
}

/// How the ECR API names an image in its repository.
pub(super) fn identifier(id: &ImageId) -> ImageIdentifier {
    let identifier = ImageIdentifier::builder();
    match id {
        ImageId::Tag(tag) => identifier.image_tag(tag.as_str()),
        ImageId::Digest(digest) => identifier.image_digest(digest.as_str()),
    }
    .build()
}
