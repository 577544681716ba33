//! Bodies as deep and as large as Lambda lets through: 6 MB for the whole event.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::function;
use crate::log::is_read;
use ecr_admission_testing::REGISTRY;
use ecr_admission_testing::check::{Answer, Function};

/// The largest event of Lambda, in bytes. What is around the body is not counted here.
const LARGEST: usize = 6_000_000;

/// The processor time that one body may take in a build without optimization. Reading in the square of the
/// length would take minutes.
const SOON: Duration = Duration::from_secs(20);

/// The processor time of this thread, which no other load on the machine adds to; `None` where the system is
/// not Linux.
fn processor_time() -> Option<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(statistics.split(' ').next()?.parse().ok()?))
}

/// A review of a Pod whose object has this in its metadata, and these containers.
fn body(metadata: &str, containers: &str) -> String {
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u","kind":{{"group":"","version":"v1","kind":"Pod"}},"operation":"CREATE","namespace":"shop","object":{{"metadata":{{{metadata}}},"spec":{{"containers":[{containers}]}}}}}}}}"#
    )
}

fn good() -> String {
    format!(r#"{{"image":"{REGISTRY}/pay:1"}}"#)
}

fn reviewed(function: &Function, body: &str) -> Value {
    let started = processor_time();
    let answer = function.check(body.as_bytes());
    let took = processor_time().zip(started).map(|(now, started)| now.saturating_sub(started));
    assert!(took.is_none_or(|took| took < SOON), "{took:?} for {} bytes", body.len());
    let Answer::Reviewed(response) = answer else { panic!("it is a review") };
    response
}

#[test]
fn depth_is_skipped_where_nobody_asks_for_what_lies_in_it() {
    let function = function();
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}1{}", open.repeat(depth), close.repeat(depth))
    };
    for depth in [100, 500_000] {
        // `fieldsV1` is any JSON, and nobody asks for it.
        let fields =
            format!(r#""managedFields":[{{"fieldsV1":{}}}]"#, nested(r#"{"f":"#, "}", depth));
        let response = reviewed(&function, &body(&fields, &good()));
        assert_eq!(response["allowed"], true, "fieldsV1 of depth {depth}: {response}");
    }
    for depth in [100, 1_000_000] {
        // A field that nobody knows is not kept, however deep it is.
        let unknown = format!(r#""unknown":{}"#, nested("[", "]", depth));
        assert_eq!(reviewed(&function, &body(&unknown, &good()))["allowed"], true, "depth {depth}");
    }
    for open in ["[", r#"{"request":"#, r#"{"apiVersion":"#, r#"{"a":"#] {
        let body = open.repeat(LARGEST / open.len());
        let answer = function.check(body.as_bytes());
        assert!(matches!(answer, Answer::Refused), "{open}");
    }
}

#[test]
fn one_string_may_be_as_large_as_the_body() {
    let function = function();
    let long = "x".repeat(LARGEST - 1_000);
    let response =
        reviewed(&function, &body(&format!(r#""annotations":{{"a":"{long}"}}"#), &good()));
    assert_eq!(response["allowed"], true);
    for image in [long.clone(), format!("{REGISTRY}/{long}"), "\\u001b".repeat(LARGEST / 7)] {
        let response = reviewed(&function, &body("", &format!(r#"{{"image":"{image}"}}"#)));
        assert_eq!(response["allowed"], false);
    }
}

/// A container with what kube-apiserver always adds.
fn defaulted(image: &str) -> String {
    format!(
        r#"{{"name":"c","image":"{image}","resources":{{}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}}"#
    )
}

/// As many containers of this image as fit, and how many they are.
fn as_many_as_fit(image: &str) -> (String, usize) {
    let container = defaulted(image);
    let many = (LARGEST - 1_000) / (container.len() + 1);
    (body("", &vec![container; many].join(",")), many)
}

/// Does nothing but write the log that `log` reads.
#[test]
fn the_log_of_many_containers_is_written() {
    if is_read() {
        reviewed(&function(), &as_many_as_fit("nginx").0);
    }
}

#[test]
fn as_many_containers_as_fit_are_evaluated() {
    let function = function();
    for (image, allowed) in [("nginx", false), ("", false), (&format!("{REGISTRY}/pay:1"), true)] {
        let (body, many) = as_many_as_fit(image);
        let response = reviewed(&function, &body);
        assert_eq!(response["allowed"], allowed, "{image}");
        // 50 images and the count of the rest are annotated: the answer is small however many there are.
        let size = response.to_string().len();
        assert!(many > 20_000 && size < 16 << 10, "{size} bytes for {many} containers");
    }
}
