//! Manifests: in which calls they are read, and how unusual ones are handled.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ecr_admission::ecr::EcrInspector;
use ecr_admission::inspect::{Budget, InspectImage};
use ecr_admission_policy::facts::{ConfigFacts, Content};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::index::Index;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, Inspection, SeverityLimit};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::configs::{sha256, url};
use crate::{FINDINGS, MANIFEST, OWN, image, tagged};
use ecr_admission_testing::digest;
use ecr_admission_testing::ecr::{
    OCI_IMAGE, OCI_INDEX, Reply, compliant, error, image_manifest, inspect, inspector, reply,
    verdict_at, verdict_on,
};

/// What the stand-in for a repository holds.
#[derive(Clone, Default)]
struct World {
    /// By the last digit of their digest.
    manifests: BTreeMap<char, Value>,
    /// The digests that have a scan: how many critical findings each has.
    scans: BTreeMap<char, u64>,
    /// The digests whose scan cannot be asked for.
    throttled: Vec<char>,
    /// Every id that was asked for: `scan 1`, `manifests 1 2`.
    asked: Arc<Mutex<Vec<String>>>,
}

/// The digest that a tag stands for is that of its last letter; `1` is the digest `0`.
fn digit(id: &Value) -> char {
    match (id["imageDigest"].as_str(), id["imageTag"].as_str()) {
        (Some(digest), _) => digest.chars().last().unwrap(),
        (None, Some("1")) => '0',
        (None, tag) => tag.unwrap().chars().last().unwrap(),
    }
}

impl World {
    fn image(self, digit: char, critical: u64) -> Self {
        self.manifest(digit, image_manifest()).scan(digit, critical)
    }

    fn manifest(mut self, digit: char, manifest: Value) -> Self {
        self.manifests.insert(digit, manifest);
        self
    }

    fn scan(mut self, digit: char, critical: u64) -> Self {
        self.scans.insert(digit, critical);
        self
    }

    fn throttled(mut self, digit: char) -> Self {
        self.throttled.push(digit);
        self
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }

    fn answer(&self, operation: &str, body: &Value) -> Reply {
        let note = |what: String| self.asked.lock().unwrap().push(what);
        match operation {
            FINDINGS => {
                let digit = digit(&body["imageId"]);
                note(format!("scan {digit}"));
                if self.throttled.contains(&digit) {
                    return error("ThrottlingException");
                }
                match self.scans.get(&digit) {
                    Some(critical) => scan_of(digit, *critical),
                    None => error("ScanNotFoundException"),
                }
            }
            MANIFEST => {
                let ids = body["imageIds"].as_array().unwrap();
                let digits: Vec<String> = ids.iter().map(|id| digit(id).to_string()).collect();
                note(format!("manifests {}", digits.join(" ")));
                let (mut images, mut failures) = (vec![], vec![]);
                for id in ids {
                    match self.manifests.get(&digit(id)) {
                        Some(manifest) => images.push(answer_of(id, manifest)),
                        None => {
                            failures.push(json!({"imageId": id, "failureCode": "ImageNotFound"}));
                        }
                    }
                }
                reply(&json!({"images": images, "failures": failures}))
            }
            other => compliant(other),
        }
    }

    fn inspector(&self) -> EcrInspector {
        let world = self.clone();
        inspector(move |operation, body| world.answer(operation, body))
    }

    /// The verdict on `pay:1`, used as a container.
    async fn verdict(&self) -> String {
        verdict_on(OWN, &self.inspector()).await.0
    }
}

fn scan_of(digit: char, critical: u64) -> Reply {
    reply(&json!({
        "imageId": {"imageDigest": digest(digit).as_str()},
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {
            "imageScanCompletedAt": 1_795_176_000,
            "findingSeverityCounts": {"CRITICAL": critical},
        },
    }))
}

fn answer_of(id: &Value, manifest: &Value) -> Value {
    let mut answered = id.clone();
    answered["imageDigest"] = json!(digest(digit(id)).as_str());
    json!({
        "imageId": answered,
        "imageManifest": manifest.to_string(),
        "imageManifestMediaType": manifest["mediaType"],
    })
}

/// An index of these descriptors.
fn index(descriptors: impl IntoIterator<Item = Value>) -> Value {
    let descriptors: Vec<Value> = descriptors.into_iter().collect();
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors})
}

