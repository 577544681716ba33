//! Many reviews, for long, while AWS fails now and then: every one is answered, none wrongly, and the
//! sandboxes do not grow. `SOAK_SECONDS` makes the soak longer than a minute.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod crowd;
mod pods;

use std::sync::Arc;
use std::time::Duration;

use local_cloud::stack::Stack;
use tokio::sync::Mutex;
use tokio_util::task::AbortOnDropHandle;

use crate::crowd::{Crowd, Tally};
use end_to_end::relay::{Death, Relay};
use end_to_end::support::stack;

/// Each of the tests wants the machine for itself.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// What fails at the start, until it is used up: as many calls as one review in twenty of 2,000. From
/// then on all connections to ECR are reset every second.
const FAULTS: [&str; 8] = [
    "DescribeRepositories=throttle:25",
    "DescribeRepositories=reset:10",
    "BatchGetRepositoryScanningConfiguration=server-error:25",
    "BatchGetRepositoryScanningConfiguration=malformed:5",
    "DescribeImageScanFindings=access-denied:10",
    "DescribeImageScanFindings=slow:5",
    "BatchGetImage=server-error:10",
    "PutMetricData=server-error:10",
];

/// How much a sandbox may grow once it has seen every sort of review, in KiB: an allocator's slack.
const SLACK_KIB: u64 = 2 << 10;

/// The maximum of RAM that a sandbox may have used, in KiB. The bar for what ships is 24 MiB; these
/// binaries are built mostly without optimization.
const PEAK_KIB: u64 = 32 << 10;

/// A stack under load.
struct Loaded {
    stack: Arc<Stack>,
    _resetting: AbortOnDropHandle<()>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_thousand_reviews_two_hundred_at_a_time() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let loaded = start(&["--admission-env", "CACHE_SECONDS=0"]).await;
    let crowd = Crowd {
        in_flight: 200,
        reviews: 1_000,
        time: Duration::from_mins(3),
        rest: Duration::ZERO,
    };
    let mut tally = crowd.send(&loaded.stack, 0).await;
    let before = loaded.memory();
    tally.add(crowd.send(&loaded.stack, 1_000).await);
    assert_eq!(tally.reviews(), 2_000, "in six minutes");
    loaded.check(&tally, &before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_soak() {
    let seconds = std::env::var("SOAK_SECONDS").map_or(60, |it| it.parse().unwrap());
    let _alone = ONE_AT_A_TIME.lock().await;
    let loaded = start(&["--sandboxes", "2", "--admission-env", "CACHE_SECONDS=5"]).await;
    let crowd = |seconds: u64| Crowd {
        in_flight: 8,
        reviews: usize::try_from(200 * seconds).unwrap(),
        time: Duration::from_secs(seconds),
        rest: Duration::from_millis(20),
    };
    let mut tally = crowd(seconds / 3).send(&loaded.stack, 0).await;
    let before = loaded.memory();
    tally.add(crowd(seconds - seconds / 3).send(&loaded.stack, tally.reviews()).await);
    loaded.check(&tally, &before).await;
}

/// Starts a stack over the catalogue of many images, with the faults.
async fn start(args: &[&str]) -> Loaded {
    let files = tempfile::tempdir().unwrap();
    let registry = files.path().join("registry.yaml");
    std::fs::write(&registry, pods::catalogue()).unwrap();
    let relay = Relay::new().await;
    let through = relay.variable();
    let mut args = [args, &["--admission-env", &through]].concat();
    args.extend(["--registry", registry.to_str().unwrap()]);
    args.extend(FAULTS.iter().flat_map(|fault| ["--fault", fault]));
    let stack = Arc::new(stack(&args).await);
    relay.lead_to(&stack).await;
    let resetting = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            relay.sever(Death::Reset);
        }
    });
    Loaded { stack, _resetting: AbortOnDropHandle::new(resetting) }
}

impl Loaded {
    /// KiB in RAM now, and at most so far, of each sandbox of the admission function.
    fn memory(&self) -> Vec<(u64, u64)> {
        let sandboxes = end_to_end::processes::of(&self.stack, "admission");
        sandboxes.iter().map(|it| (it.memory_kib(), it.peak_memory_kib())).collect()
    }

    async fn check(self, tally: &Tally, before: &[(u64, u64)]) {
        let Tally { right, not_looked_up, wrong } = tally;
        assert!(wrong.is_empty(), "{} wrong, such as\n{}", wrong.len(), wrong[0]);
        let after = self.memory();
        // Ten calls were denied access, which is not tried again, and a Pod has two images at most.
        assert!(*not_looked_up >= 5, "only {not_looked_up} look-ups failed");
        assert!(not_looked_up * 20 < *right, "{not_looked_up} look-ups failed, {right} did not");
        assert_eq!(after.len(), before.len(), "a sandbox ended or was added");
        for ((now, _), (then, _)) in after.iter().zip(before) {
            assert!(*now < then + SLACK_KIB, "a sandbox grew from {then} KiB to {now} KiB");
        }
        assert!(after.iter().all(|(_, peak)| *peak < PEAK_KIB), "{after:?} KiB");
        let stack = Arc::into_inner(self.stack).unwrap();
        assert!(stack.stop().await.unwrap().status.success());
    }
}
