//! What a client made from our settings does on the wire, against a server on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::SdkError;
use aws_smithy_http_client::test_util::NeverClient;
use aws_types::SdkConfig;
use ecr_admission_lambda::{Environment, Sdk, Service, Timeouts};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

/// Far more than a test takes, however busy the machine.
const MINUTE: Duration = Duration::from_mins(1);

const NO_REPOSITORIES: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 19\r\n\r\n{\"repositories\":[]}";

/// Answers every request on every connection with `answer`. The requests come out of the channel.
fn server(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, seen) = (stream.unwrap(), seen.clone());
            thread::spawn(move || {
                while let Some(request) = request(&mut stream) {
                    seen.send(request).unwrap();
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    (url, requests)
}

/// What a [`forgetful_server`] saw.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Opened,
    Ignored,
}

/// Answers one request on each connection and ignores all others on it; the first three are answered once
/// all of them have arrived. Each connection and each ignored request comes out of the channel.
fn forgetful_server() -> (String, UnboundedReceiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (saw, seen) = unbounded_channel();
    let three = Arc::new(Barrier::new(3));
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (mut stream, three, saw) = (stream.unwrap(), Arc::clone(&three), saw.clone());
            saw.send(Seen::Opened).unwrap();
            thread::spawn(move || {
                request(&mut stream).unwrap();
                if number < 3 {
                    three.wait();
                }
                stream.write_all(NO_REPOSITORIES.as_bytes()).unwrap();
                while request(&mut stream).is_some() {
                    saw.send(Seen::Ignored).unwrap();
                }
            });
        }
    });
    (url, seen)
}

/// One request with a body that, as those of these tests, arrives with its head or right after it.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    while !request.ends_with('}') {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => request.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
        }
    }
    Some(request)
}

fn config(url: &str, attempt: Duration, operation: Duration) -> SdkConfig {
    let environment = Environment::from_iter([
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
        ("AWS_SESSION_TOKEN", "the-session-token"),
        ("AWS_ENDPOINT_URL_ECR", url),
    ]);
    let timeouts = Timeouts { connect: attempt, attempt, operation: Some(operation) };
    Sdk::from_environment(&environment, timeouts).unwrap().config_for(Service::Ecr)
}

fn client(config: &SdkConfig) -> Client {
    Client::from_conf(aws_sdk_ecr::Config::from(config))
}

#[tokio::test]
async fn requests_go_to_the_endpoint_signed_for_the_region() {
    let (url, requests) = server(NO_REPOSITORIES);
    let client = client(&config(&url, MINUTE, MINUTE));
    let answer = client.describe_repositories().send().await.unwrap();
    assert_eq!(answer.repositories(), []);
    let request = requests.recv().unwrap().to_lowercase();
    for part in [
        "credential=asiaexample/",
        "/eu-central-1/ecr/aws4_request",
        "x-amz-security-token: the-session-token",
        &format!("host: {}", url.trim_start_matches("http://")),
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
    assert!(!request.contains("the-secret-key"), "{request}");
}

#[tokio::test]
async fn a_failing_server_is_asked_three_times() {
    let (url, requests) = server(
        "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 29\r\n\r\n{\"__type\":\"ServerException\"}\n",
    );
    let client = client(&config(&url, MINUTE, MINUTE));
    client.describe_repositories().send().await.unwrap_err();
    assert_eq!(requests.try_iter().count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_left_in_time() {
    let (attempt, operation) = (Duration::from_millis(300), Duration::from_millis(700));
    let never = NeverClient::new();
    let config = config("http://never", attempt, operation);
    let client = client(&config.to_builder().http_client(never.clone()).build());
    let started = Instant::now();
    let error = client.describe_repositories().send().await.unwrap_err();
    assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
    assert_eq!(started.elapsed(), operation);
    assert!(never.num_calls() >= 2, "each attempt is bounded too");
}

#[tokio::test]
async fn where_one_connection_is_dead_no_other_is_tried() {
    let (url, mut seen) = forgetful_server();
    let client = client(&config(&url, MINUTE, MINUTE));
    let call = || client.describe_repositories().send();
    let (first, second, third) = tokio::join!(call(), call(), call());
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    for _ in 0..3 {
        assert_eq!(seen.recv().await, Some(Seen::Opened));
    }
    // A try that takes too long is dropped: here, once the server has ignored it.
    tokio::select! {
        biased;
        saw = seen.recv() => assert_eq!(saw, Some(Seen::Ignored), "it went out on an old connection"),
        answer = call() => panic!("{answer:?}"),
    }
    call().await.unwrap();
    assert_eq!(seen.try_recv(), Ok(Seen::Opened), "the next try goes out on a new connection");
    assert!(seen.try_recv().is_err());
}
