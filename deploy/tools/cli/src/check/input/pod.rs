//! The Pod that an object is, or that its controller makes of a template.

use std::collections::BTreeMap;

use ecr_admission::owner;
use ecr_admission::review::{GroupVersionKind, Request, UserInfo};
use ecr_admission::workload;
use ecr_admission_policy::FieldPath;
use ecr_admission_policy::text::{QUOTED, quote};
use serde_json::value::RawValue;

use super::kinds::{Shape, shapes};
use super::objects::{Document, Misfit, fields, list, message, misfit, text};
use crate::check::object::{Content, MadePod, Span};

/// The object that is a Pod, or that has a template of Pods.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: &'a str,
}

/// What an object makes a kubelet run.
pub(super) fn content<'a>(
    document: &Document<'_>,
    object: &'a RawValue,
    named: &Named<'_>,
) -> Result<Content, Misfit<'a>> {
    let shapes = shapes(named.api_version, named.kind);
    for shape in shapes {
        if let Some(pod) = (Finder { document, object, named, shape: *shape }).find()? {
            return Ok(Content::Pod(pod));
        }
    }
    let reason = if shapes.iter().any(|shape| shape.known) {
        "it has no containers, so kube-apiserver refuses it"
    } else if named.kind == "Kustomization" {
        "it is input of kustomize; check what kustomize build prints"
    } else {
        "no Pod template"
    };
    Ok(Content::NotEvaluated(reason.to_owned()))
}

struct Finder<'a, 'd> {
    document: &'d Document<'d>,
    object: &'a RawValue,
    named: &'d Named<'d>,
    shape: Shape,
}

