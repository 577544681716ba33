//! What `check` says of an object is what `/mutate` and then `/validate` say of its Pod: rule by rule, text by text.

use std::path::Path;
use std::time::{Duration, SystemTime};

use ecr_admission::handler::Handler;
use ecr_admission::inspect::InspectImage;
use ecr_admission::policy_secret::{PolicyVersion, ReadPolicy, Unreadable};
use ecr_admission_cli::check::facts_file::FactsFile;
use ecr_admission_cli::check::input;
use ecr_admission_cli::check::object::{Content, Object};
use ecr_admission_cli::check::options::NOBODY;
use ecr_admission_cli::check::report::{CheckResult, CheckedObject};
use ecr_admission_policy::Mode;
use ecr_admission_testing::as_named::AsNamed;
use ecr_admission_testing::texts::{assert_line, assert_warnings};
use ecr_admission_testing::{NOW_MS, event, handler_with, patch};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{VARIABLES, check, cron_job, deployment, image, pod, setup};

/// Documents that do not say the same of an image.
const DOCUMENTS: [&str; 4] = [
    "",
    "rules:\n  scan-findings: {mode: warn}\n  scan-on-push: {mode: audit}\n",
    "denials: short\nrules:\n  image-config: {mode: deny, nonRoot: true}\n",
    "rules:\n  image-available: {mode: audit}\n  tag-immutability: {mode: warn}\n",
];

struct Document(String);

impl ReadPolicy for Document {
    fn secret(&self) -> &'static str {
        "policy"
    }

    async fn read(&self, _: Instant) -> Result<PolicyVersion, Unreadable> {
        Ok(PolicyVersion { id: "v1".to_owned(), text: self.0.clone() })
    }
}

fn document(rest: &str) -> String {
    format!("apiVersion: ecr-admission/v1\n{rest}")
}

/// The `response` of the validating webhook to a Pod, as the mutating webhook leaves it.
async fn webhooks(inspector: impl InspectImage, pod: &Value, namespace: &str, rest: &str) -> Value {
    let variables = [&VARIABLES[..], &[("CACHE_SECONDS", "0")]].concat();
    let handler = handler_with(inspector, &variables, Some(Document(document(rest))));
    let mut review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
            "namespace": namespace, "userInfo": {"username": NOBODY}, "object": pod, "oldObject": null,
        },
    });
    let mutated = response(&handler, "POST /mutate", &review).await;
    patch::apply(&mut review["request"]["object"], &mutated);
    response(&handler, "POST /validate", &review).await
}

async fn response<I: InspectImage, R: ReadPolicy>(
    handler: &Handler<I, R>,
    route: &str,
    review: &Value,
) -> Value {
    let answer = handler.handle(event(route, &review.to_string()), NOW_MS).await.unwrap();
    serde_json::from_str::<Value>(&answer.body).unwrap()["response"].take()
}

/// What `check` says of the object.
async fn checked(inspector: impl InspectImage, object: Object, rest: &str) -> CheckedObject {
    let document = document(rest);
    ecr_admission_policy::Document::from_yaml(&document).unwrap();
    let setup = setup(&VARIABLES, Some(&document));
    let mut report = check(vec![object], setup, inspector).await;
    assert_eq!(report.objects.len(), 1);
    report.objects.remove(0)
}

/// Whether both say the same. `path` is where the spec of the Pod is in the object.
fn assert_same(checked: &CheckedObject, response: &Value, path: &str) {
    let decision = &response["auditAnnotations"]["decision"];
    let expected = match checked.result {
        CheckResult::Ignored => "ignored",
        CheckResult::Denied => "denied",
        // What could not be asked denies where the rule does.
        CheckResult::Unknown if !of(checked, Mode::Deny, path).is_empty() => "denied",
        _ => "admitted",
    };
    assert_eq!(decision, expected, "{checked:?}");
    let denials: Vec<String> =
        checked.refusal.iter().cloned().chain(of(checked, Mode::Deny, path)).collect();
    assert_line(&denials, &response["status"]["message"]);
    assert_line(&of(checked, Mode::Audit, path), &response["auditAnnotations"]["audited"]);
    let ruling = checked.break_glass.iter().cloned();
    let found: Vec<String> = ruling.chain(of(checked, Mode::Warn, path)).collect();
    assert_warnings(&found, &response["warnings"]);
}

/// The texts with this mode, with the paths that they have in the Pod.
fn of(checked: &CheckedObject, mode: Mode, path: &str) -> Vec<String> {
    let of_mode = checked.violations.iter().filter(|violation| violation.mode == mode);
    of_mode.map(|it| format!("spec{}", it.text.strip_prefix(path).unwrap())).collect()
}

