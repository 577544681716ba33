//! What is checked: the samples, the objects of real reviews, and generated ones.

use std::path::{Path, PathBuf};

use end_to_end::support::image;
use serde_json::{Value, json};

/// An object, and the Pod that it is or that its controller makes.
pub(crate) struct Object {
    /// Where it is written.
    pub(crate) file: PathBuf,
    /// The path of the Pod's spec in the object.
    pub(crate) path: &'static str,
    /// The Pod.
    pub(crate) pod: Value,
}

/// Where each kind keeps its Pod template, as a JSON pointer.
const TEMPLATES: [(&str, &str); 8] = [
    ("CronJob", "/spec/jobTemplate/spec/template"),
    ("DaemonSet", "/spec/template"),
    ("Deployment", "/spec/template"),
    ("Job", "/spec/template"),
    ("PodTemplate", "/template"),
    ("ReplicaSet", "/spec/template"),
    ("Rollout", "/spec/template"),
    ("StatefulSet", "/spec/template"),
];

impl Object {
    /// An object of this file; `None` where its kind makes no Pod.
    fn new(file: PathBuf, object: &Value) -> Option<Self> {
        let kind = object["kind"].as_str()?;
        if kind == "Pod" {
            return Some(Self { file, path: "spec", pod: object.clone() });
        }
        let (_, pointer) = TEMPLATES.into_iter().find(|(controller, _)| *controller == kind)?;
        let template = object.pointer(pointer)?;
        let mut metadata = template.get("metadata").cloned().unwrap_or_else(|| json!({}));
        metadata["generateName"] = json!("made-");
        if let Some(namespace) = object["metadata"].get("namespace") {
            metadata["namespace"] = namespace.clone();
        }
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
        });
        let path = match pointer {
            "/template" => "template.spec",
            "/spec/template" => "spec.template.spec",
            _ => "spec.jobTemplate.spec.template.spec",
        };
        Some(Self { file, path, pod })
    }

    /// The namespace that its Pods are created in.
    pub(crate) fn namespace(&self) -> &str {
        self.pod["metadata"]["namespace"].as_str().unwrap_or("shop")
    }
}

/// All of them; what is not a file yet is written to `folder`.
pub(crate) fn all(folder: &Path) -> Vec<Object> {
    let mut all = samples();
    let written = |(name, object): (String, Value)| {
        let file = folder.join(name);
        std::fs::write(&file, object.to_string()).unwrap();
        Object::new(file, &object)
    };
    let before = all.len();
    all.extend(reviewed().into_iter().filter_map(written));
    assert!(all.len() >= before + 25, "{}", all.len());
    all.extend(generated().into_iter().filter_map(written));
    all
}

/// A folder of the checkout.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = local_cloud::build::project().join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn samples() -> Vec<Object> {
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        Object::new(file, &yaml_serde::from_str(&text).unwrap()).unwrap()
    };
    let samples: Vec<Object> = files("deploy/samples/pods").into_iter().map(read).collect();
    assert!(samples.len() > 20, "{}", samples.len());
    samples
}

/// The objects of the reviews that a kube-apiserver sent.
fn reviewed() -> Vec<(String, Value)> {
    let read = |file: PathBuf| {
        let mut review: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        (name, review["request"]["object"].take())
    };
    files("functions/admission/tests/cases/admission-reviews").into_iter().map(read).collect()
}

/// Images of every kind, in Pods and in the templates of controllers, in namespaces with rules of their own.
fn generated() -> Vec<(String, Value)> {
    let named = [
        "payments/api:1.4",
        "payments/api:1.3",
        "payments/worker:dev-42",
        "web/frontend:2.1",
        "web/shop:1.1",
        "web/shop:1.2",
        "web/legacy:7",
        "base/images:root-1",
        "base/images:sshd-1",
        "base/images:static-1",
        "base/runtime:nightly",
        "shop/thumbnails:1.1",
        "shop/recommendations:1.1",
        "shop/nowhere:1",
        "payments/api:never-pushed",
    ];
    let mut images: Vec<String> = named.iter().map(|name| image(name)).collect();
    images.extend(
        [
            "nginx:1.29",
            "nginx",
            "docker.io/internal/x:1",
            "quay.io/team/app:1",
            "ngi nx",
            "",
            "UPPER:1",
            "auto",
            "210987654321.dkr.ecr.us-east-1.amazonaws.com/platform/proxy:1.30",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/payments/api:1.2",
            "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1.11",
        ]
        .map(ToOwned::to_owned),
    );
    let mut objects = vec![];
    for (n, one) in images.iter().enumerate() {
        let other = &images[(n * 7 + 3) % images.len()];
        let template = json!({
            "metadata": {
                "labels": {"app": "web"},
                "annotations": {"ecr-admission/break-glass": format!("incident {n}")},
            },
            "spec": {
                "initContainers": [{"name": "init", "image": other}],
                "containers": [{"name": "web", "image": one}],
                "volumes": [{"name": "data", "image": {"reference": other}}],
            },
        });
        let namespace = ["shop", "pinned", "staging", "kube-system", "eks-add-ons"][n % 5];
        let metadata = json!({"name": format!("made{n}"), "namespace": namespace});
        for (api_version, kind, spec) in [
            ("apps/v1", "Deployment", json!({"template": template})),
            ("batch/v1", "CronJob", json!({"jobTemplate": {"spec": {"template": template}}})),
            ("argoproj.io/v1alpha1", "Rollout", json!({"template": template})),
        ] {
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec});
            objects.push((format!("{n}-{kind}.json"), object));
        }
    }
    // More violations than one answer has room for.
    let containers: Vec<Value> = (0..60)
        .map(|n| json!({"name": format!("c{n}"), "image": image(&format!("shop/nowhere{n}:1"))}))
        .collect();
    let many = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "many"}, "spec": {"containers": containers},
    });
    objects.push(("many.json".to_owned(), many));
    objects
}
