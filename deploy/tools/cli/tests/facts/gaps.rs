//! What was not recorded, or too long ago, cannot be evaluated, and is never said not to exist.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use ecr_admission::inspect::{Budget, gather};
use ecr_admission_catalogue::Catalogue;
use ecr_admission_cli::check::facts_file::FactsFile;
use ecr_admission_policy::facts::{Cause, Content, Unavailable};
use ecr_admission_policy::{EcrImage, Inspection};
use tokio::time::Instant;

use crate::world::{DAY, Inspections, facts, image, images, inspect, needs, own, record, regions};

const SAMPLE: &str = include_str!("../../../../samples/registry.yaml");

fn cause(inspection: &Inspection) -> Option<Cause> {
    match inspection {
        Inspection::Unavailable(Unavailable { cause, .. }) => Some(*cause),
        _ => None,
    }
}

async fn of_recording(recording: &str, images: &BTreeSet<EcrImage>) -> Inspections {
    inspect(&facts(recording).inspector(&regions(), &own()), images, &needs()[0]).await
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_said_to_be_missing() {
    let asked = image("123456789012", "us-east-1", "payments/api", "1.4");
    let sample = facts(SAMPLE);
    let (heard, recording) = record(&sample, &[asked.clone()].into(), &needs()[0]).await;
    let not_asked = [
        ("123456789012", "us-east-1", "payments/api", "1.5"),
        ("123456789012", "us-east-1", "shop/search", "0.7"),
        ("123456789012", "us-east-1", "no/such-repository", "1"),
        ("123456789012", "eu-west-1", "payments/api", "1.4"),
        ("210987654321", "us-east-1", "platform/proxy", "1.30"),
    ]
    .map(|(account, region, name, id)| image(account, region, name, id));
    let all: BTreeSet<EcrImage> = not_asked.iter().cloned().chain([asked.clone()]).collect();
    let found = of_recording(&recording, &all).await;
    assert_eq!(found[&asked], heard[&asked], "others beside it change nothing");
    assert!(matches!(heard[&asked], Inspection::Inspected(_)));
    for image in &not_asked {
        assert_eq!(cause(&found[image]), Some(Cause::NotRecorded), "{image}");
    }
}

#[tokio::test]
async fn what_ecr_said_does_not_exist_does_not() {
    let absent = image("123456789012", "us-east-1", "no/such-repository", "1");
    let no_image = image("123456789012", "us-east-1", "payments/api", "no-such-tag");
    let asked: BTreeSet<EcrImage> = [absent.clone(), no_image.clone()].into();
    let (_, recording) = record(&facts(SAMPLE), &asked, &needs()[0]).await;
    let found = of_recording(&recording, &asked).await;
    assert_eq!(found[&absent], Inspection::RepositoryNotFound);
    assert_eq!(found[&no_image], Inspection::ImageNotFound);
    assert!(recording.contains("notFound:\n  - no/such-repository\n"), "{recording}");
}

#[tokio::test]
async fn many_repositories_of_which_few_were_recorded_each_get_their_own_answer() {
    let asked = image("210987654321", "us-east-1", "platform/proxy", "1.30");
    let (heard, recording) = record(&facts(SAMPLE), &[asked.clone()].into(), &needs()[0]).await;
    let other = |n| image("210987654321", "us-east-1", &format!("other/{n}"), "1");
    let all: BTreeSet<EcrImage> = (0..9).map(other).chain([asked.clone()]).collect();
    // As for repositories that do not exist, one look-up tells so many apart, and the next one more.
    let mut found = of_recording(&recording, &all).await;
    for _ in 0..9 {
        let not_asked = |it: &&EcrImage| cause(&found[*it]) == Some(Cause::NotAsked);
        let rest: BTreeSet<EcrImage> = all.iter().filter(not_asked).cloned().collect();
        found.extend(of_recording(&recording, &rest).await);
    }
    assert_eq!(found[&asked], heard[&asked]);
    assert_eq!(found.values().filter(|it| cause(it) == Some(Cause::NotRecorded)).count(), 9);
}

#[tokio::test]
async fn a_policy_that_needs_more_than_was_recorded_cannot_be_evaluated() {
    let [little, everything] = needs();
    let config = image("123456789012", "us-east-1", "payments/api", "1.4");
    // Three pages of which the counts made only the first matter.
    let pages = image("123456789012", "us-east-1", "shop/recommendations", "1.0");
    let asked: BTreeSet<EcrImage> = [config.clone(), pages.clone()].into();
    let (heard, recording) = record(&facts(SAMPLE), &asked, &little).await;
    assert!(heard.values().all(|it| matches!(it, Inspection::Inspected(_))), "{heard:?}");
    assert!(recording.contains("incomplete: true"), "{recording}");
    let replayed = facts(&recording).inspector(&regions(), &own());
    let found = inspect(&replayed, &asked, &everything).await;
    assert_eq!(cause(&found[&pages]), Some(Cause::NotRecorded));
    let Inspection::Inspected(facts) = &found[&config] else { panic!("{found:?}") };
    let Content::Image(platform) = &facts.content else { panic!("{facts:?}") };
    assert!(format!("{:?}", platform.config).contains("NotRecorded"), "{platform:?}");
}

#[tokio::test]
async fn credentials_of_another_account_than_the_stacks_saw_the_flag_alone() {
    let asked = image("210987654321", "us-east-1", "platform/proxy", "1.30");
    let all: BTreeSet<EcrImage> = [asked.clone()].into();
    let (heard, recording) = record(&facts(SAMPLE), &all, &needs()[0]).await;
    // For a stack of the account whose repositories these are.
    let stack = "210987654321".parse().unwrap();
    let inspector = facts(&recording).inspector(&regions(), &stack);
    let budget = Budget::new(Instant::now() + Duration::from_mins(1));
    let found = gather(&inspector, &stack, &all, &needs()[0], &budget).await;
    assert!(matches!(found[&asked], Inspection::Inspected(_)), "{found:?}");
    assert_eq!(found, heard);
}

#[tokio::test]
async fn facts_that_are_too_old_are_none() {
    let asked = image("123456789012", "us-east-1", "payments/api", "1.4");
    let all: BTreeSet<EcrImage> = [asked.clone()].into();
    let (heard, recording) = record(&facts(SAMPLE), &all, &needs()[0]).await;
    let catalogue = Catalogue::parse(Path::new("facts.yaml"), &recording).unwrap();
    let found_at = async |now: SystemTime| {
        let facts = FactsFile::new(&catalogue, DAY, now);
        let inspector = facts.inspector(&regions(), &own());
        inspect(&inspector, &all, &needs()[0]).await.remove(&asked).unwrap()
    };
    let recorded = catalogue.recorded().unwrap().at;
    assert_eq!(found_at(recorded + DAY).await, heard[&asked]);
    // A clock that runs behind that of the recorder.
    assert_eq!(found_at(recorded - DAY).await, heard[&asked]);
    let late = found_at(recorded + DAY + Duration::from_secs(1)).await;
    assert_eq!(cause(&late), Some(Cause::Outdated));
}

#[tokio::test]
async fn a_catalogue_written_by_hand_is_taken_as_it_is() {
    let sample = facts(SAMPLE);
    assert_eq!(sample.recorded_by(), None);
    let inspector = sample.inspector(&regions(), &own());
    let absent = image("123456789012", "us-east-1", "no/such-repository", "1");
    let found = inspect(&inspector, &[absent.clone()].into(), &needs()[0]).await;
    assert_eq!(found[&absent], Inspection::RepositoryNotFound);
}

#[tokio::test]
async fn who_was_denied_access_is_not_recorded() {
    let yaml = crate::odd::CATALOGUE;
    let original = facts(yaml);
    let all = images(yaml, &original.inspector(&regions(), &own())).await;
    let (_, recording) = record(&original, &all, &needs()[0]).await;
    assert!(recording.contains("not authorized to perform: inspector2:ListFindings"));
    assert!(!recording.contains("anna@example.com") && !recording.contains("assumed-role"));
}