impl<'a> Finder<'a, '_> {
    /// The Pod; `None` where the object has none there.
    fn find(&self) -> Result<Option<MadePod>, Misfit<'a>> {
        let mut template = self.object;
        for field in self.shape.template {
            let [Some(found)] = self.fields(template, [field])? else { return Ok(None) };
            template = found;
        }
        let [metadata, spec, status] = self.fields(template, ["metadata", "spec", "status"])?;
        let Some(spec) = spec else { return Ok(None) };
        if !self.shape.known && !self.has_containers(spec)? {
            return Ok(None);
        }
        let written = Written::of(self.document, spec, &self.shape.path())?;
        if !written.has_containers {
            return Ok(None);
        }
        let mut json = Json::default();
        json.field("apiVersion", r#""v1""#);
        json.field("kind", r#""Pod""#);
        json.field("metadata", &self.metadata(metadata)?);
        let spec_start = json.field("spec", spec.get());
        let status = status.filter(|_| self.shape.is_pod());
        if let Some(status) = status {
            json.field("status", status.get());
        }
        let pod = json.end().map_err(|error| misfit(template, message(&error)))?;
        Self::check(&pod, spec, spec_start)?;
        let owner = self.shape.is_pod().then(|| owner::controller(self.object)).flatten();
        Ok(Some(MadePod {
            pod,
            path: self.shape.path(),
            owner: owner.map(|owner| match owner.kind.as_str() {
                "Node" => format!("Node {} (static Pod)", owner.name),
                kind => format!("{kind} {}", owner.name),
            }),
            images: written.images,
        }))
    }

    /// The fields of a mapping. Of a kind that Kubernetes does not have, something else may be there.
    fn fields<const N: usize>(
        &self,
        value: &'a RawValue,
        names: [&str; N],
    ) -> Result<[Option<&'a RawValue>; N], Misfit<'a>> {
        if !self.shape.known && !value.get().starts_with('{') {
            return Ok([None; N]);
        }
        fields(value, names)
    }

    /// Whether the containers of a kind that Kubernetes does not have are those of a Pod: mappings, in a list, whose
    /// image is not a mapping itself.
    fn has_containers(&self, spec: &'a RawValue) -> Result<bool, Misfit<'a>> {
        let [containers] = self.fields(spec, ["containers"])?;
        let Some(containers) = containers.filter(|found| found.get().starts_with('[')) else {
            return Ok(false);
        };
        for container in list(containers, "containers")? {
            let [image] = self.fields(container, ["image"])?;
            if !container.get().starts_with('{')
                || image.is_some_and(|image| image.get().starts_with(['{', '[']))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The metadata of the Pod. A controller takes labels, annotations and finalizers from its template, and nothing
    /// else (`GetPodFromTemplate` of Kubernetes).
    fn metadata(&self, metadata: Option<&'a RawValue>) -> Result<String, Misfit<'a>> {
        if self.shape.is_pod() {
            return Ok(metadata.map_or("{}", RawValue::get).to_owned());
        }
        let mut json = Json::default();
        let string = |text: &str| serde_json::Value::from(text).to_string();
        if let Some(namespace) = self.named.namespace {
            json.field("namespace", &string(namespace));
        }
        if !self.named.name.is_empty() {
            let name = self.named.name.trim_end_matches('*');
            json.field("generateName", &string(&format!("{name}-")));
        }
        if let Some(metadata) = metadata {
            let kept = ["labels", "annotations", "finalizers"];
            for (name, value) in kept.into_iter().zip(fields(metadata, kept)?) {
                if let Some(value) = value {
                    json.field(name, value.get());
                }
            }
        }
        Ok(json.text())
    }

    /// Reads the images as the admission function does, which refuses a Pod that it cannot read.
    fn check(pod: &RawValue, spec: &'a RawValue, start: usize) -> Result<(), Misfit<'a>> {
        let request = Request {
            kind: GroupVersionKind {
                group: String::new(),
                version: "v1".to_owned(),
                kind: "Pod".to_owned(),
            },
            sub_resource: None,
            name: None,
            namespace: None,
            operation: "CREATE".to_owned(),
            user_info: UserInfo::default(),
            object: Some(pod),
            old_object: None,
        };
        let Err(refused) = workload::of(&request) else { return Ok(()) };
        let refusal = refused.refusal.to_string();
        let (problem, column) = match refusal.rsplit_once(" at line 1 column ") {
            Some((problem, column)) => (problem, column.parse::<usize>().ok()),
            None => (refusal.as_str(), None),
        };
        // The bytes of the copy that count are in the same order as those of the spec.
        let part = column.and_then(|column| {
            let copied = column.checked_sub(start + 1)?;
            spec.get().get(origin(spec.get(), copied)..)
        });
        Err(Misfit { part: part.unwrap_or(spec.get()), problem: problem.to_owned() })
    }
}

impl Shape {
    /// Where the spec of the Pod is, as a message shows it.
    fn path(self) -> String {
        self.template.iter().flat_map(|field| [*field, "."]).chain(["spec"]).collect()
    }
}

/// The images of a Pod's spec, and where they are written.
struct Written {
    has_containers: bool,
    images: BTreeMap<FieldPath, Span>,
}

impl Written {
    fn of<'a>(
        document: &Document<'_>,
        spec: &'a RawValue,
        prefix: &str,
    ) -> Result<Self, Misfit<'a>> {
        let lists = ["containers", "initContainers", "ephemeralContainers", "volumes"];
        let mut written = Self { has_containers: false, images: BTreeMap::new() };
        for (name, items) in lists.into_iter().zip(fields(spec, lists)?) {
            let Some(items) = items else { continue };
            for (n, item) in list(items, name)?.into_iter().enumerate() {
                written.has_containers |= name == "containers";
                let [image] = fields(item, ["image"])?;
                let (image, field) = match image {
                    // A volume has an image only if it says so.
                    None if name == "volumes" => continue,
                    Some(image) if name == "volumes" => {
                        let [reference] = fields(image, ["reference"])?;
                        (reference, "image.reference")
                    }
                    image => (image, "image"),
                };
                let path = format!("{name}[{n}].{field}");
                if let Some(image) = image {
                    check_image(image, &format!("{prefix}.{path}"))?;
                }
                let path = format!("spec.{path}");
                if let Some(span) = document.span(image.unwrap_or(item).get()) {
                    written.images.insert(FieldPath::new(path), span);
                }
            }
        }
        Ok(written)
    }
}

/// An image that is not text, or not yet.
fn check_image<'a>(image: &'a RawValue, path: &str) -> Result<(), Misfit<'a>> {
    let found = text(image, path)?;
    if found.contains("{{") {
        let got = quote(&found, QUOTED);
        let problem = format!(
            "expected an image in {path}, got the template {got}; render it first: helm template … | ecr-admission check -"
        );
        return Err(misfit(image, problem));
    }
    Ok(())
}

/// A JSON object that is being written.
#[derive(Default)]
struct Json(String);

impl Json {
    /// Adds a field, and returns where its value begins.
    fn field(&mut self, name: &str, value: &str) -> usize {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        let start = self.0.len();
        compact(value).for_each(|(_, kept)| self.0.push_str(kept));
        start
    }

    fn text(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }

    fn end(self) -> Result<Box<RawValue>, serde_json::Error> {
        RawValue::from_string(self.text())
    }
}

/// The parts of a JSON value that are no blanks between its tokens, and where each begins. What kubectl prints is one
/// half blanks.
fn compact(json: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = json.as_bytes();
    let mut next = 0;
    std::iter::from_fn(move || {
        let blanks = bytes.get(next..)?.iter().take_while(|byte| is_blank(**byte)).count();
        let start = next + blanks;
        let mut quoted = false;
        let mut escaped = false;
        let length = bytes.get(start..)?.iter().take_while(|byte| {
            quoted ^= **byte == b'"' && !escaped;
            escaped = **byte == b'\\' && !escaped;
            quoted || !is_blank(**byte)
        });
        next = start + length.count();
        Some((start, json.get(start..next).filter(|kept| !kept.is_empty())?))
    })
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Where the byte `copied` of the compact form is in the value.
fn origin(json: &str, copied: usize) -> usize {
    let mut before = 0;
    for (start, kept) in compact(json) {
        if copied < before + kept.len() {
            return start + copied - before;
        }
        before += kept.len();
    }
    json.len()
}
