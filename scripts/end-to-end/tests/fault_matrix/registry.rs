//! Amazon ECR fails: the review is admitted when a second try helps, and else denied with a reason
//! that says that nothing is known against the image.

use local_cloud::door::Door;
use local_cloud::stack::Stack;

use end_to_end::cell::{Answer, Cell, Seen, VALIDATE, answer, calls, counted, run, warm};
use end_to_end::processes;
use end_to_end::support::{image, pod};

/// Why an image could not be evaluated; `None` where it was, and admitted.
type Reason = Option<&'static str>;

const ADMITTED: Reason = None;
const THROTTLED: Reason = Some("was throttled; try again in a minute");
const REFUSED: Reason = Some(
    "was denied access; allow it for the admission function's role and, for a registry of another account, in the repository policy",
);
const TIMED_OUT: Reason = Some("timed out; try again; if it persists, see the function's log");
const FAILED: Reason = Some("failed; try again; if it persists, see the function's log");

/// The reason, and how often the operation is called.
type Outcome = (Reason, usize);

/// The result of a fault, and how often the call that it hits is made for one review: the same for each
/// of the four operations, and for each of the calls of one. What may pass is tried three times at most.
#[rustfmt::skip]
const MATRIX: [(&str, Outcome, Outcome); 7] = [
    // fault           the first call only    every call
    ("throttle",       (ADMITTED, 2),         (THROTTLED, 3)),
    ("access-denied",  (REFUSED,  1),         (REFUSED,   1)),
    ("server-error",   (ADMITTED, 2),         (FAILED,    3)),
    ("hang",           (ADMITTED, 2),         (TIMED_OUT, 3)),
    ("reset",          (ADMITTED, 2),         (FAILED,    3)),
    ("malformed",      (FAILED,   1),         (FAILED,    1)),
    ("slow",           (ADMITTED, 1),         (ADMITTED,  1)),
];

const IMAGE: &str = "payments/api:1.4";
const INDEX: &str = "shop/catalog:4.2";

const DESCRIBE: &str = "DescribeRepositories";
const CONFIGURATION: &str = "BatchGetRepositoryScanningConfiguration";
const FINDINGS: &str = "DescribeImageScanFindings";
const GET: &str = "BatchGetImage";

/// A call that the faults of a table hit.
#[derive(Clone, Copy)]
struct Target {
    operation: &'static str,
    /// What the call is about, where the operation is called more than once.
    key: &'static str,
    image: &'static str,
    registry: &'static [&'static str],
}

/// The first call of an operation.
const fn first(operation: &'static str, image: &'static str, key: &'static str) -> Target {
    Target { operation, key, image, registry: &[] }
}

/// The manifests of the platforms of an index, which its own manifest names.
const CHILDREN: Target = first(GET, INDEX, "@catalog@sha256");

/// The manifest of an image of a pull-through cache, asked for by digest once it was refused by tag.
const AGAIN: Target = Target {
    operation: GET,
    key: "@nginx@sha256",
    image: "docker-hub/library/nginx:1.29",
    registry: &[
        "--registry",
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fault_matrix/cache.yaml"),
    ],
};

#[tokio::test]
async fn the_repository_cannot_be_described() {
    run(cells(first(DESCRIBE, IMAGE, ""))).await;
}

#[tokio::test]
async fn the_scanning_configuration_cannot_be_read() {
    run(cells(first(CONFIGURATION, IMAGE, ""))).await;
}

#[tokio::test]
async fn the_findings_cannot_be_read() {
    run(cells(first(FINDINGS, IMAGE, ""))).await;
}

#[tokio::test]
async fn the_manifest_cannot_be_read() {
    run(cells(first(GET, IMAGE, ""))).await;
}

#[tokio::test]
async fn the_manifest_of_an_index_cannot_be_read() {
    run(cells(first(GET, INDEX, "@catalog:4.2"))).await;
}

#[tokio::test]
async fn the_manifests_of_its_platforms_cannot_be_read() {
    run(cells(CHILDREN)).await;
}

/// A denied access that names `ecr:BatchImportUpstreamImage` is none to the image, which is asked for once
/// more by the digest that its scan names.
#[tokio::test]
async fn the_manifest_cannot_be_read_by_the_digest_of_the_scan() {
    run(cells(AGAIN)).await;
}

/// The SDK's retry quota is 500 for a sandbox, and a further try takes five of it. A call that succeeds
/// gives one back, or five: of the further tries that failed, the client keeps the last one's five until
/// then. Once the quota is used up, every call is made only once.
#[tokio::test]
async fn a_registry_that_throttles_is_not_stormed() {
    const REVIEWS: usize = 8;
    const IMAGES: usize = 20;
    const QUOTA: usize = 500;
    const TRY: usize = 5;
    /// The repository, its scanning configuration and all manifests: one call each.
    const SUCCESSES: usize = 3;
    // What does not exist would be remembered, and not asked for again.
    let forgetful = ["--admission-env", "CACHE_SECONDS=0"];
    let throttled = ["--fault", "DescribeImageScanFindings=throttle"];
    let stack = warm(&[throttled, forgetful].concat()).await;
    // The manifests say that none of the others exists, whatever becomes of their scans.
    let others = (1..IMAGES).map(|n| image(&format!("payments/api:{n}")));
    let images: Vec<String> = [image(IMAGE)].into_iter().chain(others).collect();
    let review = pod("the-uid", &images.iter().map(String::as_str).collect::<Vec<_>>());
    for n in 1..=REVIEWS {
        let reply = stack.review(VALIDATE, &review).await.unwrap();
        let Answer::Denied(message) = answer(&reply) else { panic!("{}", reply.text()) };
        assert!(message.contains("ecr:DescribeImageScanFindings was throttled; "), "{message}");
        let made = counted(&stack).await[FINDINGS];
        let (once, successes) = (n * IMAGES, SUCCESSES * n);
        let further = (QUOTA + TRY * successes) / TRY;
        assert!(made <= once + further.min(2 * once), "{made} calls by review {n}");
    }
    // The quota was needed, and is what ended the tries.
    let made = counted(&stack).await[FINDINGS];
    assert!(made >= REVIEWS * IMAGES + QUOTA / TRY, "{made} calls");
}

