use super::*;
use crate::facts::index::Index;
use crate::facts::{Cause, Content, Inspection, Unavailable};
use crate::policy::Policy;
use crate::rules::testing::case;
use crate::testing::{clean, policy, tagged};

const RELEASE: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release";
const HOTFIX: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/hotfix";
const OTHER: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/other";

fn listing(profiles: &[&str]) -> Policy {
    let profiles = profiles.iter().map(|profile| profile.parse().unwrap()).collect();
    Policy { signed: SignedPolicy { profiles }.into(), ..policy() }
}

fn status(profile: &str, word: &str) -> SigningStatus {
    let reason = "User: x is not authorized to perform: signer:SignPayload".to_owned();
    let state = SigningState::new(word, "AccessDenied".to_owned(), reason);
    SigningStatus { profile: profile.to_owned(), state }
}

fn evaluate(policy: &Policy, signing: SigningFacts) -> Evaluation {
    let inspection = Inspection::Inspected({
        let mut facts = clean();
        facts.signing = signing;
        facts.into()
    });
    check(&case(&tagged("1.2"), &inspection, policy))
}

/// The texts for the author, in full and in short.
fn texts(policy: &Policy, signing: SigningFacts) -> Vec<(String, String)> {
    match evaluate(policy, signing) {
        Evaluation::Evaluated(reasons) => {
            reasons.iter().map(|it| (format!("{it}"), format!("{it:#}"))).collect()
        }
        Evaluation::NotApplicable | Evaluation::Skipped => {
            panic!("an inspected image is evaluated")
        }
    }
}

#[test]
fn one_complete_status_of_a_listed_profile_passes_and_nothing_else_does() {
    for (listed, statuses, expected) in [
        (&[RELEASE][..], &[(RELEASE, "COMPLETE")][..], None),
        (&[RELEASE, HOTFIX], &[(HOTFIX, "COMPLETE")], None),
        (&[RELEASE, HOTFIX], &[(RELEASE, "FAILED"), (HOTFIX, "COMPLETE")], None),
        (&[RELEASE, HOTFIX], &[(HOTFIX, "COMPLETE"), (RELEASE, "IN_PROGRESS")], None),
        (&[RELEASE], &[(OTHER, "FAILED"), (RELEASE, "COMPLETE")], None),
        (&[RELEASE], &[], Some("is not signed")),
        (&[RELEASE], &[(OTHER, "COMPLETE")], Some("is not signed")),
        (&[RELEASE], &[(OTHER, "COMPLETE"), (RELEASE, "FAILED")], Some("could not be signed")),
        (&[RELEASE], &[(RELEASE, "IN_PROGRESS")], Some("is still being signed")),
        (&[RELEASE], &[(RELEASE, "FAILED")], Some("could not be signed")),
        (&[RELEASE, HOTFIX], &[(RELEASE, "FAILED"), (HOTFIX, "IN_PROGRESS")], Some("is still")),
        (&[RELEASE, HOTFIX], &[(RELEASE, "PAUSED"), (HOTFIX, "FAILED")], Some("could not be")),
        // Only the exact word, and only the exact ARN.
        (&[RELEASE], &[(RELEASE, "complete")], Some("is not known to be signed")),
        (&[RELEASE], &[(RELEASE, "COMPLETED")], Some("is not known to be signed")),
        (&[RELEASE], &[(RELEASE, "")], Some("is not known to be signed")),
        (&[RELEASE], &[(&format!("{RELEASE}/0a1B2c3D4e"), "COMPLETE")], Some("is not signed")),
        (&[RELEASE], &[(&RELEASE.to_uppercase(), "COMPLETE")], Some("is not signed")),
        (&[RELEASE], &[("", "COMPLETE")], Some("is not signed")),
    ] {
        let read = statuses.iter().map(|(profile, word)| status(profile, word)).collect();
        let texts = texts(&listing(listed), SigningFacts::Read(read));
        assert_eq!(texts.len(), usize::from(expected.is_some()), "{statuses:?}: {texts:?}");
        if let (Some(expected), [(text, _)]) = (expected, texts.as_slice()) {
            assert!(text.starts_with(expected), "{statuses:?}: {text}");
        }
    }
}

