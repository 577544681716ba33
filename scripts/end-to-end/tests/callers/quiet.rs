//! Whatever happens, no part of a key or of a token is written: not in a log at DEBUG, the access log, a
//! metric, a call of AWS, or an answer.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use ecr_admission_lambda::testing::traces;
use local_cloud::build;
use local_cloud::client::Reply;
use local_cloud::door::{Api, Door};
use local_cloud::stack::Stack;
use rustix::process::Signal;

use end_to_end::processes;
use end_to_end::support::{VALIDATE, image, pod, stack, until_metrics};

/// Nobody's.
const WRONG: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBx_-z";
const ADMISSION: &str = "admission";
const AUTHORIZER: &str = "authorizer";
const DEBUG: [&str; 8] = [
    "--admission-env",
    "LOG_LEVEL=DEBUG",
    "--authorizer-env",
    "LOG_LEVEL=DEBUG",
    "--admission-env",
    "RUST_BACKTRACE=full",
    "--authorizer-env",
    "RUST_BACKTRACE=full",
];

/// A stack, and all that it has answered.
struct Watched {
    door: Door,
    stack: Stack,
    answers: String,
}

impl Watched {
    async fn start(door: Door, args: &[&str]) -> Self {
        let stack = stack(&[door.args(), &DEBUG, args].concat()).await;
        Self { door, stack, answers: String::new() }
    }

    fn key(&self) -> String {
        self.door.credential(self.stack.token())
    }

    /// Sends a request and keeps its answer. The status.
    async fn send(&mut self, path: &str, token: Option<&str>, body: String) -> u16 {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let reply = self.stack.post_to(self.door, path, &headers, body).await.unwrap();
        self.keep(&reply)
    }

    async fn review(&mut self, images: &[&str]) -> u16 {
        let path = format!("/validate/{}?timeout=10s", self.key());
        self.send(&path, None, pod("u1", images).to_string()).await
    }

    fn keep(&mut self, reply: &Reply) -> u16 {
        assert!(!reply.headers.contains_key("retry-after"), "{:?}", reply.headers);
        writeln!(self.answers, "{:?}\n{}", reply.headers, reply.text()).unwrap();
        reply.status
    }

    /// A review that is on its way when `dying` gets a signal: KILL, as from Lambda when it needs too much
    /// memory, or STOP, so that it times out.
    async fn hit_meanwhile(&mut self, dying: &str, started: &str, signal: Signal) -> u16 {
        let before = self.stack.log().matches(started).count();
        let url = self.stack.url_of(self.door.api()).unwrap();
        let (client, path) = (self.stack.client().at(url), format!("/validate/{}", self.key()));
        let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
        let json = ("content-type", "application/json");
        let waiting = tokio::spawn(async move {
            client.send(http::Method::POST, &path, &[json], review).await.unwrap()
        });
        self.until(|log| log.matches(started).count() > before).await;
        // The function has the event by then, and is soon waiting for AWS.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let sandboxes = processes::of(&self.stack, dying);
        assert_eq!(sandboxes.len(), 1, "one {dying}");
        sandboxes[0].signal(signal);
        let reply = waiting.await.unwrap();
        self.keep(&reply)
    }

