//! The reviews whose calls are counted and whose round trips are timed.

use std::collections::BTreeMap;

use local_cloud::stack::Stack;

use crate::failure::Failure;
use crate::journal::{self, Call};
use crate::{catalogue, pods};

/// How a kube-apiserver calls the front door.
pub const VALIDATE: &str = "/validate?timeout=10s";

/// A review, and what it may ask of ECR.
#[derive(Clone, Debug)]
pub struct Shape {
    /// What is reviewed.
    pub name: &'static str,
    /// The images of the Pod.
    pub images: Vec<String>,
    /// Whether its facts are remembered from a review before it.
    pub cached: bool,
    /// Whether it is admitted.
    pub admitted: bool,
    /// How many round trips to ECR follow one another.
    pub depth: usize,
    /// How often each operation is called.
    pub calls: BTreeMap<&'static str, usize>,
    /// Whether its latency is measured, too. A review of very many images is bound by the CPU that
    /// all parties share here.
    pub timed: bool,
}

const REPOSITORIES: &str = "DescribeRepositories";
const CONFIGURATIONS: &str = "BatchGetRepositoryScanningConfiguration";
const FINDINGS: &str = "DescribeImageScanFindings";
const IMAGES: &str = "BatchGetImage";

/// All of them.
pub fn shapes() -> Vec<Shape> {
    let fresh = |name, images: Vec<String>, depth, calls: &[(&'static str, usize)]| Shape {
        name,
        images,
        cached: false,
        admitted: true,
        depth,
        calls: calls.iter().copied().collect(),
        timed: true,
    };
    let one = catalogue::clean_images(0, 1);
    let twenty = catalogue::clean_images(0, 20);
    let mut one_missing = catalogue::clean_images(0, 19);
    one_missing.push(catalogue::missing());
    let each = |count| [(REPOSITORIES, 1), (CONFIGURATIONS, 1), (FINDINGS, count), (IMAGES, count)];
    vec![
        fresh("1 image", one.clone(), 1, &each(1)),
        fresh("20 images", twenty.clone(), 1, &each(20)),
        fresh(
            "20 images of one repository",
            catalogue::many(),
            1,
            &[(REPOSITORIES, 1), (CONFIGURATIONS, 1), (FINDINGS, 20), (IMAGES, 1)],
        ),
        Shape { cached: true, ..fresh("20 images, cached", twenty, 0, &[]) },
        // The scan and the manifest of the index, then those of its two platforms.
        fresh(
            "an index of 2 platforms",
            vec![catalogue::index()],
            2,
            &[(REPOSITORIES, 1), (CONFIGURATIONS, 1), (FINDINGS, 3), (IMAGES, 2)],
        ),
        // What a descriptor calls an index has no scan looked up unless its manifest says otherwise.
        fresh(
            "an index in an index",
            vec![catalogue::nested()],
            3,
            &[(REPOSITORIES, 1), (CONFIGURATIONS, 1), (FINDINGS, 3), (IMAGES, 3)],
        ),
        Shape {
            admitted: false,
            ..fresh(
                "20 images, one repository missing",
                one_missing,
                2,
                &[(REPOSITORIES, 2), (CONFIGURATIONS, 1), (FINDINGS, 20), (IMAGES, 20)],
            )
        },
        Shape {
            timed: false,
            ..fresh(
                // As many as are looked up by default: 205 calls, 32 of them in flight at a time.
                "100 images of 100 repositories",
                catalogue::clean_images(0, 100),
                7,
                &[(REPOSITORIES, 1), (CONFIGURATIONS, 4), (FINDINGS, 100), (IMAGES, 100)],
            )
        },
        Shape { timed: false, ..fresh("1 image, 20 times", vec![one.concat(); 20], 1, &each(1)) },
    ]
}

impl Shape {
    /// What `CACHE_SECONDS` a stack for this shape needs, as an argument of local-cloud.
    pub fn cache_argument(&self) -> &'static str {
        if self.cached { "CACHE_SECONDS=300" } else { "CACHE_SECONDS=0" }
    }

    /// Reviews it, and checks that the verdict is the right one.
    pub async fn review(&self, stack: &Stack) -> Result<(), Failure> {
        let review =
            pods::review("u", &self.images).ok_or("the captured Pod has lost its shape")?;
        let reply = stack.review(VALIDATE, &review).await?;
        let answer = reply.json()?;
        let allowed = answer.pointer("/response/allowed").and_then(serde_json::Value::as_bool);
        if reply.status == 200 && allowed == Some(self.admitted) {
            Ok(())
        } else {
            Err(format!("{}: {} {}", self.name, reply.status, reply.text()).into())
        }
    }

    /// Reviews it on warm connections, and gives the calls that it made.
    pub async fn observe(&self, stack: &Stack) -> Result<Vec<Call>, Failure> {
        self.review(stack).await?;
        stack.reset().await?;
        self.review(stack).await?;
        let mut calls = journal::read(&stack.calls().await?).ok_or("calls cannot be read")?;
        // Denials are counted at CloudWatch, after their answers.
        calls.retain(|call| call.operation != "PutMetricData");
        Ok(calls)
    }
}
