//! What runs: the images that kubelets report, in place of those that the specs ask for.
//!
//! A tag in a spec says what would be pulled today. `status.containerStatuses[].imageID` says what was pulled.

use std::collections::{BTreeMap, HashMap};

use ecr_admission_policy::FieldPath;
use ecr_admission_policy::text::quote;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::object::{Content, MadePod, Object, Span};

/// The objects as they run: the images of a live Pod become `repository@digest` of its imageIDs. What does not run and
/// what is not known is not evaluated, and the object says why.
///
/// A Pod of which only some imageIDs are known becomes two objects: one with the known containers, since they may be
/// bad, and one that says what is not known. The paths of the first count the known containers only.
pub fn running(objects: Vec<Object>) -> Vec<Object> {
    objects.into_iter().flat_map(of_object).collect()
}

fn of_object(object: Object) -> Vec<Object> {
    let Content::Pod(made) = &object.content else { return vec![object] };
    let contents = if object.id.api_version == "v1" && object.id.kind == "Pod" {
        of_pod(made)
    } else {
        vec![not_evaluated("it does not run itself; with --running, its Pods are evaluated")]
    };
    let with = |content| Object { id: object.id.clone(), content };
    contents.into_iter().map(with).collect()
}

fn not_evaluated(reason: impl Into<String>) -> Content {
    Content::NotEvaluated(reason.into())
}

fn of_pod(made: &MadePod) -> Vec<Content> {
    let pod: Pod<'_> = match serde_json::from_str(made.pod.get()) {
        Ok(pod) => pod,
        Err(error) => {
            let problem = super::input::json_problem(&error);
            return vec![not_evaluated(format!("its status could not be read: {problem}"))];
        }
    };
    let Some(status) = pod.status else {
        return vec![not_evaluated(
            "it has no status; expected a live Pod, as kubectl get pods -o json writes it",
        )];
    };
    if let Some(phase @ ("Succeeded" | "Failed")) = status.phase.as_deref() {
        return vec![not_evaluated(format!("it has ended: its phase is {phase}"))];
    }
    let mut running = Running::default();
    let spec = RunningSpec {
        containers: running.list("containers", pod.spec.containers, status.container_statuses),
        init_containers: running.list(
            "initContainers",
            pod.spec.init_containers,
            status.init_container_statuses,
        ),
        ephemeral_containers: running.list(
            "ephemeralContainers",
            pod.spec.ephemeral_containers,
            status.ephemeral_container_statuses,
        ),
        volumes: pod.spec.volumes,
    };
    running.contents(made, pod.metadata, &spec)
}

/// What is found out about the containers of a Pod.
#[derive(Default)]
struct Running {
    /// Where each known image is in the spec, by where it is among the known ones.
    moved: Vec<(FieldPath, FieldPath)>,
    /// What is not known, and why.
    unknown: Vec<String>,
}

impl Running {
    /// The containers of one list that are known, with the images that they run.
    fn list(
        &mut self,
        field: &str,
        containers: Option<Vec<Container>>,
        statuses: Option<Vec<Status>>,
    ) -> Vec<RunningContainer> {
        let statuses = statuses.into_iter().flatten();
        let ids: HashMap<String, String> =
            statuses.map(|status| (status.name, status.image_id.unwrap_or_default())).collect();
        let mut known = vec![];
        for (n, Container { name }) in containers.into_iter().flatten().enumerate() {
            match image(ids.get(&name).map_or("", String::as_str)) {
                Ok(image) => {
                    let path = |n| FieldPath::new(format!("spec.{field}[{n}].image"));
                    self.moved.push((path(known.len()), path(n)));
                    known.push(RunningContainer { name, image });
                }
                Err(why) => self.unknown.push(format!("container {} {why}", quote(&name, 63))),
            }
        }
        known
    }

    fn contents(
        self,
        made: &MadePod,
        metadata: Option<&RawValue>,
        spec: &RunningSpec<'_>,
    ) -> Vec<Content> {
        let mut contents = vec![];
        if !spec.containers.is_empty() || !spec.init_containers.is_empty() {
            let pod = RunningPod { api_version: "v1", kind: "Pod", metadata, spec };
            match serde_json::value::to_raw_value(&pod) {
                Ok(pod) => contents.push(Content::Pod(MadePod {
                    pod,
                    path: made.path.clone(),
                    owner: made.owner.clone(),
                    images: self.places(made),
                })),
                Err(error) => contents.push(not_evaluated(super::input::json_problem(&error))),
            }
        }
        if !self.unknown.is_empty() || contents.is_empty() {
            contents.push(Content::NotEvaluated(self.unknown.join("; ")));
        }
        contents
    }

    /// Where the images are written, by their new paths.
    fn places(&self, made: &MadePod) -> BTreeMap<FieldPath, Span> {
        let containers = self.moved.iter().map(|(path, before)| (path.clone(), before));
        let volumes = made.images.keys().filter(|path| path.is_volume());
        let volumes = volumes.map(|path| (path.clone(), path));
        let place = |(path, before)| Some((path, *made.images.get(before)?));
        containers.chain(volumes).filter_map(place).collect()
    }
}

/// `repository@digest` of an imageID, or what is wrong with it. Docker puts a scheme before it, and names an image that
/// it built itself by an id alone; so does containerd with an image that was imported.
fn image(id: &str) -> Result<String, String> {
    let image = id.split_once("://").map_or(id, |(_, image)| image);
    let digest = image.split_once('@').filter(|(repository, _)| !repository.is_empty());
    if digest.and_then(|(_, digest)| digest.split_once(':')).is_some() {
        return Ok(image.to_owned());
    }
    Err(if id.is_empty() {
        "has not started, so it has no imageID".to_owned()
    } else {
        format!("has the imageID {}, which has no repository@digest", quote(id, 100))
    })
}

/// What is read of a live Pod.
#[derive(Deserialize)]
struct Pod<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    spec: Spec<'a>,
    status: Option<PodStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    containers: Option<Vec<Container>>,
    init_containers: Option<Vec<Container>>,
    ephemeral_containers: Option<Vec<Container>>,
    #[serde(borrow)]
    volumes: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Container {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodStatus {
    phase: Option<String>,
    container_statuses: Option<Vec<Status>>,
    init_container_statuses: Option<Vec<Status>>,
    ephemeral_container_statuses: Option<Vec<Status>>,
}

#[derive(Deserialize)]
struct Status {
    name: String,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
}

/// What is evaluated of it: the rest of a spec says nothing about images.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunningPod<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Option<&'a RawValue>,
    spec: &'a RunningSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunningSpec<'a> {
    containers: Vec<RunningContainer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    init_containers: Vec<RunningContainer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ephemeral_containers: Vec<RunningContainer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct RunningContainer {
    name: String,
    image: String,
}