/// A descriptor of an image of this platform.
fn of(digit: char, os: &str, architecture: &str) -> Value {
    json!({
        "mediaType": OCI_IMAGE,
        "digest": digest(digit).as_str(),
        "size": 1,
        "platform": {"os": os, "architecture": architecture},
    })
}

fn linux(digit: char) -> Value {
    of(digit, "linux", "amd64")
}

/// A SOCI index, which wears the platform of the image that it is for.
fn artifact() -> Value {
    let mut manifest = image_manifest();
    manifest["config"]["mediaType"] = json!("application/vnd.amazon.soci.index.v2+json");
    manifest["layers"][0]["mediaType"] = json!("application/octet-stream");
    manifest
}

#[tokio::test]
async fn the_images_of_a_repository_share_their_calls() {
    let calls = |images: usize| async move {
        let batches = Arc::new(Mutex::new(vec![]));
        let noted = Arc::clone(&batches);
        let inspector = inspector(move |operation, body| match operation {
            MANIFEST => {
                let ids = body["imageIds"].as_array().unwrap();
                noted.lock().unwrap().push(ids.len());
                let answer = |id: &Value| {
                    let mut answer = answer_of(&json!({"imageTag": "a"}), &image_manifest());
                    answer["imageId"]["imageTag"] = id["imageTag"].clone();
                    answer
                };
                reply(&json!({"images": ids.iter().map(answer).collect::<Vec<_>>()}))
            }
            other => compliant(other),
        });
        let tag = |n: usize| image("pay", ImageId::Tag(format!("{n}a").parse().unwrap()));
        let (found, calls) = inspect(&inspector, (0..images).map(tag)).await;
        assert!(found.values().all(|found| matches!(found, Inspection::Inspected(_))));
        let batches = batches.lock().unwrap().clone();
        (batches, calls)
    };
    assert_eq!(calls(25).await, (vec![25], 2 + 25 + 1));
    assert_eq!(calls(26).await, (vec![25, 1], 2 + 26 + 2));
}

#[tokio::test]
async fn an_odd_image_does_not_spoil_the_answers_of_the_others() {
    let import = json!({
        "__type": "AccessDeniedException",
        "message": "User: arn:aws:sts::123456789012:assumed-role/f/f is not authorized to perform: ecr:BatchImportUpstreamImage on resource: r",
    });
    for odd in [
        (400, import.to_string()),
        error("InvalidParameterException"),
        error("UnableToGetUpstreamImageException"),
        (200, "{".to_owned()),
        (200, "x".repeat((8 << 20) + 1)),
    ] {
        let world = World::default().image('a', 0).image('b', 0);
        let inspector = inspector(move |operation, body| {
            let odd_too = body["imageIds"]
                .as_array()
                .is_some_and(|ids| ids.iter().any(|id| id["imageTag"] == "odd"));
            if odd_too { odd.clone() } else { world.answer(operation, body) }
        });
        let tag = |tag: &str| image("pay", ImageId::Tag(tag.parse().unwrap()));
        let (found, calls) = inspect(&inspector, ["a", "b", "odd"].map(tag)).await;
        let inspected: Vec<bool> =
            found.values().map(|found| matches!(found, Inspection::Inspected(_))).collect();
        assert_eq!((inspected, calls), (vec![true, true, false], 2 + 3 + 1 + 3));
    }
}

#[tokio::test]
async fn a_call_that_fails_for_all_is_not_made_into_many() {
    for failure in
        [error("ThrottlingException"), error("AccessDeniedException"), (500, String::new())]
    {
        let inspector = inspector(move |operation, _| match operation {
            MANIFEST => failure.clone(),
            other => compliant(other),
        });
        let tag = |tag: &str| image("pay", ImageId::Tag(tag.parse().unwrap()));
        let (found, calls) = inspect(&inspector, ["a", "b"].map(tag)).await;
        let unavailable = |found: &Inspection| matches!(found, Inspection::Unavailable(_));
        assert!(found.values().all(unavailable), "{found:?}");
        assert_eq!(calls, 2 + 2 + 1);
    }
}

/// ECR always says it; an absent word is an unknown one.
#[tokio::test]
async fn a_manifest_without_a_media_type_is_not_understood() {
    let inspector = inspector(|operation, body| match operation {
        MANIFEST => {
            let mut answer = answer_of(&body["imageIds"][0], &image_manifest());
            answer["imageManifestMediaType"] = Value::Null;
            answer["imageId"]["imageDigest"] = json!(digest('a').as_str());
            reply(&json!({"images": [answer]}))
        }
        other => compliant(other),
    });
    let (verdict, _) = verdict_on(OWN, &inspector).await;
    assert!(verdict.contains("has a manifest of media type \"\", which this version"), "{verdict}");
}

