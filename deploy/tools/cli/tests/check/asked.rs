//! What Amazon ECR is asked, over all objects together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use ecr_admission::inspect::{Budget, Found, InspectImage, Missing, Registry};
use ecr_admission_cli::check::report::CheckResult;
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, RepositoryFacts};
use ecr_admission_policy::names::RepositoryName;
use ecr_admission_policy::policy::Needs;
use ecr_admission_testing::as_named::AsNamed;

use crate::support::{VARIABLES, check, deployment, image, pod, running, setup};

/// Registries that note what they are asked, call by call.
#[derive(Debug, Default, Clone)]
struct Noting {
    repositories: Arc<Mutex<Vec<usize>>>,
    images: Arc<Mutex<Vec<Vec<String>>>>,
    /// How many names of a call are looked into; the others are not asked for.
    most: Option<usize>,
}

impl InspectImage for Noting {
    async fn repositories(
        &self,
        registry: &Registry,
        names: &BTreeSet<RepositoryName>,
        budget: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        self.repositories.lock().unwrap().push(names.len());
        let mut found = AsNamed.repositories(registry, names, budget).await;
        for (_, found) in found.iter_mut().skip(self.most.unwrap_or(usize::MAX)) {
            *found = Err(Missing::unavailable("ecr:DescribeRepositories", Cause::NotAsked));
        }
        found
    }

    async fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        needs: &Needs,
        budget: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        self.images.lock().unwrap().push(images.iter().map(ToString::to_string).collect());
        AsNamed.images(images, needs, budget).await
    }
}

#[tokio::test]
async fn every_image_is_asked_for_once_and_all_of_them_together() {
    let noting = Noting::default();
    let images: Vec<String> = (0..60).map(|n| image(&format!("team/app{}:{n}", n % 30))).collect();
    let mut objects = vec![];
    for n in 0..600 {
        let (one, other) = (&images[n % 60], &images[(n * 7) % 60]);
        let mut object = pod(&running(&format!("p{n}"), &[one, other]));
        // In the namespace `pinned`, the digest is asked for as soon as the tag is known.
        object.id.namespace = Some(if n % 2 == 0 { "pinned" } else { "shop" }.to_owned());
        objects.push(object);
    }
    let report = check(objects, setup(&VARIABLES, None), noting.clone()).await;
    assert_eq!((report.objects.len(), report.images), (600, 60));
    assert!(report.objects.iter().all(|object| object.result == CheckResult::Admitted));
    assert_eq!(*noting.repositories.lock().unwrap(), [30]);
    let asked = noting.images.lock().unwrap().clone();
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [60]);
}

#[tokio::test]
async fn nothing_is_asked_where_no_image_is_to_be_looked_up() {
    let noting = Noting::default();
    let mut ignored = pod(&running("dns", &[&image("dns:1")]));
    ignored.id.namespace = Some("kube-system".to_owned());
    let objects = vec![pod(&running("web", &["quay.io/team/app:1"])), ignored];
    let report = check(objects, setup(&VARIABLES, None), noting.clone()).await;
    let results: Vec<&CheckResult> = report.objects.iter().map(|object| &object.result).collect();
    assert_eq!(results, [&CheckResult::Denied, &CheckResult::Ignored]);
    assert!(noting.repositories.lock().unwrap().is_empty());
    assert!(noting.images.lock().unwrap().is_empty());
}

#[tokio::test]
async fn names_that_were_not_asked_for_are_asked_for_again_while_that_brings_something() {
    let noting = Noting { most: Some(20), ..Noting::default() };
    let object = |n| deployment(&running("p", &[&image(&format!("team/nowhere{n}:1"))]));
    let report =
        check((0..50).map(object).collect(), setup(&VARIABLES, None), noting.clone()).await;
    assert!(report.objects.iter().all(|object| object.result == CheckResult::Denied));
    assert_eq!(*noting.repositories.lock().unwrap(), [50, 30, 10]);

    let noting = Noting { most: Some(0), ..Noting::default() };
    let report =
        check((0..50).map(object).collect(), setup(&VARIABLES, None), noting.clone()).await;
    assert!(report.objects.iter().all(|object| object.result == CheckResult::Unknown));
    assert_eq!(*noting.repositories.lock().unwrap(), [50]);
}
