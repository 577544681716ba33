//! What must hold for every image string and every workload, not only for those we thought of.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;

use ecr_admission_policy::facts::{
    Cause, Content, Findings, ImageFacts, ImageScan, Scan, SigningFacts, SigningState,
    SigningStatus, Unavailable,
};
use ecr_admission_policy::policy::exemption::Requester;
use ecr_admission_policy::policy::modes::Modes;
use ecr_admission_policy::policy::pinning::Pinning;
use ecr_admission_policy::policy::signed::SignedPolicy;
use ecr_admission_policy::testing::{ACCOUNT, NOW, REGISTRY, clean, platform, policy, repository};
use ecr_admission_policy::{
    Decision, Document, FieldPath, ImageReference, Inspection, Mode, Policy, Rule, Verdict, decide,
    plan,
};
use oci_spec::distribution::Reference;
use proptest::prelude::*;

/// The profile that a policy lists.
const PROFILE: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release";

fn signing() -> impl Strategy<Value = SigningFacts> {
    let profile = prop_oneof![2 => Just(PROFILE.to_owned()), 1 => Just(format!("{PROFILE}_2")), 1 => any::<String>()];
    let state = prop_oneof![
        2 => Just(SigningState::Complete),
        1 => Just(SigningState::InProgress),
        1 => any::<(String, String)>().prop_map(|(code, reason)| SigningState::Failed { code, reason }),
        1 => any::<String>().prop_map(SigningState::Unknown),
    ];
    let status = (profile, state).prop_map(|(profile, state)| SigningStatus { profile, state });
    let cause = Cause::Throttled;
    prop_oneof![
        6 => proptest::collection::vec(status, 0..4).prop_map(SigningFacts::Read),
        1 => Just(SigningFacts::NotRead),
        1 => Just(SigningFacts::Unavailable(Unavailable { operation: "ecr:DescribeImageSigningStatus", cause })),
    ]
}

/// Strings that come close to image references, and now and then are any string at all.
fn image_string() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        4 => Just(REGISTRY.to_owned()),
        1 => Just("123456789012.dkr-ecr-fips.eu-west-1.on.aws".to_owned()),
        1 => Just("docker.io".to_owned()),
        1 => Just("localhost:5000".to_owned()),
        1 => "[a-zA-Z0-9.:-]{1,30}",
        1 => "[0-9]{11,13}\\.dkr[.-]ecr(-fips)?\\.[a-z]{2}-[a-z]{4}-[0-9]\\.(amazonaws\\.com(\\.cn)?|on\\.aws)",
    ];
    let path = prop_oneof![4 => "[a-z0-9]{1,6}([._/-]{1,2}[a-z0-9]{1,6}){0,3}", 1 => "[a-zA-Z0-9._/-]{0,20}"];
    let tag = prop_oneof![2 => Just(String::new()), 3 => ":[\\w.-]{0,9}", 1 => ":[a-z]{126,130}"];
    let digest = prop_oneof![
        3 => Just(String::new()),
        1 => "@sha256:[0-9a-f]{64}",
        1 => "@sha256:[0-9a-fA-F]{60,66}",
    ];
    prop_oneof![
        8 => (host, path.clone(), tag.clone(), digest)
            .prop_map(|(host, path, tag, digest)| format!("{host}/{path}{tag}{digest}")),
        2 => (path, tag).prop_map(|(path, tag)| format!("{path}{tag}")),
        1 => any::<String>(),
    ]
}

fn inspection() -> impl Strategy<Value = Inspection> {
    let mutability = prop_oneof![
        6 => Just("IMMUTABLE"),
        1 => Just("MUTABLE"),
        1 => Just("MUTABLE_WITH_EXCLUSION"),
        1 => Just("NEW_WORD"),
    ];
    let frequency =
        prop_oneof![6 => Just("SCAN_ON_PUSH"), 1 => Just("MANUAL"), 1 => Just("NEW_WORD")];
    let status = prop_oneof![6 => Just("COMPLETE"), 1 => Just("ACTIVE"), 1 => Just("PENDING")];
    let severity =
        prop_oneof![Just("LOW"), Just("HIGH"), Just("CRITICAL"), Just("UNDEFINED"), Just("NEW")];
    let findings = proptest::collection::btree_map(severity.prop_map(Into::into), 0..3u64, 0..3);
    let facts = (mutability, frequency, status, any::<bool>(), findings, signing()).prop_map(
        |(mutability, frequency, status, completed, counts, signing)| {
            Inspection::Inspected(
                ImageFacts {
                    repository: repository(mutability, frequency),
                    content: Content::Image(platform(ImageScan::Found(Scan {
                        status: status.into(),
                        completed_at: completed.then_some(NOW),
                        source_updated_at: None,
                        any_open: counts.values().any(|count| *count > 0),
                        counts,
                        findings: Findings::Some(vec![]),
                    }))),
                    signing,
                    ..clean()
                }
                .into(),
            )
        },
    );
    let unavailable =
        Unavailable { operation: "ecr:DescribeRepositories", cause: Cause::Throttled };
    prop_oneof![
        8 => facts,
        1 => Just(Inspection::RepositoryNotFound),
        1 => Just(Inspection::ImageNotFound),
        1 => Just(Inspection::Unavailable(unavailable)),
    ]
}