/// A megabyte: kube-apiserver takes three. What Lambda ends for its time or its memory is a failed call,
/// and so an admission where the failure policy is Ignore.
#[tokio::test]
async fn a_pod_of_ten_thousand_images_is_denied_unasked() {
    let stack = warm(&[]).await;
    let message = many(&stack, 10_000).await;
    assert_eq!(
        message,
        "the Pod has 10000 distinct images to look up, more than the 100 allowed; split it or raise the parameter MaxImages"
    );
    assert_eq!(counted(&stack).await.get(FINDINGS), None);
}

#[tokio::test]
async fn the_most_images_that_are_allowed_are_looked_up_beside_one_another() {
    const IMAGES: usize = 500;
    const MOST_CALLS: usize = 32;
    /// Ids in one `BatchGetImage`.
    const BATCH: usize = 25;
    // So slow that all would be on their way before the first is answered.
    let stack = warm(&["--latency-ms", "100", "--admission-env", "MAX_IMAGES=500"]).await;
    let message = many(&stack, IMAGES).await;
    let missing = "repository \"payments/api\" holds no image with tag \"0\"; push it";
    assert!(message.contains(missing), "{message}");
    let calls = stack.calls().await.unwrap();
    let mut steps: Vec<(u64, isize)> = vec![];
    for call in calls.iter().filter(|call| !call.contains("PutMetricData")) {
        let columns: Vec<&str> = call.split(' ').collect();
        let [at, took]: [u64; 2] = [columns[0], columns[4]].map(|text| text.parse().unwrap());
        steps.extend([(at, 1), (at + took, -1)]);
    }
    let each = IMAGES + IMAGES.div_ceil(BATCH) + 2;
    assert_eq!(steps.len(), 2 * each, "each is asked for once: {calls:?}");
    // Ends before beginnings of the same millisecond.
    steps.sort_unstable();
    let mut in_flight = 0;
    let most = steps.iter().map(|(_, step)| {
        in_flight += step;
        in_flight
    });
    let most = most.max().unwrap();
    // Most of them do overlap.
    assert!((16..=MOST_CALLS.cast_signed()).contains(&most), "{most} calls at a time");
}

/// Why a Pod of so many images that do not exist is denied, in the memory of a small function.
async fn many(stack: &Stack, images: usize) -> String {
    let images: Vec<String> = (0..images).map(|n| image(&format!("payments/api:{n}"))).collect();
    let review = pod("the-uid", &images.iter().map(String::as_str).collect::<Vec<_>>());
    let reply = stack.review("/validate?timeout=30s", &review).await.unwrap();
    let Answer::Denied(message) = answer(&reply) else { panic!("{}", reply.text()) };
    let peak = processes::of(stack, "admission")[0].peak_memory_kib();
    assert!(peak < 64 << 10, "{peak} KiB");
    message
}

fn cells(target: Target) -> Vec<Cell> {
    let Target { operation, key, image, registry } = target;
    let cell = |fault: &str, (reason, tries): (Reason, usize)| Cell {
        fault: format!("{operation}{key}={fault}"),
        registry,
        door: Door::Header,
        image,
        warm: true,
        expected: expected(target, reason, tries),
    };
    MATRIX
        .iter()
        .flat_map(|(fault, first, every)| {
            let cell =
                |fault: &str, outcome: Outcome| cell(fault, one_by_one(target, fault, outcome));
            [cell(&format!("{fault}:1"), *first), cell(fault, *every)]
        })
        .collect()
}

/// The two platforms share a call. An answer that cannot be read may be the fault of one of them, so that
/// each is asked for alone after it.
fn one_by_one(target: Target, fault: &str, outcome: Outcome) -> Outcome {
    match (target.key == CHILDREN.key, fault) {
        (true, "malformed:1") => (ADMITTED, outcome.1 + 2),
        (true, "malformed") => (outcome.0, outcome.1 + 2),
        _ => outcome,
    }
}

/// The call that fails is made as often as the table says, every other one as if nothing had happened: each
/// operation once for the image, and once more for what it leads to. The scans and the manifests of the
/// platforms go out together.
fn expected(target: Target, reason: Reason, tries: usize) -> Seen {
    let Target { operation, image: name, .. } = target;
    let answer = reason.map_or(Answer::Admitted, |reason| {
        let path = format!("spec.containers[0].image \"{}\"", image(name));
        let what = format!("could not be evaluated: ecr:{operation} {reason}");
        Answer::Denied(format!("{path}: {what} [image-available]"))
    });
    let is_second = [CHILDREN.key, AGAIN.key].contains(&target.key);
    let is_led_on = is_second || reason.is_none();
    let (scans, manifests) = match name {
        INDEX if is_led_on => (2, 1),
        _ if name == AGAIN.image => (0, 1),
        _ => (0, 0),
    };
    let usual = [(DESCRIBE, 1), (CONFIGURATION, 1), (FINDINGS, 1 + scans), (GET, 1 + manifests)];
    let made =
        usual.map(|(of, usual)| (of, if of == operation { usual - 1 + tries } else { usual }));
    Seen { answer, calls: calls(&made) }
}