#[tokio::test]
async fn a_manifest_that_is_too_long_to_be_read_is_not_understood() {
    let inspector = inspector(|operation, _| match operation {
        MANIFEST => (200, "x".repeat((1 << 20) + 1)),
        other => compliant(other),
    });
    let pinned = image("pay", ImageId::Digest(digest('a')));
    let (found, _) = inspect(&inspector, [pinned.clone()]).await;
    let Inspection::Inspected(facts) = &found[&pinned] else { panic!("{found:?}") };
    assert!(matches!(facts.content, Content::NotUnderstood(_)), "{facts:?}");
    // By its tag, it has the digest that its scan names.
    let (verdict, calls) = verdict_on(OWN, &inspector).await;
    assert!(verdict.contains("has a manifest of more than 256 KiB"), "{verdict}");
    assert_eq!(calls, 4, "it is not asked for again");
}

/// The answers of a repository whose tag `1` stands for other images from call to call.
fn moving(scans: &'static [char], manifests: &'static [char]) -> EcrInspector {
    let (scanned, read) = (Mutex::new(scans.iter()), Mutex::new(manifests.iter()));
    let next = |digits: &Mutex<std::slice::Iter<'_, char>>| *digits.lock().unwrap().next().unwrap();
    inspector(move |operation, body| match operation {
        FINDINGS => scan_of(next(&scanned), 0),
        MANIFEST => {
            let id = &body["imageIds"][0];
            let mut answer = answer_of(id, &image_manifest());
            answer["imageId"]["imageDigest"] = json!(digest(next(&read)).as_str());
            reply(&json!({"images": [answer]}))
        }
        other => compliant(other),
    })
}

#[tokio::test]
async fn a_tag_that_moved_is_asked_once_more() {
    assert_eq!(
        verdict_on(OWN, &moving(&['a', 'b'], &['b', 'b'])).await,
        ("admitted".to_owned(), 6)
    );
    let (verdict, calls) = verdict_on(OWN, &moving(&['a', 'b'], &['b', 'a'])).await;
    assert!(verdict.contains("its tag moved to another image while it was looked up"), "{verdict}");
    assert!(verdict.ends_with("[image-available]"), "{verdict}");
    assert_eq!(calls, 6);
}

#[tokio::test]
async fn what_does_not_exist_goes_before_what_could_not_be_asked() {
    for (scan, manifest) in [
        (error("ImageNotFoundException"), error("ThrottlingException")),
        (
            error("ThrottlingException"),
            reply(
                &json!({"failures": [{"imageId": {"imageTag": "1"}, "failureCode": "ImageNotFound"}]}),
            ),
        ),
    ] {
        let inspector = inspector(move |operation, _| match operation {
            FINDINGS => scan.clone(),
            MANIFEST => manifest.clone(),
            other => compliant(other),
        });
        let (verdict, _) = verdict_on(OWN, &inspector).await;
        assert!(verdict.contains("holds no image with tag \"1\""), "{verdict}");
    }
}

/// A pull-through cache that fails to import, and holds what was scanned.
fn cache(scan: Reply, failure: Reply) -> EcrInspector {
    inspector(move |operation, body| match operation {
        FINDINGS => scan.clone(),
        MANIFEST if body["imageIds"][0]["imageDigest"].is_string() => {
            reply(&json!({"images": [answer_of(&body["imageIds"][0], &image_manifest())]}))
        }
        MANIFEST => failure.clone(),
        other => compliant(other),
    })
}

#[tokio::test]
async fn an_image_of_a_pull_through_cache_is_read_by_the_digest_of_its_scan() {
    let denied = json!({
        "__type": "AccessDeniedException",
        "message": "not authorized to perform: ecr:BatchImportUpstreamImage",
    });
    let code = |code: &str| {
        reply(&json!({"failures": [{"imageId": {"imageTag": "1"}, "failureCode": code}]}))
    };
    for failure in [
        (400, denied.to_string()),
        error("UnableToGetUpstreamImageException"),
        code("UpstreamAccessDenied"),
        code("UpstreamTooManyRequests"),
        code("UpstreamUnavailable"),
    ] {
        let held = cache(scan_of('a', 0), failure.clone());
        assert_eq!(verdict_on(OWN, &held).await, ("admitted".to_owned(), 5), "{failure:?}");
        let held = cache(scan_of('a', 1), failure.clone());
        let (verdict, _) = verdict_on(OWN, &held).await;
        assert!(verdict.contains("has 1 CRITICAL finding"), "{verdict}");
        for scan in [error("ScanNotFoundException"), error("ThrottlingException")] {
            let (verdict, _) = verdict_on(OWN, &cache(scan, failure.clone())).await;
            assert!(verdict.contains("not imported yet"), "{verdict}");
            assert!(!verdict.contains("denied access"), "{verdict}");
        }
    }
}