/// A workload: image strings at their paths, and what ECR says of them.
fn workload() -> impl Strategy<Value = Vec<(String, Inspection)>> {
    let image = prop_oneof![
        6 => "[a-z]{2,4}:[0-9]".prop_map(|name| format!("{REGISTRY}/{name}")),
        2 => "[a-z]{2,4}@sha256:[0-9a-f]{64}".prop_map(|name| format!("{REGISTRY}/{name}")),
        1 => image_string(),
    ];
    proptest::collection::vec((image, inspection()), 0..6)
}

fn verdict_on(images: &[(FieldPath, String)], inspected: &[(String, Inspection)]) -> Verdict {
    verdict_by(&signed_policy(), images, inspected)
}

fn verdict_by(
    policy: &Policy,
    images: &[(FieldPath, String)],
    inspected: &[(String, Inspection)],
) -> Verdict {
    let plan = plan(images.iter().cloned(), Mode::Deny, policy);
    let inspections = inspected
        .iter()
        .filter_map(|(image, inspection)| match image.parse() {
            Ok(ImageReference::Ecr(reference)) => Some((reference.image(), inspection.clone())),
            Ok(ImageReference::Other(_)) | Err(_) => None,
        })
        .collect::<BTreeMap<_, _>>();
    decide(&plan, &inspections, policy, NOW)
}

/// A mode for every rule.
fn modes() -> impl Strategy<Value = Vec<Mode>> {
    let mode = prop_oneof![Just(Mode::Audit), Just(Mode::Warn), Just(Mode::Deny)];
    proptest::collection::vec(mode, Rule::ALL.len())
}

fn with_modes(modes: impl IntoIterator<Item = Mode>) -> Policy {
    let modes = Rule::ALL.into_iter().zip(modes).collect();
    let modes = Modes::default().under(None, &modes);
    Policy { modes, pinning: Pinning::All, ..signed_policy() }
}

/// The policy with the rule `signed` on.
fn signed_policy() -> Policy {
    Policy {
        signed: SignedPolicy { profiles: [PROFILE.parse().unwrap()].into() }.into(),
        ..policy()
    }
}

