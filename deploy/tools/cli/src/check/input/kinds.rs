//! Where a kind of object keeps its Pod.

/// Where an object keeps the Pod that it is, or the template of its Pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// The fields that lead to the template; none for a Pod.
    pub(super) template: &'static [&'static str],
    /// Whether Kubernetes has the kind, so that what is there can only be a Pod.
    pub(super) known: bool,
}

impl Shape {
    /// Whether the object is a Pod itself.
    pub(super) fn is_pod(self) -> bool {
        self.template.is_empty()
    }
}

const TEMPLATE: &[&str] = &["spec", "template"];
const JOB_TEMPLATE: &[&str] = &["spec", "jobTemplate", "spec", "template"];

/// Where to look in an object: the kinds of the admission function, and for any other kind the two places where
/// controllers keep a template.
pub(super) fn shapes(api_version: &str, kind: &str) -> &'static [Shape] {
    match (api_version, kind) {
        ("v1", "Pod") => &[Shape { template: &[], known: true }],
        ("v1", "PodTemplate") => &[Shape { template: &["template"], known: true }],
        ("v1", "ReplicationController")
        | ("apps/v1", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("batch/v1", "Job") => &[Shape { template: TEMPLATE, known: true }],
        ("batch/v1", "CronJob") => &[Shape { template: JOB_TEMPLATE, known: true }],
        _ => &[
            Shape { template: TEMPLATE, known: false },
            Shape { template: JOB_TEMPLATE, known: false },
        ],
    }
}
