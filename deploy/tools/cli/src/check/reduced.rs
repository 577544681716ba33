//! What of a Pod the webhooks read: its metadata, and the images of its containers and volumes.
//!
//! A Pod is reviewed twice by both webhooks, and each reads all of it. Most of a live Pod says nothing about images, so
//! that it is taken out once.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::object::MadePod;

impl MadePod {
    /// Leaves out what no review reads. A Pod that is read otherwise here stays as it is.
    pub(super) fn reduce(&mut self) {
        let reduced = serde_json::from_str::<Pod<'_>>(self.pod.get());
        if let Some(pod) = reduced.ok().and_then(|pod| to_raw_value(&pod).ok()) {
            self.pod = pod;
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Pod<'a> {
    #[serde(borrow)]
    api_version: &'a RawValue,
    #[serde(borrow)]
    kind: &'a RawValue,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    spec: Spec<'a>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    containers: Option<Vec<Named<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    init_containers: Option<Vec<Named<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    ephemeral_containers: Option<Vec<Named<'a>>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    volumes: Option<Vec<Named<'a>>>,
}

/// A container or a volume.
#[derive(Deserialize, Serialize)]
struct Named<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    name: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    image: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn reduced(pod: &str) -> String {
        let pod = RawValue::from_string(pod.to_owned()).unwrap();
        let mut made =
            MadePod { pod, path: "spec".to_owned(), owner: None, images: BTreeMap::new() };
        made.reduce();
        made.pod.get().to_owned()
    }

    #[test]
    fn images_and_metadata_stay_and_the_rest_goes() {
        let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"a":"b"}},"spec":{"nodeName":"n","initContainers":[{"name":"i","image":"i:1","env":[]}],"containers":[{"env":[{"name":"image"}],"name":"c","image":"c:1"},{"name":"d"}],"ephemeralContainers":null,"volumes":[{"name":"v","emptyDir":{}},{"name":"w","image":{"reference":"w:1","pullPolicy":"Always"}}]},"status":{"phase":"Running"}}"#;
        let expected = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"c:1"},{"name":"d"}],"initContainers":[{"name":"i","image":"i:1"}],"volumes":[{"name":"v"},{"name":"w","image":{"reference":"w:1","pullPolicy":"Always"}}]}}"#;
        assert_eq!(reduced(pod), expected);
        assert_eq!(reduced(expected), expected);
    }

    #[test]
    fn a_pod_that_cannot_be_read_stays_as_it_is() {
        for pod in [
            r#"{"kind":"Pod"}"#,
            r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":{}}}"#,
            r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","name":"b"}]}}"#,
        ] {
            assert_eq!(reduced(pod), pod);
        }
    }
}