/// Compares what is said of a Pod, alone and as the template of two controllers.
async fn compare<I: InspectImage>(
    inspector: impl Fn() -> I,
    made: &Value,
    namespace: &str,
    rest: &str,
) {
    let mut alone = made.clone();
    alone["metadata"]["namespace"] = json!(namespace);
    let response = webhooks(inspector(), &alone, namespace, rest).await;
    assert_same(&checked(inspector(), pod(&alone), rest).await, &response, "spec");
    // The template of a controller names no namespace.
    let response = webhooks(inspector(), made, namespace, rest).await;
    for (mut object, path) in [
        (deployment(made), "spec.template.spec"),
        (cron_job(made), "spec.jobTemplate.spec.template.spec"),
    ] {
        object.id.namespace = Some(namespace.to_owned());
        assert_same(&checked(inspector(), object, rest).await, &response, path);
    }
}

/// Words that the registries of the tests make facts of.
const WORDS: [&str; 16] = [
    "mutable",
    "except",
    "manual",
    "never",
    "pending",
    "critical",
    "high",
    "undefined",
    "index",
    "odd",
    "absent",
    "nowhere",
    "throttled",
    "moved",
    "root",
    "elsewhere",
];

fn images() -> impl Strategy<Value = String> {
    let named =
        (subsequence(&WORDS[..], 0..=3), select(&[":1", "", "@sha256", ":1@sha256", ":dev-1"][..]))
            .prop_map(|(words, id)| {
                let digest = format!("@sha256:{}", "a".repeat(64));
                image(&format!("app/{}{}", words.join("-") + "x", id.replace("@sha256", &digest)))
            });
    let others = select(
        &[
            "nginx",
            "nginx:1.27",
            "auto",
            "",
            "docker.io/library/busybox",
            "quay.io/team/app:1",
            "ngi nx",
            "UPPER:1",
            "210987654321.dkr.ecr.us-east-1.amazonaws.com/pay:1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay:1",
            "\u{1b}[31mred",
            "public.ecr.aws/nginx/nginx:1",
        ][..],
    );
    prop_oneof![3 => named, 1 => others.prop_map(ToOwned::to_owned)]
}

fn pods() -> impl Strategy<Value = Value> {
    let some = |max| prop::collection::vec(images(), 0..=max);
    (prop::collection::vec(images(), 1..=4), some(2), some(1), some(2)).prop_map(
        |(containers, init, ephemeral, volumes)| {
            let named = |images: Vec<String>| -> Vec<Value> {
                let all = images.into_iter().enumerate();
                all.map(|(n, image)| json!({"name": format!("c{n}"), "image": image})).collect()
            };
            let volumes: Vec<Value> = volumes
                .into_iter()
                .enumerate()
                .map(|(n, it)| json!({"name": format!("v{n}"), "image": {"reference": it}}))
                .collect();
            json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                "spec": {
                    "containers": named(containers), "initContainers": named(init),
                    "ephemeralContainers": named(ephemeral), "volumes": volumes,
                },
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_generated_object(
        pod in pods(),
        namespace in select(&["shop", "pinned", "kube-system"][..]),
        rest in select(&DOCUMENTS[..]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(compare(|| AsNamed, &pod, namespace, rest));
    }
}

#[tokio::test]
async fn the_pod_of_every_real_review() {
    let directory = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../functions/admission/tests/cases/admission-reviews"
    );
    let mut pods = 0;
    for file in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        let review: Value = serde_json::from_slice(&text).unwrap();
        let object = &review["request"]["object"];
        let templates = ["", "/template", "/spec/template", "/spec/jobTemplate/spec/template"];
        let made = templates
            .iter()
            .find_map(|path| object.pointer(path).filter(|it| it["spec"]["containers"].is_array()));
        let Some(made) = made else { continue };
        pods += 1;
        for (namespace, rest) in ["shop", "pinned", "kube-system"].into_iter().zip(DOCUMENTS) {
            compare(|| AsNamed, made, namespace, rest).await;
        }
    }
    assert!(pods > 20, "{pods}");
}

/// The real adapter, over the catalogue of the samples.
#[tokio::test]
async fn every_sample() {
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples"));
    let pods = input::read(&[samples.join("pods")], &mut std::io::empty());
    assert_eq!(pods.unreadable, []);
    assert!(pods.objects.len() > 20, "{}", pods.objects.len());
    let policy = std::fs::read_to_string(samples.join("policy.yaml")).unwrap();
    let policy = policy.split_once("apiVersion: ecr-admission/v1\n").unwrap().1;
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW_MS);
    let facts = FactsFile::read(&samples.join("registry.yaml"), Duration::MAX, at).unwrap();
    let (regions, own) = (["us-east-1".parse().unwrap()].into(), "123456789012".parse().unwrap());
    for object in pods.objects {
        let Content::Pod(made) = object.content else { panic!("{} makes no Pod", object.id.file) };
        let made: Value = serde_json::from_str(made.pod.get()).unwrap();
        let own_namespace = object.id.namespace.as_deref().unwrap_or("shop");
        for namespace in [own_namespace, "pinned"] {
            for rest in ["", policy] {
                compare(|| facts.inspector(&regions, &own), &made, namespace, rest).await;
            }
        }
    }
}