#[tokio::test]
async fn an_image_named_by_digest_is_asked_once_more_of_a_pull_through_cache() {
    let failing = |times: u32| {
        let left = Mutex::new(times);
        inspector(move |operation, body| match operation {
            FINDINGS => scan_of('a', 0),
            MANIFEST => {
                let id = &body["imageIds"][0];
                let mut left = left.lock().unwrap();
                if *left == 0 {
                    return reply(&json!({"images": [answer_of(id, &image_manifest())]}));
                }
                *left -= 1;
                reply(&json!({"failures": [{"imageId": id, "failureCode": "UpstreamUnavailable"}]}))
            }
            other => compliant(other),
        })
    };
    let pinned = image("pay", ImageId::Digest(digest('a')));
    let (found, calls) = inspect(&failing(1), [pinned.clone()]).await;
    assert!(matches!(found[&pinned], Inspection::Inspected(_)), "{found:?}");
    assert_eq!(calls, 2 + 1 + 2);
    let (found, calls) = inspect(&failing(9), [pinned.clone()]).await;
    assert!(matches!(found[&pinned], Inspection::Unavailable(_)), "{found:?}");
    assert_eq!(calls, 2 + 1 + 2, "and not a third time");
}

#[tokio::test]
async fn an_index_with_a_scan_of_its_own_has_its_children_evaluated() {
    let world = World::default().manifest('0', index([linux('2'), linux('3')])).scan('0', 0);
    let world = world.image('2', 0).image('3', 5);
    let verdict = world.verdict().await;
    assert!(verdict.contains("has 5 CRITICAL findings"), "{verdict}");
}

#[tokio::test]
async fn the_scan_of_an_index_says_nothing_even_where_it_fails() {
    let world = World::default().manifest('0', index([linux('2')])).throttled('0').image('2', 0);
    assert_eq!(world.verdict().await, "admitted");
}

#[tokio::test]
async fn what_a_child_is_says_its_manifest() {
    // Described as an image, and an index: its children are found.
    let world = World::default()
        .manifest('0', index([linux('2')]))
        .manifest('2', index([linux('3')]))
        .image('3', 1);
    let verdict = world.verdict().await;
    assert!(verdict.contains("(sha256:333333333333…) has 1 CRITICAL finding"), "{verdict}");
    // Described as an index, and an image: it is scanned after all.
    let mut described = linux('2');
    described["mediaType"] = json!(OCI_INDEX);
    let world = World::default().manifest('0', index([described])).image('2', 1);
    let verdict = world.verdict().await;
    assert!(verdict.contains("(sha256:222222222222…) has 1 CRITICAL finding"), "{verdict}");
}

#[tokio::test]
async fn an_artifact_is_left_out_of_what_can_run_and_not_out_of_a_volume() {
    let world = World::default()
        .manifest('0', index([linux('2'), linux('3')]))
        .image('2', 0)
        .manifest('3', artifact());
    assert_eq!(world.verdict().await, "admitted");
    assert_eq!(world.asked(), ["manifests 0", "manifests 2 3", "scan 0", "scan 2", "scan 3"]);
    let volume = "spec.volumes[0].image.reference";
    let (verdict, _) = verdict_at(volume, OWN, &world.inspector()).await;
    assert!(verdict.contains("(sha256:333333333333…) was never scanned"), "{verdict}");
    // On its own it is what the workload names.
    let world = World::default().manifest('0', artifact());
    assert!(world.verdict().await.contains("was never scanned"), "{}", world.verdict().await);
}

#[tokio::test]
async fn a_failed_scan_of_an_artifact_denies_nothing() {
    let world = World::default()
        .manifest('0', index([linux('2'), linux('3')]))
        .image('2', 0)
        .manifest('3', artifact())
        .throttled('3');
    assert_eq!(world.verdict().await, "admitted");
    let world = world.throttled('2');
    assert!(world.verdict().await.contains("was throttled"), "{}", world.verdict().await);
}

