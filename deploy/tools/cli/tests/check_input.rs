//! What `check` reads, and what it refuses.
#![cfg(test)]

use std::path::PathBuf;

use ecr_admission_cli::check::input::{self, Input};
use ecr_admission_cli::check::object::Content;

/// Reads a text from stdin.
fn stdin(text: impl AsRef<[u8]>) -> Input {
    input::read(&[PathBuf::from("-")], &mut text.as_ref())
}

#[test]
fn a_controller_is_read_as_the_pod_that_it_makes() {
    let input = stdin(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {name: ignored, labels: {app: web}}
    spec:
      containers:
      - {name: web, image: web:1}
",
    );
    let [object] = &input.objects[..] else { panic!("{input:?}") };
    let Content::Pod(made) = &object.content else { panic!("{object:?}") };
    assert_eq!(
        made.pod.get(),
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","generateName":"web-","labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"web:1"}]}}"#
    );
    assert_eq!(made.path, "spec.template.spec");
    let places: Vec<_> = made.images.iter().map(|(path, span)| (path.as_str(), *span)).collect();
    let [("spec.containers[0].image", span)] = places[..] else { panic!("{places:?}") };
    assert_eq!((span.line, span.column, span.end_line, span.end_column), (9, 28, 9, 33));
}