#[test]
fn a_violation_says_what_amazon_ecr_says_and_in_short_names_no_account() {
    let read = |profile, word| SigningFacts::Read(vec![status(profile, word)]);
    let unavailable =
        Unavailable { operation: "ecr:DescribeImageSigningStatus", cause: Cause::AccessDenied };
    let todo = "add its repository to the registry's signing configuration and push it again";
    let not_signed = "is not signed with a listed signing profile";
    let denied = "could not be evaluated: ecr:DescribeImageSigningStatus was denied access; allow it for the admission function's role and, for a registry of another account, in the repository policy";
    for (signing, full, short) in [
        (
            SigningFacts::Read(vec![]),
            format!("{not_signed} (Amazon ECR reports none); {todo}"),
            format!("{not_signed} (Amazon ECR reports none); {todo}"),
        ),
        (
            read(OTHER, "COMPLETE"),
            format!("{not_signed} (Amazon ECR reports \"{OTHER}\" only); {todo}"),
            format!("{not_signed} (Amazon ECR reports others only); {todo}"),
        ),
        (
            read(RELEASE, "IN_PROGRESS"),
            format!("is still being signed with \"{RELEASE}\"; try again in a minute"),
            "is still being signed; try again in a minute".to_owned(),
        ),
        (
            read(RELEASE, "FAILED"),
            format!("could not be signed with \"{RELEASE}\": failure code \"AccessDenied\" (\"User: x is not authorized to perform: signer:SignPayload\"); correct the cause and push it again"),
            "could not be signed: failure code \"AccessDenied\"; correct the cause and push it again".to_owned(),
        ),
        (
            SigningFacts::Read(vec![SigningStatus {
                profile: RELEASE.to_owned(),
                state: SigningState::Failed { code: String::new(), reason: String::new() },
            }]),
            format!("could not be signed with \"{RELEASE}\": Amazon ECR reports no failure code; correct the cause and push it again"),
            "could not be signed: Amazon ECR reports no failure code; correct the cause and push it again".to_owned(),
        ),
        (
            read(RELEASE, "PAUSED"),
            format!("is not known to be signed with \"{RELEASE}\": its signing status is \"PAUSED\", which this version of ecr-admission does not know; see the signing status of the image in Amazon ECR"),
            "is not known to be signed: its signing status is \"PAUSED\", which this version of ecr-admission does not know; see the signing status of the image in Amazon ECR".to_owned(),
        ),
        (SigningFacts::Unavailable(unavailable), denied.to_owned(), denied.to_owned()),
        (
            SigningFacts::NotRead,
            "could not be evaluated: its signing status was not read; try again; if it persists, see the function's log".to_owned(),
            "could not be evaluated: its signing status was not read; try again; if it persists, see the function's log".to_owned(),
        ),
    ] {
        assert_eq!(texts(&listing(&[RELEASE]), signing), [(full, short)]);
    }
}

#[test]
fn text_of_aws_stays_on_one_line_and_short() {
    let state = SigningState::Failed { code: "\n".repeat(900), reason: "\u{202e}".repeat(900) };
    let profile = format!("{RELEASE}\u{7}");
    for status in [
        SigningStatus { profile: RELEASE.to_owned(), state },
        SigningStatus { profile, state: SigningState::Complete },
        SigningStatus {
            profile: RELEASE.to_owned(),
            state: SigningState::Unknown("\u{0}".repeat(900)),
        },
    ] {
        for (full, short) in texts(&listing(&[RELEASE]), SigningFacts::Read(vec![status.clone()])) {
            for text in [full, short] {
                assert!(text.chars().all(ecr_admission_text::is_printable), "{text:?}");
                assert!(text.len() < 2_000, "{} bytes", text.len());
            }
        }
    }
}

#[test]
fn a_failed_lookup_is_one_and_another_denial_is_not() {
    let unavailable =
        Unavailable { operation: "ecr:DescribeImageSigningStatus", cause: Cause::Throttled };
    for (signing, failed) in [
        (SigningFacts::Unavailable(unavailable), true),
        (SigningFacts::NotRead, true),
        (SigningFacts::Read(vec![]), false),
        (SigningFacts::Read(vec![status(RELEASE, "FAILED")]), false),
        (SigningFacts::Read(vec![status(RELEASE, "IN_PROGRESS")]), false),
    ] {
        let Evaluation::Evaluated(reasons) = evaluate(&listing(&[RELEASE]), signing.clone()) else {
            panic!("an inspected image is evaluated");
        };
        assert!(reasons.iter().all(|it| it.is_failed_lookup() == failed), "{signing:?}");
        assert_eq!(reasons.len(), 1);
        assert_eq!(
            clean_with(signing).is_incomplete(),
            failed && reasons.iter().all(is_unavailable)
        );
    }
}

fn clean_with(signing: SigningFacts) -> crate::facts::ImageFacts {
    crate::facts::ImageFacts { signing, ..clean() }
}

fn is_unavailable(reason: &Reason) -> bool {
    matches!(reason, Reason::Signing(SigningProblem::Unavailable(_)))
}

/// What an index holds is not asked about, so that it does not matter whether it could be opened.
#[test]
fn of_an_index_the_digest_that_the_workload_names_must_be_signed() {
    for index in [Index::Children(vec![]), Index::TooDeep] {
        for (word, violated) in [("COMPLETE", false), ("IN_PROGRESS", true)] {
            let mut facts = clean();
            facts.content = Content::Index(index.clone());
            facts.signing = SigningFacts::Read(vec![status(RELEASE, word)]);
            let inspection = Inspection::Inspected(facts.into());
            let policy = listing(&[RELEASE]);
            let Evaluation::Evaluated(reasons) = check(&case(&tagged("1.2"), &inspection, &policy))
            else {
                panic!("an inspected image is evaluated");
            };
            assert_eq!(!reasons.is_empty(), violated, "{index:?} {word}");
        }
    }
}

#[test]
fn it_is_off_until_a_profile_is_listed_and_skipped_until_the_image_is_known() {
    let read = SigningFacts::Read(vec![status(RELEASE, "FAILED")]);
    assert_eq!(evaluate(&policy(), read), Evaluation::NotApplicable);
    let image = tagged("1.2");
    let policy = listing(&[RELEASE]);
    assert_eq!(check(&case(&image, &Inspection::ImageNotFound, &policy)), Evaluation::Skipped);
}
