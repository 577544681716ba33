//! Any body gets an answer, and no terminal acts on anything in the answer or in the log.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod log;
mod size;
mod text;

use std::fs;
use std::path::Path;

use ecr_admission_testing::check::{Answer, Function};

/// The bodies that fuzzing starts from, by name: those made for it, and what a kube-apiserver sent.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let admission = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [admission.join("fuzz/seeds"), admission.join("tests/cases/admission-reviews")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let read = |path: &Path| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
    };
    let mut seeds: Vec<_> = files.map(|entry| read(&entry.unwrap().path())).collect();
    seeds.sort();
    seeds
}

/// The function under test; `log` runs this test once more, and reads its log.
fn function() -> Function {
    Function::new(if log::is_read() { "INFO" } else { "ERROR" })
}

#[test]
fn every_seed_is_answered() {
    let function = function();
    let (mut refused, mut admitted, mut denied) = (vec![], vec![], vec![]);
    for (name, body) in seeds() {
        match function.check(&body) {
            Answer::Refused => refused.push(name),
            Answer::Reviewed(response) if response["allowed"] == true => admitted.push(name),
            Answer::Reviewed(_) => denied.push(name),
        }
    }
    // Every name says what it is, and what it is says what must become of it.
    let not_a_review = |name: &String| {
        ["body-", "version-", "request-", "uid-"].iter().any(|start| name.starts_with(start))
    };
    let identified = ["version-v1beta1", "uid-only", "uid-terminal-escape", "kind-of-body-wrong"];
    for name in &refused {
        assert!(not_a_review(name), "{name} was refused");
    }
    for name in admitted.iter().chain(&denied) {
        assert!(!not_a_review(name) || identified.contains(&name.as_str()), "{name} was answered");
    }
    let images: Vec<_> = admitted.iter().filter(|name| name.starts_with("image-")).collect();
    assert!(images.is_empty(), "{images:?} were admitted");
    assert!(refused.len() > 20 && admitted.len() > 10 && denied.len() > 20, "{refused:?}");
}

#[test]
fn a_seed_that_is_an_event_is_answered_and_any_other_is_reported_without_its_text() {
    let function = function();
    let answered: Vec<_> = seeds()
        .into_iter()
        .filter_map(|(name, event)| Some((name, function.check_event(&event)?)))
        .collect();
    let expected = [("body-event-http-api", 200), ("body-event-rest-api", 200)];
    assert_eq!(answered, expected.map(|(name, status)| (name.to_owned(), status)));
}

#[test]
fn what_has_a_version_and_a_uid_is_answered_whatever_else_is_wrong() {
    for kind in [r#""kind":5"#, r#""kind":{}"#, r#""kind":"\ud800""#, r#""kind":"","kind":"""#] {
        let body =
            format!(r#"{{{kind},"apiVersion":"admission.k8s.io/v1","request":{{"uid":"u"}}}}"#);
        let Answer::Reviewed(response) = function().check(body.as_bytes()) else {
            panic!("{kind}: no answer to a uid that could be read")
        };
        assert_eq!(response["allowed"], false, "{kind}");
        let message = response["status"]["message"].as_str().unwrap();
        assert!(message.starts_with("the review could not be read: "), "{kind}: {message}");
    }
}
