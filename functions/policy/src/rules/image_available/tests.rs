use std::collections::BTreeSet;

use super::*;
use crate::facts::index::Platform;
use crate::facts::manifest::NotUnderstood;
use crate::facts::{Cause, ImageConfig, Unavailable};
use crate::policy::Policy;
use crate::rules::testing::{case, evaluate};
use crate::testing::{clean, digest, platform, policy, scan, tagged};

fn unavailable(cause: Cause) -> Unavailable {
    Unavailable { operation: "ecr:DescribeRepositories", cause }
}

#[test]
fn an_image_that_could_not_be_inspected_is_not_available() {
    let failed = |cause| Inspection::Unavailable(unavailable(cause));
    for (inspection, expected) in [
        (Inspection::Inspected(clean().into()), None),
        (Inspection::RepositoryNotFound, Some(r#"repository "pay" does not exist"#)),
        (Inspection::ImageNotFound, Some(r#"repository "pay" holds no image with tag "1.2""#)),
        (Inspection::NotImported, Some("not imported yet")),
        (Inspection::Moved, Some("its tag moved to another image while it was looked up")),
        (failed(Cause::Throttled), Some("throttled")),
        (failed(Cause::AccessDenied), Some("was denied access")),
        (
            failed(Cause::ActionDenied("inspector2:ListFindings")),
            Some(
                "could not be evaluated: ecr:DescribeRepositories was denied access to inspector2:ListFindings; allow inspector2:ListFindings on all resources for the admission function's role",
            ),
        ),
        (
            failed(Cause::ActionDenied("ecr:BatchGetImage")),
            Some(
                "was denied access to ecr:BatchGetImage; allow ecr:BatchGetImage for the admission function's role and, for a registry of another account, in the repository policy",
            ),
        ),
        (failed(Cause::TimedOut), Some("timed out")),
        (failed(Cause::Internal), Some("failed")),
        (
            failed(Cause::NotRecorded),
            Some(
                "could not be evaluated: ecr:DescribeRepositories is not among the recorded facts; record them again with ecr-admission check --record",
            ),
        ),
        (
            failed(Cause::Outdated),
            Some(
                "could not be evaluated: ecr:DescribeRepositories was recorded too long ago; record the facts again with ecr-admission check --record, or raise --max-facts-age",
            ),
        ),
        (failed(Cause::NotAsked), Some("was not called for its repository")),
    ] {
        let Evaluation::Evaluated(reasons) = evaluate(&tagged("1.2"), &inspection, check) else {
            panic!("{inspection:?} is evaluated");
        };
        let texts: Vec<String> = reasons.iter().map(Reason::to_string).collect();
        assert_eq!(texts.len(), usize::from(expected.is_some()), "{texts:?}");
        assert!(texts.concat().contains(expected.unwrap_or_default()), "{texts:?}");
    }
}

/// In whose account a registry is matters only where access was denied.
#[test]
fn a_registry_of_another_account_than_the_stacks_is_named_with_what_to_do() {
    let here = "was denied access; allow it for the admission function's role and, for a registry of another account, in the repository policy";
    let elsewhere = "the stack is not in account 123456789012, which owns the registry";
    let role = "for the admission function's role in the repository policy";
    let denied = "could not be evaluated: ecr:DescribeRepositories was denied access";
    for (cause, own_account, expected) in [
        (
            Cause::AccessDenied,
            Some("123456789012"),
            format!("could not be evaluated: ecr:DescribeRepositories {here}"),
        ),
        (
            Cause::AccessDenied,
            None,
            format!("could not be evaluated: ecr:DescribeRepositories {here}"),
        ),
        (
            Cause::AccessDenied,
            Some("210987654321"),
            format!(
                "{denied}; {elsewhere}; deploy the stack in account 123456789012, or allow the call {role}"
            ),
        ),
        (
            Cause::ActionDenied("ecr:BatchGetImage"),
            Some("210987654321"),
            format!(
                "{denied} to ecr:BatchGetImage; {elsewhere}; deploy the stack in account 123456789012, or allow ecr:BatchGetImage {role}"
            ),
        ),
        (
            Cause::ActionDenied("inspector2:ListFindings"),
            Some("210987654321"),
            format!(
                "{denied} to inspector2:ListFindings; {elsewhere}, and no repository policy can allow inspector2:ListFindings; deploy the stack in account 123456789012"
            ),
        ),
        (
            Cause::ActionDenied("inspector2:ListFindings"),
            Some("123456789012"),
            format!(
                "{denied} to inspector2:ListFindings; allow inspector2:ListFindings on all resources for the admission function's role"
            ),
        ),
        (
            Cause::Throttled,
            Some("210987654321"),
            "could not be evaluated: ecr:DescribeRepositories was throttled; try again in a minute"
                .to_owned(),
        ),
    ] {
        let own_account = own_account.map(|account| account.parse().unwrap());
        let policy = Policy { own_account, ..policy() };
        let inspection = Inspection::Unavailable(unavailable(cause));
        let image = tagged("1.2");
        let Evaluation::Evaluated(reasons) = check(&case(&image, &inspection, &policy)) else {
            panic!("{inspection:?} is evaluated");
        };
        assert_eq!(reasons.len(), 1);
        // A short denial says the same: the account is that of the image.
        assert_eq!(reasons[0].to_string(), expected);
        assert_eq!(format!("{:#}", reasons[0]), expected);
    }
}

/// What the rule has against an image of this content, used as a container or as a volume.
fn reasons(policy: &Policy, content: Content, volume: bool) -> Vec<String> {
    let inspection = Inspection::Inspected(ImageFacts { content, ..clean() }.into());
    let image = tagged("1.2");
    match check(&Case { volume, ..case(&image, &inspection, policy) }) {
        Evaluation::Evaluated(reasons) => reasons.iter().map(Reason::to_string).collect(),
        Evaluation::NotApplicable | Evaluation::Skipped => {
            panic!("an inspected image is evaluated")
        }
    }
}

fn child(artifact: bool, facts: Result<PlatformFacts, NoFacts>) -> Child {
    let platform = Platform { os: "linux".into(), ..Platform::default() };
    Child { platform, digest: digest('b'), windows: false, artifact, facts }
}

fn good() -> PlatformFacts {
    platform(scan("COMPLETE", &[]))
}

fn index(children: Vec<Child>) -> Content {
    Content::Index(Index::Children(children))
}

#[test]
fn what_is_not_understood_is_denied_wherever_it_is() {
    let why = || NotUnderstood::Ambiguous { field: "digest" };
    let messages = reasons(&policy(), Content::NotUnderstood(why()), false);
    assert!(messages.len() == 1 && messages[0].contains("\"digest\""), "{messages:?}");
    let odd = || child(false, Err(NoFacts::NotUnderstood(why())));
    let messages = reasons(&policy(), index(vec![child(false, Ok(good())), odd(), odd()]), false);
    assert!(messages.len() == 1, "once is enough: {messages:?}");
    assert!(messages[0].starts_with("platform \"linux\" (sha256:bbbbbbbbbbbb…) "), "{messages:?}");
}

#[test]
fn a_failed_look_up_of_an_artifact_counts_for_a_volume_only() {
    let failed = || Err(NoFacts::Unavailable(unavailable(Cause::Throttled)));
    let content = || index(vec![child(false, Ok(good())), child(true, failed())]);
    assert_eq!(reasons(&policy(), content(), false), [] as [&str; 0]);
    let messages = reasons(&policy(), content(), true);
    assert!(messages.len() == 1 && messages[0].contains("throttled"), "{messages:?}");
    let messages = reasons(&policy(), index(vec![child(false, failed())]), false);
    assert!(messages.len() == 1 && messages[0].contains("throttled"), "{messages:?}");
}

#[test]
fn an_index_that_cannot_be_opened_whole_is_denied() {
    for (index, expected) in [
        (Index::TooDeep, "nested more than 2 deep"),
        (Index::TooManyChildren, "more than 32 images"),
        (Index::TooManyDescriptors, "more than 100 entries"),
    ] {
        let messages = reasons(&policy(), Content::Index(index), false);
        assert!(messages.len() == 1 && messages[0].contains(expected), "{messages:?}");
    }
    let many = || {
        let artifacts = (0..MAX_CHILDREN).map(|_| child(true, Ok(good())));
        index(artifacts.chain([child(false, Ok(good()))]).collect())
    };
    assert_eq!(reasons(&policy(), many(), false), [] as [&str; 0]);
    assert_eq!(reasons(&policy(), many(), true).len(), 1);
}

fn with_hosts(hosts: &[&str]) -> Policy {
    let hosts: BTreeSet<String> = hosts.iter().map(ToString::to_string).collect();
    Policy { foreign_layer_hosts: hosts.into(), ..policy() }
}

/// A child whose foreign layers come from this host, and that calls itself as given.
fn foreign(windows: bool, os: &str, host: &str, never: Option<&str>) -> Child {
    let elsewhere = Elsewhere { hosts: [host.to_owned()].into(), never: never.map(str::to_owned) };
    let config = ConfigFacts::Read(ImageConfig { os: os.to_owned(), ..ImageConfig::default() });
    let facts = PlatformFacts {
        elsewhere: Some(elsewhere.into()),
        ..PlatformFacts::new(scan("COMPLETE", &[]), config)
    };
    Child { windows, ..child(false, Ok(facts)) }
}

#[test]
fn layers_from_elsewhere_pass_only_for_windows_and_from_a_listed_host() {
    let listed = with_hosts(&["mcr.microsoft.com"]);
    let mcr = "mcr.microsoft.com";
    for (policy, child, passes) in [
        (&listed, foreign(true, "windows", mcr, None), true),
        (&policy(), foreign(true, "windows", mcr, None), false),
        (&listed, foreign(true, "windows", "evil.example", None), false),
        (&listed, foreign(true, "windows", mcr, Some("http://mcr.microsoft.com/x")), false),
        (&listed, foreign(true, "linux", mcr, None), false),
        (&listed, foreign(true, "Windows", mcr, None), false),
        (&listed, foreign(false, "windows", mcr, None), false),
    ] {
        let messages = reasons(policy, index(vec![child.clone()]), false);
        assert_eq!(messages.is_empty(), passes, "{child:?}: {messages:?}");
        // An image on its own has no descriptor that could call it windows.
        let messages = reasons(policy, Content::Image(child.facts.unwrap()), false);
        assert_eq!(messages.len(), 1, "{messages:?}");
    }
}

#[test]
fn a_config_that_could_not_be_read_lets_no_layer_pass() {
    let listed = with_hosts(&["mcr.microsoft.com"]);
    for (config, expected) in [
        (ConfigFacts::NotRead, "both the index and their config call windows"),
        (ConfigFacts::Unavailable(unavailable(Cause::TimedOut)), "timed out"),
    ] {
        let mut child = foreign(true, "windows", "mcr.microsoft.com", None);
        child.facts = child.facts.map(|facts| PlatformFacts { config, ..facts });
        let messages = reasons(&listed, index(vec![child]), false);
        assert!(messages.len() == 1 && messages[0].contains(expected), "{messages:?}");
    }
}
