//! Objects, settings and runs for the tests of `check`.

use std::collections::BTreeMap;
use std::time::Duration;

use ecr_admission::inspect::InspectImage;
use ecr_admission::policy_secret::PolicyVersion;
use ecr_admission_cli::check::evaluate::{Setup, evaluate};
use ecr_admission_cli::check::object::{Content, MadePod, Object, ObjectId};
use ecr_admission_cli::check::options::NOBODY;
use ecr_admission_cli::check::report::Report;
use ecr_admission_cli::check::review::Circumstances;
use ecr_admission_cli::check::settings::Settings;
use ecr_admission_testing::NOW_MS;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) const REGISTRY: &str = ecr_admission_testing::REGISTRY;

/// The settings of every test, as the handler of the same test has them.
pub(crate) const VARIABLES: [(&str, &str); 3] = [
    ("REGISTRY_IDS", "123456789012"),
    ("PIN_NAMESPACES", "pinned"),
    ("REWRITES", "docker.io/=123456789012.dkr.ecr.us-east-1.amazonaws.com/hub/"),
];

/// A setup with these settings, by which Pods are created in the namespace `shop`.
pub(crate) fn setup(variables: &[(&str, &str)], document: Option<&str>) -> Setup {
    let region = [("AWS_REGION", "us-east-1")];
    let environment = region.iter().chain(variables);
    let settings = Settings {
        environment: environment.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        document: None,
        own_account: "123456789012".parse().unwrap(),
        notices: vec![],
    };
    Setup {
        config: settings.config().unwrap(),
        document: document.map(|text| PolicyVersion { id: "v1".to_owned(), text: text.to_owned() }),
        own_account: settings.own_account,
        circumstances: Circumstances { user: NOBODY.to_owned(), groups: vec![], mutate: true },
        namespace: "shop".to_owned(),
        now_ms: NOW_MS,
        deadline: Instant::now() + Duration::from_mins(1),
        room: 16,
        prefetch: None,
    }
}

/// The report on objects.
pub(crate) async fn check(
    objects: Vec<Object>,
    setup: Setup,
    inspector: impl InspectImage,
) -> Report {
    evaluate(objects, setup, inspector, |_| async {}).await
}

/// A Pod as an object of the input.
pub(crate) fn pod(pod: &Value) -> Object {
    made(pod, "v1", "Pod", pod, "spec")
}

/// A Deployment whose Pods are like this one.
pub(crate) fn deployment(pod: &Value) -> Object {
    let deployment = json!({"metadata": {"name": "web"}});
    made(&deployment, "apps/v1", "Deployment", pod, "spec.template.spec")
}

/// A `CronJob` whose Pods are like this one.
pub(crate) fn cron_job(pod: &Value) -> Object {
    let job = json!({"metadata": {"name": "nightly"}});
    made(&job, "batch/v1", "CronJob", pod, "spec.jobTemplate.spec.template.spec")
}

fn made(object: &Value, api_version: &str, kind: &str, pod: &Value, path: &str) -> Object {
    let metadata = &object["metadata"];
    let text = |name: &str| metadata[name].as_str().map(ToOwned::to_owned);
    let owner = metadata["ownerReferences"][0].as_object();
    let owner = owner
        .map(|it| format!("{} {}", it["kind"].as_str().unwrap(), it["name"].as_str().unwrap()));
    Object {
        id: ObjectId {
            file: "objects.json".to_owned(),
            rendered: false,
            span: None,
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: text("namespace"),
            name: text("name").unwrap_or_default(),
        },
        content: Content::Pod(MadePod {
            pod: to_raw_value(pod).unwrap(),
            path: path.to_owned(),
            owner,
            images: BTreeMap::new(),
        }),
    }
}

/// A Pod with these container images.
pub(crate) fn running(name: &str, images: &[&str]) -> Value {
    let containers = images.iter().enumerate();
    let containers: Vec<Value> =
        containers.map(|(n, image)| json!({"name": format!("c{n}"), "image": image})).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers}})
}

/// The name of an image in the registry.
pub(crate) fn image(name: &str) -> String {
    format!("{REGISTRY}/{name}")
}
