//! How often Amazon ECR is called for a whole cluster, by the real adapter.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use ecr_admission::inspect::Budget;
use ecr_admission_cli::check::evaluate::evaluate;
use ecr_admission_cli::check::facts_file::FactsFile;
use ecr_admission_cli::check::input;
use ecr_admission_cli::check::progress::Step;
use ecr_admission_cli::check::report::CheckResult;
use ecr_admission_testing::NOW_MS;
use serde_json::{Value, json};

use crate::support::{VARIABLES, image, setup};

const IMAGES: usize = 500;
const REPOSITORIES: usize = 200;
/// So many of the images are indexes of two platforms.
const INDEXES: usize = 40;
const PODS: usize = 1_000;

fn name(n: usize) -> (String, String) {
    (format!("team/app{}", n % REPOSITORIES), format!("v{n}"))
}

fn catalogue() -> String {
    const SCAN: &str = "scan: {status: COMPLETE, completedAt: 1 day ago, findings: []}";
    let mut text = String::from(
        "registries:\n  - account: \"123456789012\"\n    region: us-east-1\n    repositories:\n",
    );
    for repository in 0..REPOSITORIES {
        let _ = write!(
            text,
            "      - name: team/app{repository}\n        imageTagMutability: IMMUTABLE\n        scanOnPush: true\n        scanFrequency: SCAN_ON_PUSH\n        images:\n"
        );
        for n in (repository..IMAGES).step_by(REPOSITORIES) {
            let (_, tag) = name(n);
            // Otherwise all would have the same digest.
            let config = format!("config: {{user: \"{n}\"}}");
            let _ = if n < INDEXES {
                let platform = |architecture| {
                    format!("{{os: linux, architecture: {architecture}, {SCAN}, {config}}}")
                };
                writeln!(
                    text,
                    "          - {{tags: [{tag}], platforms: [{}, {}]}}",
                    platform("amd64"),
                    platform("arm64")
                )
            } else {
                writeln!(text, "          - {{tags: [{tag}], {SCAN}, {config}}}")
            };
        }
    }
    text
}

/// `kubectl get pods -A -o json` of a cluster in which every image runs.
fn pods() -> String {
    let pod = |n: usize| {
        let images = [n % IMAGES, (n * 7 + 3) % IMAGES];
        let images = images.map(|n| {
            let (repository, tag) = name(n);
            json!({"name": tag, "image": image(&format!("{repository}:{tag}"))})
        });
        let namespace = if n.is_multiple_of(3) { "pinned" } else { "shop" };
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("p{n}"), "namespace": namespace},
            "spec": {"containers": images},
        })
    };
    json!({"apiVersion": "v1", "kind": "List", "items": (0..PODS).map(pod).collect::<Vec<Value>>()})
        .to_string()
}

/// The budget of the look-ups, and how many images were asked for.
type Seen = Mutex<Option<(Arc<Budget>, usize)>>;

#[tokio::test]
async fn a_cluster_takes_few_calls() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("registry.yaml");
    std::fs::write(&file, catalogue()).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW_MS);
    let facts = FactsFile::read(&file, Duration::MAX, at).unwrap();
    let inspector =
        facts.inspector(&["us-east-1".parse().unwrap()].into(), &"123456789012".parse().unwrap());
    let input = input::read(&["-".into()], &mut pods().as_bytes());
    assert_eq!((input.objects.len(), input.unreadable.len()), (PODS, 0));

    let seen: Arc<Seen> = Arc::default();
    let watched = Arc::clone(&seen);
    let report = evaluate(input.objects, setup(&VARIABLES, None), inspector, |step| {
        let Step::Ask { budget, images } = step else { panic!("{step:?}") };
        *watched.lock().unwrap() = Some((budget, images));
        async {}
    })
    .await;

    assert_eq!((report.objects.len(), report.images), (PODS, IMAGES));
    for object in &report.objects {
        assert_eq!(object.result, CheckResult::Admitted, "{object:?}");
    }
    let (budget, asked) = seen.lock().unwrap().take().unwrap();
    assert_eq!(asked, IMAGES);
    let children = 2 * INDEXES;
    // Each repository has fewer than 25 images.
    let bound = IMAGES
        + children
        + REPOSITORIES.div_ceil(25)
        + REPOSITORIES.div_ceil(100)
        + 2 * REPOSITORIES;
    let calls = usize::try_from(budget.calls()).unwrap();
    assert!((IMAGES + children..=bound).contains(&calls), "{calls} calls, at most {bound}");
}
