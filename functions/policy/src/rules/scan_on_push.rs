//! `scan-on-push`: no image of the repository is left unscanned.

use super::case::{Case, Evaluation};
use crate::facts::{ScanFrequency, Scanning};
use crate::reason::Reason;

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let Some((image, facts)) = case.inspected() else {
        return Evaluation::Skipped;
    };
    let scanning = &facts.repository.scanning;
    let scans = match scanning {
        Scanning::Effective(ScanFrequency::ScanOnPush | ScanFrequency::ContinuousScan)
        | Scanning::RepositoryFlag(true) => true,
        Scanning::Effective(ScanFrequency::Manual | ScanFrequency::Unknown(_))
        | Scanning::RepositoryFlag(false) => false,
    };
    Evaluation::Evaluated(if scans {
        vec![]
    } else {
        vec![Reason::NotScannedOnPush {
            account: image.account.clone(),
            repository: image.repository.clone(),
            scanning: scanning.clone(),
        }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Inspection;
    use crate::rules::testing::evaluate;
    use crate::testing::{clean, tagged};

    #[test]
    fn only_scan_on_push_and_continuous_scan_pass() {
        let effective = |word: &str| Scanning::Effective(word.into());
        for (scanning, expected) in [
            (effective("SCAN_ON_PUSH"), None),
            (effective("CONTINUOUS_SCAN"), None),
            (effective("MANUAL"), Some("(MANUAL)")),
            (effective("SCAN_SOMETIMES"), Some(r#"("SCAN_SOMETIMES", which this version"#)),
            (Scanning::RepositoryFlag(true), None),
            (Scanning::RepositoryFlag(false), Some("scanOnPush is false")),
        ] {
            let mut facts = clean();
            facts.repository.scanning = scanning;
            let inspection = Inspection::Inspected(facts.into());
            let Evaluation::Evaluated(reasons) = evaluate(&tagged("1.2"), &inspection, check)
            else {
                panic!("an inspected image is evaluated");
            };
            let text: String = reasons.iter().map(Reason::to_string).collect();
            assert_eq!(text.is_empty(), expected.is_none(), "{text}");
            assert!(text.contains(expected.unwrap_or_default()), "{text}");
        }
    }
}