fn at_paths(workload: &[(String, Inspection)]) -> Vec<(FieldPath, String)> {
    let path = |n| FieldPath::new(format!("spec.containers[{n}].image"));
    workload.iter().enumerate().map(|(n, (image, _))| (path(n), image.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn display_gives_back_what_was_parsed(text in image_string()) {
        if let Ok(reference) = text.parse::<ImageReference>() {
            prop_assert_eq!(reference.to_string(), text);
        }
    }

    /// The crate normalizes (`nginx` becomes `docker.io/library/nginx:latest`), so a reference into
    /// ECR, where nothing is normalized but a missing tag, is compared part by part.
    #[test]
    fn the_oci_parser_agrees_on_what_both_accept(text in image_string()) {
        let (Ok(ours), Ok(theirs)) = (text.parse::<ImageReference>(), text.parse::<Reference>()) else {
            return Ok(());
        };
        let registry = theirs.registry();
        let ImageReference::Ecr(reference) = ours else {
            prop_assert_ne!(registry, REGISTRY);
            return Ok(());
        };
        let image = reference.image();
        let id = match (theirs.digest(), theirs.tag()) {
            (Some(digest), _) => format!("@{digest}"),
            (None, tag) => format!(":{}", tag.unwrap_or("latest")),
        };
        let (account, region) = (format!("{}.dkr", image.account), format!(".{}.", image.region));
        prop_assert!(registry.starts_with(&account) && registry.contains(&region), "{}", registry);
        prop_assert_eq!(theirs.repository(), image.repository.as_str());
        prop_assert_eq!(id, image.id.to_string());
    }

    #[test]
    fn one_more_image_never_turns_a_denial_into_an_admission(
        workload in workload(), image in image_string(), inspection in inspection(),
    ) {
        let images = at_paths(&workload);
        let before = verdict_on(&images, &workload);
        let mut more = images.clone();
        more.push((FieldPath::new("spec.initContainers[0].image"), image.clone()));
        // What was known of an image stays known.
        let mut inspected = vec![(image, inspection)];
        inspected.extend(workload);
        let after = verdict_on(&more, &inspected);
        if before.decision() == Decision::Deny {
            prop_assert_eq!(after.decision(), Decision::Deny);
        }
        for violation in before.violations {
            prop_assert!(after.violations.contains(&violation));
        }
    }

    /// Whatever else ECR says, and in whatever order.
    #[test]
    fn only_a_complete_status_of_a_listed_profile_is_a_signature(signing in signing()) {
        let signed = match &signing {
            SigningFacts::Read(statuses) => statuses
                .iter()
                .any(|it| it.profile == PROFILE && it.state == SigningState::Complete),
            SigningFacts::NotRead | SigningFacts::Unavailable(_) => false,
        };
        let workload =
            [(format!("{REGISTRY}/pay:1"), Inspection::Inspected(ImageFacts { signing, ..clean() }.into()))];
        let verdict = verdict_on(&at_paths(&workload), &workload);
        prop_assert_eq!(verdict.decision() == Decision::Admit, signed);
        prop_assert_eq!(verdict.violations.len(), usize::from(!signed));
    }

    #[test]
    fn order_does_not_matter(workload in workload(), seed in any::<prop::sample::Index>()) {
        let images = at_paths(&workload);
        let mut turned = images.clone();
        if !turned.is_empty() {
            let by = seed.index(turned.len());
            turned.rotate_left(by);
            turned.reverse();
        }
        prop_assert_eq!(verdict_on(&images, &workload), verdict_on(&turned, &workload));
    }

    #[test]
    fn a_workload_is_admitted_only_when_every_image_is(workload in workload()) {
        let images = at_paths(&workload);
        let whole = verdict_on(&images, &workload);
        let each = images.iter().all(|image| {
            verdict_on(std::slice::from_ref(image), &workload).decision() == Decision::Admit
        });
        prop_assert_eq!(whole.decision() == Decision::Admit, each);
    }

    /// Whatever is missing: a rule that only warns never switches one off that denies.
    #[test]
    fn a_stricter_mode_never_turns_a_denial_into_an_admission(
        workload in workload(), modes in modes(), others in modes(),
    ) {
        let images = at_paths(&workload);
        let stricter = modes.iter().zip(others).map(|(mode, other)| (*mode).max(other));
        let lenient = verdict_by(&with_modes(modes.clone()), &images, &workload);
        let strict = verdict_by(&with_modes(stricter), &images, &workload);
        if lenient.decision() == Decision::Deny {
            prop_assert_eq!(strict.decision(), Decision::Deny);
        }
    }

    /// A rule that denies denies whatever the others do: it is never silent because a fact is missing
    /// of which another rule only warns.
    #[test]
    fn a_missing_fact_is_denied_by_whatever_rule_denies(
        image in image_string(), modes in modes(), which in 1..Rule::ALL.len(),
    ) {
        let mut modes = modes;
        modes[which] = Mode::Deny;
        let rule = Rule::ALL[which];
        let images = [(FieldPath::new("p"), image)];
        let verdict = verdict_by(&with_modes(modes), &images, &[]);
        let concerned = !matches!(rule, Rule::TagImmutability | Rule::ImageConfig);
        if concerned {
            prop_assert_eq!(verdict.decision(), Decision::Deny, "{}", rule);
        }
    }

    /// Entries with `inspect: false` add, and never narrow: what was admitted stays admitted, and what is
    /// newly admitted is only what they name.
    #[test]
    fn an_entry_that_is_not_inspected_never_denies(workload in workload(), first in "[a-z]") {
        let entry = format!(
            "apiVersion: ecr-admission/v1\nregistries: [{{accounts: ['{ACCOUNT}'], regions: [us-east-1], repositories: ['{first}*'], inspect: false}}]"
        );
        let document = Document::from_yaml(&entry).unwrap();
        let with = document.policy(policy(), &Requester::default(), NOW);
        for (path, image) in at_paths(&workload) {
            let image = [(path, image)];
            let before = verdict_by(&policy(), &image, &workload);
            let after = verdict_by(&with, &image, &workload);
            let by_digest = image[0].1.contains('@');
            let named = image[0].1.starts_with(&format!("{REGISTRY}/{first}"));
            if before.decision() == Decision::Admit {
                prop_assert_eq!(after.decision(), Decision::Admit);
            } else if after.decision() == Decision::Admit {
                prop_assert!(named && by_digest, "{}", image[0].1);
            }
            prop_assert_eq!(after.not_inspected().is_some(), after.images[0].uninspected);
            prop_assert!(!after.images[0].uninspected || named && by_digest, "{}", image[0].1);
        }
    }

    #[test]
    fn nothing_we_say_holds_a_control_character_or_a_second_line(workload in workload()) {
        let verdict = verdict_on(&at_paths(&workload), &workload);
        let messages = verdict.message().into_iter().chain(verdict.warnings());
        for text in messages {
            prop_assert!(text.chars().all(ecr_admission_policy::text::is_printable), "{}", text);
        }
    }
}

#[test]
fn an_image_without_an_inspection_is_denied() {
    let images = [(FieldPath::new("spec.containers[0].image"), format!("{REGISTRY}/pay:1"))];
    assert_eq!(verdict_on(&images, &[]).decision(), Decision::Deny);
}
