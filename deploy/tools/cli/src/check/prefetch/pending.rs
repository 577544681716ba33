//! Which answers of Amazon ECR about an image that was just pulled are not the last word.

use ecr_admission::inspect::{Found, Missing};
use ecr_admission_policy::Reason;
use ecr_admission_policy::facts::index::{Child, Index, NoFacts};
use ecr_admission_policy::facts::{
    Content, ImageScan, PlatformFacts, RepositoryFacts, ScanFrequency, ScanStatus, Scanning,
};
use ecr_admission_policy::reason::ScanProblem;

/// The statuses of a scan that is not over.
const UNFINISHED: [&str; 2] = ["IN_PROGRESS", "PENDING"];

/// Whether Amazon ECR is still importing or scanning the image, as far as can be seen.
pub(in crate::check) fn is_pending(
    repository: Option<&Result<RepositoryFacts, Missing>>,
    found: &Result<Found, Missing>,
) -> bool {
    let is_absent = |missing: &Missing| {
        matches!(missing, Missing::Repository | Missing::Image | Missing::NotImported)
    };
    let found = match found {
        Ok(found) => found,
        Err(missing) => return is_absent(missing),
    };
    let is_scanned = match repository {
        Some(Ok(facts)) => is_scanned_on_push(&facts.scanning),
        Some(Err(missing)) if is_absent(missing) => return true,
        Some(Err(_)) | None => false,
    };
    match &found.content {
        Content::Image(facts) => is_unfinished(facts, is_scanned),
        Content::Index(Index::Children(children)) => {
            let mut runnable = children.iter().filter(|child| !child.artifact);
            runnable.any(|child| is_child_pending(child, is_scanned))
        }
        Content::Index(Index::TooDeep | Index::TooManyChildren | Index::TooManyDescriptors)
        | Content::NotUnderstood(_) => false,
    }
}

fn is_child_pending(child: &Child, is_scanned: bool) -> bool {
    match &child.facts {
        Ok(facts) => is_unfinished(facts, is_scanned),
        Err(NoFacts::NotInRepository) => true,
        Err(NoFacts::NotUnderstood(_) | NoFacts::Unavailable(_)) => false,
    }
}

/// Where nothing scans the image, nothing is waited for: `scan-on-push` says so.
fn is_scanned_on_push(scanning: &Scanning) -> bool {
    match scanning {
        Scanning::Effective(frequency) => *frequency != ScanFrequency::Manual,
        Scanning::RepositoryFlag(flag) => *flag,
    }
}

fn is_unfinished(facts: &PlatformFacts, is_scanned: bool) -> bool {
    match &facts.scan {
        ImageScan::NotFound => is_scanned,
        ImageScan::Found(scan) => match &scan.status {
            ScanStatus::Complete | ScanStatus::Active => !scan.has_result(),
            ScanStatus::Other(word) => UNFINISHED.contains(&word.as_str()),
        },
    }
}

/// Whether a violation would pass if the image were imported and scanned without findings.
pub(in crate::check) fn may_pass(reason: &Reason) -> bool {
    match reason {
        Reason::RepositoryNotFound(_)
        | Reason::ImageNotFound(_)
        | Reason::NotImportedYet(_)
        | Reason::PlatformNotFound(_) => true,
        Reason::Scan { problem, .. } => match problem {
            ScanProblem::NotFound { .. } | ScanProblem::NoResultYet(_) => true,
            ScanProblem::Status { word, .. } => UNFINISHED.contains(&word.as_str()),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ecr_admission_policy::facts::mutability::TagMutability;
    use ecr_admission_policy::facts::{Cause, ConfigFacts, Findings, Scan};
    use ecr_admission_policy::index::Platform;
    use ecr_admission_policy::names::Digest;

    use super::*;

    fn repository(scanning: Scanning) -> RepositoryFacts {
        RepositoryFacts { mutability: TagMutability::Immutable, scanning }
    }

    fn digest() -> Digest {
        format!("sha256:{}", "a".repeat(64)).parse().unwrap()
    }

    fn scan(status: &str, any_open: bool) -> ImageScan {
        ImageScan::Found(Scan {
            status: status.into(),
            completed_at: None,
            source_updated_at: None,
            any_open,
            counts: [].into(),
            findings: Findings::All(vec![]),
        })
    }

    fn facts(scan: ImageScan) -> PlatformFacts {
        PlatformFacts::new(scan, ConfigFacts::NotRead)
    }

    fn image(scan: ImageScan) -> Found {
        Found::from((digest(), Content::Image(facts(scan))))
    }

    #[test]
    fn an_image_is_pending_until_its_scan_has_a_result() {
        let on_push = Ok(repository(Scanning::Effective(ScanFrequency::ScanOnPush)));
        let manual = Ok(repository(Scanning::Effective(ScanFrequency::Manual)));
        let foreign = Ok(repository(Scanning::RepositoryFlag(false)));
        for (scan, when_scanned, when_not) in [
            (ImageScan::NotFound, true, false),
            (scan("IN_PROGRESS", false), true, true),
            (scan("PENDING", false), true, true),
            (scan("ACTIVE", false), true, true),
            (scan("COMPLETE", false), true, true),
            (scan("COMPLETE", true), false, false),
            (scan("UNSUPPORTED_IMAGE", false), false, false),
            (scan("FAILED", false), false, false),
        ] {
            let found = Ok(image(scan));
            assert_eq!(is_pending(Some(&on_push), &found), when_scanned, "{found:?}");
            assert_eq!(is_pending(Some(&manual), &found), when_not, "{found:?}");
            assert_eq!(is_pending(Some(&foreign), &found), when_not, "{found:?}");
        }
    }

    #[test]
    fn what_is_not_there_yet_is_pending_and_what_failed_is_not() {
        let on_push = Ok(repository(Scanning::Effective(ScanFrequency::ScanOnPush)));
        for (missing, expected) in [
            (Missing::Repository, true),
            (Missing::Image, true),
            (Missing::NotImported, true),
            (Missing::Moved, false),
            (Missing::unavailable("ecr:BatchGetImage", Cause::Throttled), false),
        ] {
            assert_eq!(is_pending(Some(&on_push), &Err(missing.clone())), expected, "{missing:?}");
        }
        let found = Ok(image(scan("COMPLETE", true)));
        assert!(is_pending(Some(&Err(Missing::Repository)), &found));
    }

    #[test]
    fn an_index_is_pending_while_a_child_is() {
        let on_push = Ok(repository(Scanning::Effective(ScanFrequency::ContinuousScan)));
        let child = |facts, artifact| Child {
            platform: Platform::default(),
            digest: digest(),
            windows: false,
            artifact,
            facts,
        };
        let scanned = || child(Ok(facts(scan("ACTIVE", true))), false);
        for (second, expected) in [
            (scanned(), false),
            (child(Ok(facts(ImageScan::NotFound)), false), true),
            (child(Err(NoFacts::NotInRepository), false), true),
            (child(Err(NoFacts::NotInRepository), true), false),
        ] {
            let content = Content::Index(Index::Children(vec![scanned(), second]));
            let found = Ok(Found::from((digest(), content)));
            assert_eq!(is_pending(Some(&on_push), &found), expected, "{found:?}");
        }
    }
}
