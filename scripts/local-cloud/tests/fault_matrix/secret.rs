//! Secrets Manager fails: without the tokens nobody can be told apart, so that the gateway answers 500.
//! The authorizer reads the secret when it starts and, if that failed, once more for the call: unless it
//! waited in vain just before.

use crate::cell::{Answer, Cell, Seen, calls, run};

const GET: &str = "GetSecretValue";

/// The answer, and how often the secret is asked for.
type Outcome = (Answer, usize);

/// Whether the caller gets an answer, and how often the secret is asked for until then: for one cold
/// call, the two labels (`AWSCURRENT`, and `AWSPREVIOUS`, which a new secret does not have) included.
/// One read tries three times at most, and twice where a try hangs.
#[rustfmt::skip]
const MATRIX: [(&str, Outcome, Outcome); 7] = [
    // fault           the first call only      every call
    ("throttle",       (Answer::Admitted, 3),   (Answer::Error, 6)),
    ("access-denied",  (Answer::Admitted, 3),   (Answer::Error, 2)),
    ("server-error",   (Answer::Admitted, 3),   (Answer::Error, 6)),
    ("hang",           (Answer::Admitted, 3),   (Answer::Error, 2)),
    ("reset",          (Answer::Admitted, 3),   (Answer::Error, 6)),
    ("malformed",      (Answer::Admitted, 3),   (Answer::Error, 2)),
    ("slow",           (Answer::Admitted, 2),   (Answer::Admitted, 2)),
];

#[tokio::test]
async fn the_secret_cannot_be_read() {
    run(cells().collect()).await;
}

fn cells() -> impl Iterator<Item = Cell> {
    let cell = |fault: &str, (answer, asked): &(Answer, usize)| {
        let judged = usize::from(*answer == Answer::Admitted);
        let ecr = [
            "DescribeRepositories",
            "BatchGetRepositoryScanningConfiguration",
            "DescribeImageScanFindings",
            "BatchGetImage",
        ];
        let mut made = ecr.map(|operation| (operation, judged)).to_vec();
        made.push((GET, *asked));
        Cell {
            fault: format!("{GET}={fault}"),
            registry: &[],
            image: "payments/api:1.4",
            warm: false,
            expected: Seen { answer: answer.clone(), calls: calls(&made) },
        }
    };
    MATRIX.iter().flat_map(move |(fault, first, every)| {
        [cell(&format!("{fault}:1"), first), cell(fault, every)]
    })
}
