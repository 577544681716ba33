//! The sample workloads and what is expected of them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::outcome::{Decision, Outcome};

/// A file of deploy/samples cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {}: {problem}", path.display())]
pub struct SamplesError {
    path: PathBuf,
    problem: String,
}

impl SamplesError {
    fn new(path: &Path, problem: &dyn fmt::Display) -> Self {
        Self { path: path.to_owned(), problem: problem.to_string() }
    }
}

/// How a workload reaches the webhook.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Operation {
    /// `kubectl apply` of something new.
    #[default]
    Create,
    /// A change to what exists.
    Update,
}

/// Which webhook is called.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Route {
    #[default]
    Validate,
    Mutate,
}

impl Route {
    /// What the rendered webhook configurations have the apiserver send.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Validate => "/validate?timeout=10s",
            Self::Mutate => "/mutate?timeout=10s",
        }
    }
}

/// One review to be sent.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) route: Route,
    pub(super) operation: Operation,
    pub(super) subresource: Option<String>,
    pub(super) expected: Outcome,
    pub(super) manifest: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectations {
    reviews: Vec<Expectation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    file: PathBuf,
    #[serde(default)]
    route: Route,
    #[serde(default)]
    operation: Operation,
    #[serde(default)]
    subresource: Option<String>,
    expected: Decision,
    #[serde(default)]
    rules: BTreeSet<String>,
}

/// Reads `expected.yaml` and the manifests it names.
pub(super) fn read(directory: &Path) -> Result<Vec<Sample>, SamplesError> {
    let path = directory.join("expected.yaml");
    let Expectations { reviews } = yaml(&path)?;
    reviews.into_iter().map(|expectation| sample(directory, expectation)).collect()
}

fn sample(directory: &Path, expectation: Expectation) -> Result<Sample, SamplesError> {
    let Expectation { file, route, operation, subresource, expected, rules } = expectation;
    let expected = Outcome { decision: expected, rules };
    let path = directory.join(file);
    let manifest: Value = yaml(&path)?;
    for pointer in ["/apiVersion", "/kind", "/metadata/name"] {
        if manifest.pointer(pointer).and_then(Value::as_str).is_none() {
            return Err(SamplesError::new(&path, &format_args!("no {pointer}")));
        }
    }
    Ok(Sample { route, operation, subresource, expected, manifest })
}

fn yaml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, SamplesError> {
    let text = std::fs::read_to_string(path).map_err(|error| SamplesError::new(path, &error))?;
    yaml_serde::from_str(&text).map_err(|error| SamplesError::new(path, &error))
}

impl Sample {
    /// A string of the manifest. The ones asked for were seen to be there when it was read.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Where kubectl puts it when no namespace is given.
    pub(super) fn namespace(&self) -> &str {
        Some(self.text("/metadata/namespace"))
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or("default")
    }

    /// The object as kubectl names it, such as `pod/api`.
    pub(super) fn object(&self) -> String {
        format!("{}/{}", self.text("/kind").to_lowercase(), self.text("/metadata/name"))
    }

    /// Every image string in it, in the order of the manifest.
    pub(super) fn images(&self) -> Vec<String> {
        let mut images = Vec::new();
        collect(&self.manifest, &mut images);
        images
    }
}

/// `image: <string>` of a container, `image: {reference: <string>}` of a volume.
fn collect(value: &Value, images: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let image =
                    value.as_str().or_else(|| value.get("reference").and_then(Value::as_str));
                match image.filter(|_| name == "image") {
                    Some(image) => images.push(image.to_owned()),
                    None => collect(value, images),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, images)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_expected_once() {
        let directory = crate::build::project().join("deploy/samples");
        let Expectations { reviews } = yaml(&directory.join("expected.yaml")).unwrap();
        let mut named: Vec<PathBuf> = reviews.into_iter().map(|review| review.file).collect();
        let files = std::fs::read_dir(directory.join("pods")).unwrap();
        let mut there: Vec<PathBuf> =
            files.map(|file| Path::new("pods").join(file.unwrap().file_name())).collect();
        named.sort();
        there.sort();
        assert_eq!(named, there);
    }

    #[test]
    fn images_of_containers_and_of_volumes_are_found() {
        let manifest = serde_json::json!({
            "spec": {
                "containers": [{"name": "image", "image": "a"}],
                "volumes": [{"name": "v", "image": {"reference": "b"}}],
            },
        });
        let expected = Outcome { decision: Decision::Admit, rules: BTreeSet::new() };
        let sample = Sample {
            route: Route::Validate,
            operation: Operation::Create,
            subresource: None,
            expected,
            manifest,
        };
        assert_eq!(sample.images(), ["a", "b"]);
    }
}
