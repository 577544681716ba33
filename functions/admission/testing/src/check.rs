//! What must hold for the answer to any body.

use std::sync::Arc;

use ecr_admission::config::Config;
use ecr_admission::gateway::Call;
use ecr_admission::handler::Handler;
use ecr_admission::metrics::Metrics;
use ecr_admission_lambda::{Environment, Level, Log};
use ecr_admission_policy::text::is_printable;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::api::Api;
use crate::as_named::AsNamed;
use crate::reviews::context;
use crate::{NOW_MS, REGISTRY, patch};

/// Where images of Docker Hub go on their way through `/mutate`.
const REWRITES: &str = "docker.io/=123456789012.dkr.ecr.us-east-1.amazonaws.com/hub/";

/// The whole function, but for AWS.
#[derive(Debug)]
pub struct Function {
    handler: Handler<AsNamed>,
    runtime: tokio::runtime::Runtime,
}

/// An answer that has been checked.
#[derive(Debug)]
pub enum Answer {
    /// 400: it has no uid to answer.
    Refused,
    /// The `response` of the review.
    Reviewed(Value),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    api_version: String,
    request: Identified,
}

#[derive(Deserialize)]
struct Identified {
    uid: String,
}

impl Function {
    /// A function that logs at this level and remembers nothing.
    pub fn new(log_level: &str) -> Self {
        let environment: Environment = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("CACHE_SECONDS", "0"),
            ("REGISTRY_IDS", "123456789012"),
            ("PIN_NAMESPACES", "pinned"),
            ("REWRITES", REWRITES),
            ("LOG_LEVEL", log_level),
        ]
        .into_iter()
        .collect();
        let config = Config::from_environment(&environment).unwrap();
        let log = Log::new(Level::Error);
        let metrics = Metrics::new(&config.sdk, "Test".to_owned(), false, log, NOW_MS);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { handler: Handler::new(config, AsNamed, None, Arc::new(metrics)), runtime }
    }

    /// Sends a body to both routes, of an HTTP API or of a REST API, and checks both answers; returns that of
    /// `/validate`.
    pub fn check(&self, body: &[u8]) -> Answer {
        if let Answer::Reviewed(response) = self.answer("POST /mutate", body) {
            patch::assert_fits(&response, body);
        }
        let answer = self.answer("POST /validate", body);
        if let Answer::Reviewed(response) = &answer {
            assert!(response["patch"].is_null() && response["patchType"].is_null(), "{response}");
            if response["allowed"] == true {
                assert_admissible(body);
            }
        }
        answer
    }

    /// Hands these bytes over as an event, and checks that it is answered, or reported without its text. The
    /// status of the answer.
    pub fn check_event(&self, event: &[u8]) -> Option<u16> {
        let event = std::str::from_utf8(event).ok()?;
        let event = RawValue::from_string(event.to_owned()).ok()?;
        let answer = self.handler.invoke(LambdaEvent::new(event, context()), NOW_MS);
        match self.runtime.block_on(answer) {
            Ok(reply) => {
                assert!([200, 400, 404].contains(&reply.status_code), "{reply:?}");
                Some(reply.status_code)
            }
            Err(error) => {
                assert_eq!(error.error_type, "UnreadableEvent");
                assert_plain(&error.error_message, 256);
                None
            }
        }
    }

    fn answer(&self, route: &str, body: &[u8]) -> Answer {
        let [http, rest] = Api::ALL;
        let event = if body.len().is_multiple_of(2) { http } else { rest }.event(route, body);
        let call = LambdaEvent::new(Call::read(&event.to_string()).unwrap(), context());
        let reply = self.runtime.block_on(self.handler.handle(call, NOW_MS)).unwrap();
        let (status_code, text) = (reply.status_code, reply.body);
        // What kube-apiserver needs in an answer. The rest may be unreadable, but is UTF-8: else it is
        // not JSON.
        let text_in = std::str::from_utf8(body).ok();
        let asked = text_in.and_then(|it| serde_json::from_str::<Envelope>(it).ok());
        let asked = asked.filter(|asked| {
            !asked.request.uid.is_empty()
                && ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"]
                    .contains(&asked.api_version.as_str())
        });
        match (status_code, asked) {
            (400, None) => {
                let line = text.strip_suffix('\n').unwrap();
                assert_plain(line, 1_024);
                Answer::Refused
            }
            (200, Some(asked)) => {
                let answer: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(answer["kind"], "AdmissionReview");
                assert_eq!(answer["apiVersion"], *asked.api_version);
                assert_eq!(answer["response"]["uid"], *asked.request.uid);
                assert_response(&answer["response"]);
                Answer::Reviewed(answer["response"].clone())
            }
            (status, asked) => {
                panic!("{status} for uid {:?}: {text}", asked.map(|it| it.request.uid))
            }
        }
    }
}

/// Allowed or denied, with no more text than kube-apiserver and a terminal take.
fn assert_response(response: &Value) {
    let status = &response["status"];
    if response["allowed"].as_bool().unwrap() {
        assert!(status.is_null(), "{response}");
    } else {
        assert_eq!((&status["code"], &status["reason"]), (&json!(403), &json!("Forbidden")));
        let message = status["message"].as_str().unwrap();
        assert!(!message.is_empty());
        assert_plain(message, 2_048);
    }
    let warnings = response["warnings"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(warnings.len() <= 16, "{response}");
    for warning in warnings {
        assert_plain(warning.as_str().unwrap(), 256);
    }
    for (name, value) in response["auditAnnotations"].as_object().into_iter().flatten() {
        let qualified = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        assert!(name.len() <= 63 && name.bytes().all(qualified), "{name}");
        assert_plain(value.as_str().unwrap(), 1_024);
    }
}

/// No longer than `max` characters, and nothing that a terminal would act on.
pub fn assert_plain(text: &str, max: usize) {
    assert!(text.chars().count() <= max, "more than {max} characters: {text:?}");
    assert!(text.chars().all(is_printable), "not plain: {text:?}");
}

/// What no image that is admitted has in its name: see `registry`.
const DENIED: [&str; 6] = ["odd", "checkpoint", "elsewhere", "moved", "import", "absent"];

/// What was admitted and starts containers names no image outside the allowed registry, and none that must
/// be denied whatever the policy of the target says.
fn assert_admissible(body: &[u8]) {
    let Ok(review) = serde_json::from_slice::<Value>(body) else { return };
    let request = &review["request"];
    let is_new_pod = request["operation"] == "CREATE"
        && request["kind"] == json!({"group": "", "version": "v1", "kind": "Pod"})
        && request["namespace"] != "kube-system";
    if !is_new_pod {
        return;
    }
    let spec = &request["object"]["spec"];
    let lists = ["containers", "initContainers", "ephemeralContainers", "volumes"];
    let items = lists.iter().flat_map(|list| spec[list].as_array().into_iter().flatten());
    let images: Vec<&Value> = items
        .flat_map(|item| [&item["image"], &item["image"]["reference"]])
        .filter(|image| image.is_string())
        .collect();
    assert!(!images.is_empty(), "a Pod without an image was admitted");
    for image in images {
        let image = image.as_str().unwrap();
        let path = image.strip_prefix(REGISTRY).unwrap_or_else(|| panic!("{image:?} was admitted"));
        assert!(path.starts_with('/'), "{image:?} was admitted");
        let repository = path.split([':', '@']).next().unwrap();
        let denied = DENIED.iter().any(|word| repository.contains(word));
        // An artifact is left out of an index, whatever else it is.
        let left_out = repository.contains("artifact") && repository.contains("index");
        assert!(!denied || left_out, "{image:?} was admitted");
    }
}