    async fn until(&self, holds: impl Fn(&str) -> bool) {
        let since = Instant::now();
        while !holds(&self.stack.log()) {
            assert!(since.elapsed() < Duration::from_secs(30), "{}", self.stack.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it, and searches everything. `expected` must be there, so that it did happen.
    async fn assert_quiet(self, expected: &[&str]) {
        let Self { door, stack, mut answers } = self;
        let (key, token) = (door.credential(stack.token()), stack.token().to_owned());
        answers.push_str(&stack.metrics().await.unwrap());
        answers.push_str(&stack.calls().await.unwrap().join("\n"));
        let stopped = stack.stop().await.unwrap();
        assert!(stopped.status.success(), "{:?}", stopped.status);
        for text in expected {
            assert!(stopped.log.contains(text), "{text} is not in the log:\n{}", stopped.log);
        }
        let written = answers + &stopped.log;
        for secret in [key.as_str(), &token, WRONG] {
            assert_eq!(traces(secret, &written), Vec::<String>::new(), "{written}");
        }
    }
}

#[tokio::test]
async fn any_caller_on_any_path() {
    for door in Door::WITH_KEY {
        any_caller(door).await;
    }
}

async fn any_caller(door: Door) {
    let mut watched = Watched::start(door, &["--sandboxes", "1"]).await;
    let (key, token) = (watched.key(), watched.stack.token().to_owned());
    let review = || pod("u1", &[&image("payments/api:1.4")]).to_string();
    let encoded = key.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let http = door.api() == Api::Http;
    let of_encoded = if http { 200 } else { 403 };
    let (no_route, _) = door.no_route();
    for (path, header, body, status) in [
        (format!("/validate/{key}?timeout=10s"), None, review(), 200),
        (format!("/mutate/{key}"), None, review(), 200),
        (format!("/validate/{encoded}"), None, review(), of_encoded),
        (format!("/validate/{key}"), None, pod("u1", &["nginx"]).to_string(), 200),
        (format!("/validate/{key}"), None, "not a review".to_owned(), 400),
        (format!("/validate/{key}"), None, String::new(), 400),
        (format!("/validate/{key}"), None, " ".repeat(7_000_000), 413),
        (format!("/validate/{key}?timeout={key}"), None, review(), 200),
        (format!("/validate/{WRONG}"), None, review(), 403),
        (format!("/validate/{token}"), None, review(), 403),
        (format!("/validate/{key}="), None, review(), 403),
        (format!("/validate/{WRONG}"), Some(&token), review(), 403),
        ("/validate".to_owned(), Some(&key), review(), 403),
        ("/validate".to_owned(), Some(&token), review(), 200),
        (format!("/validate?key={key}"), None, review(), 401),
        (format!("/validate/{key}/"), None, review(), no_route),
        (format!("//validate/{key}"), None, review(), no_route),
        (format!("/Validate/{key}"), None, review(), no_route),
        (format!("/validate/{key}%2Fx"), None, review(), no_route),
        (format!("/validate/{key}%2Fx"), Some(&token), review(), no_route),
    ] {
        let got = watched.send(&path, header.map(String::as_str), body).await;
        assert_eq!(got, status, "{door:?} {}", path.replace(&key, "K"));
    }
    until_metrics(&watched.stack, |metrics| metrics.contains("Denied")).await;
    let nowhere = format!("gateway POST - {no_route} ");
    let expected = [
        "gateway POST /validate/{key} 200 ",
        &nowhere,
        r#""event":"not_authorized""#,
        r#""event":"not_a_review""#,
    ];
    watched.assert_quiet(&expected).await;
}

#[tokio::test]
async fn an_event_that_is_not_one() {
    for door in Door::WITH_KEY {
        let faults = ["authorizer", "key-authorizer", "admission"];
        let faults = faults.map(|function| format!("Invoke@{function}=malformed:1"));
        let args: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
        let mut watched = Watched::start(door, &[&["--sandboxes", "1"], &args[..]].concat()).await;
        let token = watched.stack.token().to_owned();
        let good = image("payments/api:1.4");
        let mut statuses = vec![];
        for _ in 0..3 {
            statuses.push(watched.review(&[&good]).await);
        }
        let review = pod("u1", &[&good]).to_string();
        for _ in 0..2 {
            statuses.push(watched.send(VALIDATE, Some(&token), review.clone()).await);
        }
        assert_eq!(statuses, [500, door.function_failed().0, 200, 500, 200], "{door:?}");
        let expected = [r#""event":"authorizer_failed""#, r#""event":"event_unreadable""#];
        watched.assert_quiet(&expected).await;
    }
}

/// What a sandbox dies of, and what Lambda says then.
const DEATHS: [(Signal, &str); 2] = [
    (Signal::KILL, "Runtime.ExitError: the runtime exited: signal: 9"),
    (Signal::STOP, "Sandbox.Timedout: the task timed out after 2.00 s"),
];
const LIMITS: [&str; 4] = ["--sandboxes", "1", "--function-timeout-ms", "2000"];

#[tokio::test]
async fn an_admission_function_that_is_killed_or_times_out() {
    for (door, (signal, said)) in each_door_and_death() {
        let fault = ["--fault", "DescribeRepositories=hang"];
        let mut watched = Watched::start(door, &[&LIMITS[..], &fault].concat()).await;
        let started = format!("{ADMISSION}[1] START");
        let status = watched.hit_meanwhile(ADMISSION, &started, signal).await;
        assert_eq!(status, door.function_failed().0, "{door:?} {said}");
        watched.assert_quiet(&[said]).await;
    }
}

fn each_door_and_death() -> impl Iterator<Item = (Door, (Signal, &'static str))> {
    Door::WITH_KEY.into_iter().flat_map(|door| DEATHS.map(|death| (door, death)))
}

#[tokio::test]
async fn an_admission_function_that_answers_too_late() {
    for door in Door::WITH_KEY {
        let args = ["--integration-timeout-ms", "500", "--fault", "DescribeRepositories=hang"];
        let mut watched = Watched::start(door, &args).await;
        assert_eq!(watched.review(&[&image("payments/api:1.4")]).await, door.too_late().0);
        watched.assert_quiet(&["no answer within 500 ms"]).await;
    }
}

#[tokio::test]
async fn a_key_authorizer_that_is_killed_or_times_out() {
    for (door, (signal, said)) in each_door_and_death() {
        let fault = ["--fault", "GetSecretValue=hang"];
        let mut watched = Watched::start(door, &[&LIMITS[..], &fault].concat()).await;
        // Right after the wait in its init phase, the function does not wait again.
        assert_eq!(watched.review(&["nginx"]).await, 500);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let started = "key-authorizer[1] START";
        let status = watched.hit_meanwhile(AUTHORIZER, started, signal).await;
        assert_eq!(status, 500, "{door:?} {said}");
        watched.assert_quiet(&[r#""event":"authorizer_failed""#, said]).await;
    }
}

/// The functions that ship have no way to panic that is known. What a panic in their place leaves:
#[tokio::test]
async fn a_function_that_panics() {
    for door in Door::WITH_KEY {
        let scripted = build::build("local-cloud", "--example", "scripted").unwrap();
        let options = Stack::options().program(end_to_end::support::local_cloud());
        let options = options.admission(&scripted).authorizer(&scripted).args(DEBUG);
        let stack = options.args(door.args()).start().await.unwrap();
        let mut watched = Watched { door, stack, answers: String::new() };
        let path = format!("/validate/{}", watched.key());
        let status = watched.send(&path, None, r#"{"do": "panic"}"#.to_owned()).await;
        assert_eq!(status, door.function_failed().0, "{door:?}");
        // At this key the authorizer panics; the other is beside it.
        let path = format!("/validate/panic?key={}", watched.key());
        assert_eq!(watched.send(&path, None, "{}".to_owned()).await, 500);
        let expected = ["admission[1] ", "asked to panic", "key-authorizer[1] "];
        watched.assert_quiet(&expected).await;
    }
}

/// Tests this test: where the key is meant to be, it is found.
#[tokio::test]
async fn the_rendered_webhooks_hold_the_key() {
    for (door, folder) in
        [(Door::Url, "eks"), (Door::PrivateUrl, "private/vpce-0123456789abcdef0/eks")]
    {
        let watched = Watched::start(door, &[]).await;
        let file = watched.stack.directory().join(folder).join("validating-webhook.yaml");
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!traces(&watched.key(), &text).is_empty());
        assert_eq!(traces(watched.stack.token(), &text), Vec::<String>::new());
        let url = format!("{}/validate/", watched.stack.url_of(door.api()).unwrap());
        assert!(text.contains(&url), "{door:?}");
        watched.assert_quiet(&[]).await;
    }
}
