//! Reviews of new Pods, from those that a kube-apiserver has sent.

use serde_json::{Value, json};

const POD: &str = include_str!(
    "../../../functions/admission/tests/cases/admission-reviews/01-pod-create-multi.json"
);

/// 1.25 MB: the largest Pod that a kube-apiserver takes, nearly.
const HUGE: &str = include_str!(
    "../../../functions/admission/tests/cases/admission-reviews/11-pod-create-huge.json"
);

/// A review of a Pod with these container images; `None` when the captured one has lost its shape.
pub fn review(uid: &str, images: &[String]) -> Option<Value> {
    with_images(POD, uid, images)
}

/// The same of the 1.25 MB Pod.
pub fn huge(uid: &str, images: &[String]) -> Option<Value> {
    with_images(HUGE, uid, images)
}

fn with_images(captured: &str, uid: &str, images: &[String]) -> Option<Value> {
    let mut review: Value = serde_json::from_str(captured).ok()?;
    *review.pointer_mut("/request/uid")? = json!(uid);
    let spec = review.pointer_mut("/request/object/spec")?.as_object_mut()?;
    spec.remove("initContainers");
    // Only the first is as it was captured: most of the largest Pod is in its one container.
    let mut next = spec.get("containers")?.get(0)?.clone();
    let containers = images.iter().enumerate().map(|(number, image)| {
        let mut container = std::mem::replace(&mut next, json!({}));
        let fields = container.as_object_mut()?;
        fields.insert("name".to_owned(), json!(format!("c{number}")));
        fields.insert("image".to_owned(), json!(image));
        Some(container)
    });
    let containers: Option<Vec<Value>> = containers.collect();
    spec.insert("containers".to_owned(), containers?.into());
    Some(review)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_has_the_images_that_were_asked_for() {
        for make in [review, huge] {
            let images = ["a:1".to_owned(), "b:2".to_owned()];
            let review = make("u7", &images).unwrap();
            assert_eq!(review["request"]["uid"], "u7");
            let spec = &review["request"]["object"]["spec"];
            let found: Vec<&Value> =
                spec["containers"].as_array().unwrap().iter().map(|c| &c["image"]).collect();
            assert_eq!(found, ["a:1", "b:2"]);
            assert_eq!(spec.get("initContainers"), None);
        }
        let size = huge("u", &["a:1".to_owned(), "b:2".to_owned()]).unwrap().to_string().len();
        assert!((1_200_000..1_300_000).contains(&size), "{size}");
    }
}