#[tokio::test]
async fn a_platform_that_no_runtime_has_is_not_even_fetched() {
    let world = World::default()
        .manifest('0', index([linux('2'), of('3', "unknown", "unknown")]))
        .image('2', 0);
    assert_eq!(world.verdict().await, "admitted");
    assert_eq!(world.asked(), ["manifests 0", "manifests 2", "scan 0", "scan 2"]);
}

#[tokio::test]
async fn one_descriptor_by_which_it_could_be_chosen_keeps_a_child() {
    for descriptors in
        [[of('3', "unknown", "unknown"), linux('3')], [linux('3'), of('3', "unknown", "unknown")]]
    {
        let world = World::default().manifest('0', index(descriptors)).image('3', 2);
        let verdict = world.verdict().await;
        assert!(verdict.contains("has 2 CRITICAL findings"), "{verdict}");
    }
}

#[tokio::test]
async fn an_index_of_artifacts_alone_is_denied() {
    let world = World::default().manifest('0', index([linux('3')])).manifest('3', artifact());
    let verdict = world.verdict().await;
    assert!(verdict.contains("is an image index without an image to evaluate"), "{verdict}");
}

/// Descriptors of so many children with digests of their own, all of which are `manifest`.
fn crowd(count: usize) -> Vec<Value> {
    let descriptor =
        |n| json!({"mediaType": OCI_IMAGE, "digest": format!("sha256:{n:063x}c"), "size": 1});
    (0..count).map(descriptor).collect()
}

#[tokio::test]
async fn many_artifacts_hide_no_image_and_cost_no_scan() {
    let descriptors = |artifacts| crowd(artifacts).into_iter().chain([linux('2'), linux('3')]);
    let world = World::default()
        .manifest('0', index(descriptors(40)))
        .manifest('c', artifact())
        .image('2', 0)
        .image('3', 0);
    let answers = world.clone();
    let inspector = inspector(move |operation, body| {
        let Some(ids) = body["imageIds"].as_array() else { return answers.answer(operation, body) };
        let image = |id: &Value| {
            let mut answer = answer_of(id, &answers.manifests[&digit(id)]);
            if id["imageDigest"].is_string() {
                answer["imageId"] = id.clone();
            }
            answer
        };
        reply(&json!({"images": ids.iter().map(image).collect::<Vec<_>>()}))
    });
    let (verdict, calls) = verdict_on(OWN, &inspector).await;
    assert_eq!(verdict, "admitted");
    assert_eq!(calls, 2 + (1 + 1) + 2 + 2, "two batches of children, then the scans of two");
    assert_eq!(world.asked(), ["scan 0", "scan 2", "scan 3"]);
    let volume = "spec.volumes[0].image.reference";
    let (verdict, _) = verdict_at(volume, OWN, &inspector).await;
    assert!(verdict.contains("more than 32 images"), "{verdict}");
}

#[tokio::test]
async fn more_than_32_images_are_denied() {
    let world = World::default().manifest('0', index(crowd(33))).manifest('c', image_manifest());
    let verdict = world.verdict().await;
    // The repository holds them under another digest, so that nothing of them is known: too many all
    // the same.
    assert!(verdict.contains("more than 32 images"), "{verdict}");
}

#[tokio::test]
async fn more_than_100_descriptors_are_denied_without_another_call() {
    let world = World::default().manifest('0', index(crowd(101)));
    let verdict = world.verdict().await;
    assert!(verdict.contains("with more than 100 entries"), "{verdict}");
    assert_eq!(world.asked(), ["manifests 0", "scan 0"]);
    // Those of all levels count together.
    let nested = World::default()
        .manifest('0', index(crowd(60).into_iter().chain([linux('2')])))
        .manifest('2', index(crowd(60)))
        .manifest('c', artifact());
    let verdict = nested.verdict().await;
    assert!(verdict.contains("with more than 100 entries"), "{verdict}");
}

