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
            repository: image.repository.clone(),
            scanning: scanning.clone(),
            hidden: case.hidden_from(image, scanning),
        }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Inspection;
    use crate::policy::Policy;
    use crate::rules::testing::{case, evaluate};
    use crate::testing::{clean, policy, tagged};

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

    #[test]
    fn a_flag_says_who_does_not_see_the_scanning_configuration() {
        for (own_account, who, todo) in [
            ("210987654321", "the stack is not in", "deploy the stack in account 123456789012"),
            (
                "123456789012",
                "the credentials are not of",
                "use credentials of account 123456789012",
            ),
        ] {
            let mut facts = clean();
            facts.repository.scanning = Scanning::RepositoryFlag(false);
            let policy = Policy { own_account: Some(own_account.parse().unwrap()), ..policy() };
            let (image, inspection) = (tagged("1.2"), Inspection::Inspected(facts.into()));
            let Evaluation::Evaluated(reasons) = check(&case(&image, &inspection, &policy)) else {
                panic!("an inspected image is evaluated");
            };
            assert_eq!(
                reasons.iter().map(Reason::to_string).collect::<String>(),
                format!(
                    "repository \"pay\" does not scan images on push (scanOnPush is false) as far as another account can see: {who} account 123456789012, which owns the registry, and Amazon ECR shows the registry's scanning configuration only to the owner; {todo}, or turn on scanOnPush of the repository"
                )
            );
        }
    }
}
