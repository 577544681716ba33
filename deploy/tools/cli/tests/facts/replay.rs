//! Every image of every catalogue is found again as it was recorded.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use ecr_admission_catalogue::Catalogue;
use ecr_admission_policy::{EcrImage, Inspection};

use crate::odd;
use crate::world::{facts, images, inspect, needs, own, record, recorder, regions};

fn catalogues() -> [(&'static str, String); 3] {
    [
        ("sample", include_str!("../../../../samples/registry.yaml").to_owned()),
        (
            "end-to-end",
            include_str!("../../../../../scripts/end-to-end/src/registry.yaml")
                .replace("@NEW@", "3 days ago"),
        ),
        ("odd", odd::CATALOGUE.to_owned()),
    ]
}

#[tokio::test]
async fn a_recording_gives_the_inspections_that_were_recorded() {
    for (name, yaml) in catalogues() {
        let original = facts(&yaml);
        let direct = original.inspector(&regions(), &own());
        let all = images(&yaml, &direct).await;
        assert!(all.len() > 20, "{name}: {}", all.len());
        for needs in needs() {
            let expected = inspect(&direct, &all, &needs).await;
            let (heard, recording) = record(&original, &all, &needs).await;
            assert_eq!(heard, expected, "{name}: the recorder changes nothing");
            let replayed = facts(&recording).inspector(&regions(), &own());
            let found = inspect(&replayed, &all, &needs).await;
            for (image, inspection) in &expected {
                assert_eq!(
                    found.get(image),
                    Some(inspection),
                    "{name}: {image} {needs:?}\n{recording}"
                );
            }
            // One by one, as another run may ask for them.
            for image in &all {
                let one: BTreeSet<EcrImage> = [image.clone()].into();
                let expected = inspect(&direct, &one, &needs).await;
                let found = inspect(&replayed, &one, &needs).await;
                assert_eq!(found, expected, "{name}: {image} alone {needs:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_recording_of_a_recording_is_the_same() {
    for (name, yaml) in catalogues() {
        let original = facts(&yaml);
        let all = images(&yaml, &original.inspector(&regions(), &own())).await;
        let [_, everything] = needs();
        let (_, recording) = record(&original, &all, &everything).await;
        let (_, again) = record(&facts(&recording), &all, &everything).await;
        let without_time = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with("recordedAt: "));
            lines.collect::<Vec<&str>>().join("\n")
        };
        assert_eq!(without_time(&again), without_time(&recording), "{name}");
    }
}

#[tokio::test]
async fn the_samples_hold_every_kind_of_inspection() {
    let mut kinds = BTreeSet::new();
    for (_, yaml) in catalogues() {
        let direct = facts(&yaml).inspector(&regions(), &own());
        for inspection in
            inspect(&direct, &images(&yaml, &direct).await, &needs()[1]).await.into_values()
        {
            kinds.insert(match inspection {
                Inspection::Inspected(_) => "inspected",
                Inspection::RepositoryNotFound => "no repository",
                Inspection::ImageNotFound => "no image",
                Inspection::NotImported => "not imported",
                Inspection::Moved => "moved",
                Inspection::Unavailable(_) => "unavailable",
            });
        }
    }
    let expected = ["inspected", "no image", "no repository", "not imported", "unavailable"];
    assert_eq!(kinds, BTreeSet::from(expected));
}

#[tokio::test]
async fn a_recording_says_what_it_is_and_holds_no_secret() {
    let (_, yaml) = &catalogues()[0];
    let original = facts(yaml);
    let all = images(yaml, &original.inspector(&regions(), &own())).await;
    let (_, recording) = record(&original, &all, &needs()[1]).await;
    assert!(
        recording.starts_with(
            "# What Amazon ECR said about the images that ecr-admission check evaluated, for --facts and for \
             scripts/run --registry.\n# It lists vulnerabilities: do not publish it.\nrecordedAt: "
        ),
        "{recording}"
    );
    for secret in ["AKIA", "Signature", "https://facts.invalid", "/blobs/"] {
        assert!(!recording.contains(secret), "{secret}");
    }
    let catalogue = Catalogue::parse(Path::new("facts.yaml"), &recording).unwrap();
    let recorded = catalogue.recorded().unwrap();
    assert_eq!((recorded.account, recorded.region), ("123456789012", "us-east-1"));
}

#[test]
fn the_file_is_for_its_owner_alone_and_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("facts.yaml");
    std::fs::write(&file, "an older one, for everybody").unwrap();
    recorder().write(&file, SystemTime::now()).unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    Catalogue::read(&file).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing beside it");

    // A folder cannot be replaced by a file.
    let taken = folder.path().join("folder");
    std::fs::create_dir(&taken).unwrap();
    let problem = recorder().write(&taken, SystemTime::now()).unwrap_err();
    assert!(problem.ends_with("; expected a file in a folder that you can write to"), "{problem}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
}