#[tokio::test]
async fn a_checkpoint_is_found_wherever_it_is_annotated() {
    let annotate = |mut value: Value| {
        value["annotations"] = json!({"org.criu.checkpoint.container.name": "web"});
        value
    };
    let plain = World::default().manifest('0', index([linux('2')])).image('2', 0);
    for world in [
        World::default().image('0', 0).manifest('0', annotate(image_manifest())),
        plain.clone().manifest('0', annotate(index([linux('2')]))),
        plain.clone().manifest('0', index([annotate(linux('2'))])),
        plain.clone().manifest('2', annotate(image_manifest())),
    ] {
        let verdict = world.verdict().await;
        assert!(verdict.contains("org.criu.checkpoint.container.name"), "{verdict}");
        assert!(verdict.ends_with("[ecr-registry]"), "{verdict}");
    }
    assert_eq!(plain.verdict().await, "admitted");
}

#[tokio::test]
async fn a_child_that_is_not_understood_denies_the_image() {
    let odd = json!({"schemaVersion": 2, "mediaType": OCI_IMAGE, "config": {"Digest": "x"}});
    let world = World::default()
        .manifest('0', index([linux('2'), linux('3')]))
        .image('2', 0)
        .manifest('3', odd.clone())
        .scan('3', 0);
    let verdict = world.verdict().await;
    assert!(verdict.contains("(sha256:333333333333…) has a manifest that"), "{verdict}");
    assert!(verdict.ends_with("[image-available]"), "{verdict}");
    let verdict = World::default().manifest('0', odd).scan('0', 0).verdict().await;
    assert!(verdict.contains("has a manifest that"), "{verdict}");
}

#[tokio::test]
async fn the_config_tells_windows_where_layers_may_come_from_elsewhere() {
    const CONFIG: &str = r#"{"os": "windows", "config": {}}"#;
    let mut windows = image_manifest();
    windows["config"]["digest"] = json!(sha256(CONFIG));
    windows["layers"][0] = json!({
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": digest('d').as_str(),
        "size": 1,
        "urls": ["https://mcr.microsoft.com/v2/layer"],
    });
    let children = [of('2', "windows", "amd64"), linux('3')];
    let world = World::default().manifest('0', index(children)).image('3', 0);
    let world = world.manifest('2', windows).scan('2', 0);
    let answers = world.clone();
    let inspector = inspector(move |operation, body| match operation {
        "GetDownloadUrlForLayer" => reply(&json!({"downloadUrl": url(&sha256(CONFIG))})),
        "GET" => (200, CONFIG.to_owned()),
        other => answers.answer(other, body),
    });
    for (foreign_layers, expected) in [(false, 0), (true, 1)] {
        let needs = Needs {
            severity_limit: SeverityLimit::Critical,
            all_findings: false,
            config: false,
            signing: false,
            foreign_layers,
        };
        let (image, budget) = (tagged("pay"), Budget::new(Instant::now() + MINUTE));
        let found = inspector.images(&[image.clone()].into(), &needs, &budget).await;
        let Ok(found) = &found[&image] else { panic!("{found:?}") };
        let Content::Index(Index::Children(children)) = &found.content else { panic!("{found:?}") };
        let read =
            children.iter().filter_map(|child| match &child.facts.as_ref().unwrap().config {
                ConfigFacts::Read(config) => Some(config.os.as_str()),
                ConfigFacts::NotRead | ConfigFacts::Unavailable(_) => None,
            });
        assert_eq!(read.collect::<Vec<_>>(), vec!["windows"; expected]);
        assert_eq!(children.iter().filter(|child| child.windows).count(), 1);
    }
}

const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);

/// Nothing of a tag may be taken from an answer about another.
#[tokio::test]
async fn an_answer_about_another_image_is_none() {
    let pinned = image("pay", ImageId::Digest(digest('b')));
    let inspector = inspector(|operation, _| match operation {
        FINDINGS => scan_of('b', 0),
        other => compliant(other),
    });
    let (found, _) = inspect(&inspector, [pinned.clone()]).await;
    assert!(matches!(found[&pinned], Inspection::Unavailable(_)), "{found:?}");
    let images: Vec<EcrImage> =
        ["a", "b"].map(|tag| image("pay", ImageId::Tag(tag.parse().unwrap()))).into();
    // Of two only the one that is named has an answer.
    let inspector = self::inspector(|operation, _| match operation {
        MANIFEST => {
            reply(&json!({"images": [answer_of(&json!({"imageTag": "a"}), &image_manifest())]}))
        }
        other => compliant(other),
    });
    let (found, _) = inspect(&inspector, images.clone()).await;
    assert!(matches!(found[&images[0]], Inspection::Inspected(_)), "{found:?}");
    assert!(matches!(found[&images[1]], Inspection::Unavailable(_)), "{found:?}");
}
