//! How fast Amazon ECR is asked, and how long it is waited for. The clock of these tests is paused: it advances by itself
//! while everything waits.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecr_admission::inspect::{Budget, InspectImage, Missing};
use ecr_admission_cli::check::aws::{CALLS_A_SECOND, CALLS_IN_FLIGHT};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::testing::policy;
use ecr_admission_testing::ecr::{Reply, compliant};
use tokio::time::Instant;

use crate::replay::{aws, json_error};

const TIMEOUT: Duration = Duration::from_mins(5);

fn image(tag: &str) -> EcrImage {
    EcrImage {
        account: "123456789012".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        repository: "pay".parse().unwrap(),
        id: ImageId::Tag(tag.parse().unwrap()),
    }
}

/// Looks `images` up: how many were found, why the first of the others was not, and how long it took.
async fn look_up(
    images: &[EcrImage],
    answer: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> (usize, Option<Missing>, Duration) {
    let aws = aws(move |operation, _| answer(operation));
    let regions = [aws.region().clone()].into();
    let start = Instant::now();
    let caller = "123456789012".parse().unwrap();
    let inspector = aws.inspector(&regions, caller, start + TIMEOUT);
    let budget = Budget::with_room_for(CALLS_IN_FLIGHT, start + TIMEOUT);
    let images = images.iter().cloned().collect();
    let found = inspector.images(&images, &policy().needs(), &budget).await;
    let missing = found.values().find_map(|found| found.clone().err());
    (found.values().filter(|found| found.is_ok()).count(), missing, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn throttling_for_ten_seconds_is_waited_out() {
    let start = Instant::now();
    let refused = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&refused);
    let (found, missing, elapsed) = look_up(&[image("1")], move |operation| {
        if start.elapsed() < Duration::from_secs(10) {
            count.fetch_add(1, Ordering::Relaxed);
            return json_error("ThrottlingException", "Rate exceeded");
        }
        compliant(operation)
    })
    .await;
    assert_eq!((found, missing), (1, None));
    assert!((10..40).contains(&elapsed.as_secs()), "{elapsed:?}");
    // More often than a call is tried for any other reason.
    assert!(refused.load(Ordering::Relaxed) > 4, "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn throttling_without_end_is_the_reason_when_time_is_up() {
    let (found, missing, elapsed) =
        look_up(&[image("1")], |_| json_error("ThrottlingException", "Rate exceeded")).await;
    assert_eq!(found, 0);
    let Some(Missing::Unavailable(unavailable)) = missing else { panic!("{missing:?}") };
    assert_eq!(unavailable.cause, Cause::Throttled);
    let left = TIMEOUT.checked_sub(elapsed).unwrap();
    assert!(left < Duration::from_secs(10), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn another_failure_is_not_waited_for() {
    let (found, missing, elapsed) =
        look_up(&[image("1")], |_| (500, r#"{"__type": "ServerException"}"#.to_owned())).await;
    assert_eq!(found, 0);
    let Some(Missing::Unavailable(unavailable)) = missing else { panic!("{missing:?}") };
    assert_eq!(unavailable.cause, Cause::Internal);
    assert!(elapsed < Duration::from_secs(30), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_for_many_images_go_out_at_the_pace() {
    let images: Vec<_> = (0..200).map(|number| image(&format!("v{number}"))).collect();
    let sent = Arc::<Mutex<Vec<Instant>>>::default();
    let times = Arc::clone(&sent);
    look_up(&images, move |operation| {
        times.lock().unwrap().push(Instant::now());
        compliant(operation)
    })
    .await;
    let sent = sent.lock().unwrap();
    assert!(sent.len() >= 200, "{}", sent.len());
    let window = usize::try_from(CALLS_A_SECOND).unwrap();
    let fastest = sent.windows(window + 1).map(|sent| sent[window] - sent[0]).min().unwrap();
    assert!(fastest >= Duration::from_secs(1), "{fastest:?}");
}
