//! Secrets Manager fails: without the tokens no caller can be recognized, so that the gateway answers 500.
//! The authorizer reads the secret when it starts and, if that failed, once more for the call: unless it
//! waited for nothing just before.

use local_cloud::door::Door;
use local_cloud::stack::Stack;
use tokio::task::JoinSet;

use end_to_end::cell::{Answer, Cell, Seen, VALIDATE, answer, calls, cold, run};
use end_to_end::support::{image, pod};

const GET: &str = "GetSecretValue";

/// The answer, and how often the secret is asked for.
type Outcome = (Answer, usize);

/// Whether the caller gets an answer, and how often the secret is asked for until then, by one cold call. It has
/// the token of `AWSCURRENT`, so nobody asks for `AWSPREVIOUS`. One read tries three times at most, and twice where a try hangs.
#[rustfmt::skip]
const MATRIX: [(&str, Outcome, Outcome); 9] = [
    // fault                the first call only      every call
    ("throttle",            (Answer::Admitted, 2),   (Answer::Error, 6)),
    ("access-denied",       (Answer::Admitted, 2),   (Answer::Error, 2)),
    ("kms-denied",          (Answer::Admitted, 2),   (Answer::Error, 2)),
    ("marked-for-deletion", (Answer::Admitted, 2),   (Answer::Error, 2)),
    ("server-error",        (Answer::Admitted, 2),   (Answer::Error, 6)),
    ("hang",                (Answer::Admitted, 2),   (Answer::Error, 2)),
    ("reset",               (Answer::Admitted, 2),   (Answer::Error, 6)),
    ("malformed",           (Answer::Admitted, 2),   (Answer::Error, 2)),
    ("slow",                (Answer::Admitted, 1),   (Answer::Admitted, 1)),
];

#[tokio::test]
async fn the_secret_cannot_be_read() {
    run(Door::ALL.into_iter().flat_map(cells).collect()).await;
}

/// What AWSPREVIOUS fails with, and how often it is asked for until a call that needs it is answered.
#[rustfmt::skip]
const PREVIOUS: [(&str, usize); 8] = [
    ("throttle",            3),
    ("access-denied",       1),
    ("kms-denied",          1),
    ("marked-for-deletion", 1),
    ("server-error",        3),
    ("hang",                2),
    ("reset",               3),
    ("malformed",           1),
];

/// A rotation needs both versions; who has the current token needs one.
#[tokio::test]
async fn the_previous_version_cannot_be_read() {
    let cells = Door::ALL
        .into_iter()
        .flat_map(|door| PREVIOUS.map(|(fault, asked)| with_unread_previous(door, fault, asked)));
    cells.collect::<JoinSet<_>>().join_all().await;
}

async fn with_unread_previous(door: Door, fault: &'static str, asked: usize) {
    let fault_of_previous = format!("{GET}@AWSPREVIOUS={fault}");
    let stack = cold(&[door.args(), &["--fault", &fault_of_previous]].concat()).await;
    let review = pod("the-uid", &[&image("payments/api:1.4")]);
    let reply = stack.review_through(door, VALIDATE, &review).await.unwrap();
    assert_eq!(answer(&reply), Answer::Admitted, "{fault}");
    assert_eq!(of_previous(&stack).await, 0, "{fault}: nobody needs it");

    // It may be the previous token. An error, which is not cached: the authorizer is asked each time.
    let stranger = door.credential("a-token-of-nobody");
    for _ in 0..2 {
        let as_stranger = (door, stranger.as_str());
        let reply = stack.post_as(stack.client(), as_stranger, VALIDATE, review.to_string());
        let reply = reply.await.unwrap();
        assert_eq!(answer(&reply), Answer::Error, "{fault}");
    }
    assert_eq!(of_previous(&stack).await, asked, "{fault}: read at most once in 10 seconds");
    let log = stack.log();
    assert!(log.contains("a token that AWSCURRENT does not name gets an error"), "{fault}: {log}");
}

async fn of_previous(stack: &Stack) -> usize {
    let calls = stack.calls().await.unwrap();
    calls.iter().filter(|call| call.contains("@AWSPREVIOUS ")).count()
}

fn cells(door: Door) -> impl Iterator<Item = Cell> {
    let cell = move |fault: &str, (answer, asked): &(Answer, usize)| {
        let evaluated = usize::from(*answer == Answer::Admitted);
        let ecr = [
            "DescribeRepositories",
            "BatchGetRepositoryScanningConfiguration",
            "DescribeImageScanFindings",
            "BatchGetImage",
        ];
        let mut made = ecr.map(|operation| (operation, evaluated)).to_vec();
        made.push((GET, *asked));
        Cell {
            fault: format!("{GET}={fault}"),
            registry: &[],
            door,
            image: "payments/api:1.4",
            warm: false,
            expected: Seen { answer: answer.clone(), calls: calls(&made) },
        }
    };
    MATRIX.iter().flat_map(move |(fault, first, every)| {
        [cell(&format!("{fault}:1"), first), cell(fault, every)]
    })
}
