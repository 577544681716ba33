//! What the bench counts and no machine changes, on the binaries of the dev profile: the calls of a
//! review and how many of them follow one another, and the instructions of the token comparison.
//! What needs the binaries that ship (bytes, memory, instructions of a review) `scripts/bench --assert`
//! holds to its bar, and `scripts/test` runs that, too.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr, reason = "a test may")]

use std::process::Command;

use benchmarks::cloud::Cloud;
use benchmarks::comparison::{self, GROUPS};
use benchmarks::sandbox::{Program, Sandbox};
use benchmarks::shape::shapes;
use benchmarks::{event, journal};
use local_cloud::build::build;
use local_cloud::stack::Stack;

/// So long that parallel calls overlap on a busy machine, too.
const LATENCY_MS: &str = "700";

#[tokio::test]
async fn a_review_makes_the_calls_it_must_and_waits_for_as_few_as_it_can() {
    let directory = tempfile::tempdir().unwrap();
    let catalogue = directory.path().join("registry.yaml");
    std::fs::write(&catalogue, benchmarks::catalogue::yaml()).unwrap();
    let program = build("local-cloud", "--bin", "local-cloud").unwrap();
    let admission = build("ecr-admission", "--bin", "admission").unwrap();
    let authorizer = build("ecr-admission-authorizer", "--bin", "authorizer").unwrap();
    for cache in ["CACHE_SECONDS=0", "CACHE_SECONDS=300"] {
        let stack = Stack::options()
            .program(&program)
            .admission(&admission)
            .authorizer(&authorizer)
            .args(["--sandboxes", "1", "--latency-ms", LATENCY_MS, "--admission-env", cache])
            .args(["--registry", catalogue.to_str().unwrap()])
            .start()
            .await
            .unwrap();
        for shape in shapes().iter().filter(|shape| shape.cache_argument() == cache) {
            let calls = shape.observe(&stack).await.unwrap();
            assert_eq!(journal::counts(&calls), shape.calls, "{}", shape.name);
            assert_eq!(journal::serial_depth(&calls), shape.depth, "{}: {calls:?}", shape.name);
        }
        stack.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_function_runs_beside_the_runtime_api_alone() {
    let directory = tempfile::tempdir().unwrap();
    let catalogue = benchmarks::catalogue::yaml();
    let cloud = Cloud::start(directory.path(), &catalogue, []).await.unwrap();
    let program = Program {
        name: "admission",
        command: vec![build("ecr-admission", "--bin", "admission").unwrap()],
        environment: cloud.environment.clone(),
        log: directory.path().join("admission.log"),
    };
    let mut sandbox = Sandbox::start(&program).await.unwrap();
    for (images, admitted) in
        [(benchmarks::catalogue::clean_images(0, 3), true), (vec!["nginx".to_owned()], false)]
    {
        let review = benchmarks::pods::review("u", &images).unwrap();
        let answered = sandbox.invoke(event::validate(&review).unwrap()).await.unwrap();
        assert_eq!(event::admits(&answered.body), Some(admitted), "{answered:?}");
    }
    assert!(sandbox.peak_memory_kib().unwrap() > 0);
    sandbox.stop().await.unwrap();
}

#[test]
fn the_token_comparison_takes_the_same_instructions_whatever_is_wrong() {
    let installed = Command::new("valgrind").arg("--version").output();
    if !installed.is_ok_and(|output| output.status.success()) {
        eprintln!("valgrind is not installed: the instructions are not counted");
        return;
    }
    let program = build("benchmark-probes", "--bin", "token-comparison").unwrap();
    let directory = tempfile::tempdir().unwrap();
    for group in GROUPS {
        let counts: Vec<u64> = group
            .iter()
            .map(|class| comparison::instructions(&program, class, directory.path()).unwrap())
            .collect();
        assert!(counts.iter().all(|count| *count > 1_000), "{group:?}: {counts:?}");
        assert!(counts.windows(2).all(|pair| pair[0] == pair[1]), "{group:?}: {counts:?}");
    }
}
