//! One credential opens one door, and nothing else does.

use local_cloud::door::{Api, Door, Said};
use local_cloud::stack::Stack;

use end_to_end::support::{VALIDATE, image, pod, response, stack};

/// Of a caller who is let in, and admitted.
const IN: Said = (200, "");
/// Nobody's.
const WRONG: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBx_-z";

/// What a review of this caller is answered; 200 for one that is admitted.
async fn answered(stack: &Stack, door: Door, credential: &str) -> (u16, String) {
    let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
    let call = stack.post_as(stack.client(), (door, credential), VALIDATE, review);
    let reply = call.await.unwrap();
    if reply.status == 200 {
        assert_eq!(response(&reply)["allowed"], true);
        return (200, String::new());
    }
    (reply.status, reply.text())
}

async fn assert_answers(stack: &Stack, cases: &[(Door, &str, Said)]) {
    for (door, credential, (status, body)) in cases {
        let expected = (*status, (*body).to_owned());
        assert_eq!(answered(stack, *door, credential).await, expected, "{door:?} {credential}");
    }
}

#[tokio::test]
async fn only_the_right_token_gets_in() {
    for door in [Door::Header, Door::PrivateHeader, Door::RegionalHeader] {
        // Of two values an HTTP API makes one, and a REST API caches by one of them.
        let args = ["--sandboxes", "1", "--authorizer-cache-seconds", "0"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
        let json = ("content-type", "application/json");
        let right = format!("Bearer {}", stack.token());
        let wrong = format!("Bearer {}x", stack.token());
        let lower = format!("bearer {}", stack.token());
        let both = ["authorization"; 2];
        for (authorization, expected) in [
            (&[][..], Some(door.no_header())),
            (&[wrong.as_str()], Some(door.refused())),
            (&["Basic YTpi"], Some(door.refused())),
            (&[stack.token()], Some(door.refused())),
            (&[right.as_str(), right.as_str()], Some(door.refused())),
            (&[wrong.as_str(), right.as_str()], Some(door.refused())),
            (&[right.as_str()], None),
            (&[lower.as_str()], None),
        ] {
            let mut headers = vec![json];
            headers.extend(both.into_iter().zip(authorization.iter().copied()));
            let reply = stack.post_to(door, VALIDATE, &headers, review.clone()).await.unwrap();
            match expected {
                Some(expected) => assert_eq!((reply.status, reply.text().as_str()), expected),
                None => assert_eq!(reply.status, 200, "{door:?} {}", reply.text()),
            }
        }
        assert!(stack.stop().await.unwrap().status.success());
    }
}

#[tokio::test]
async fn only_the_right_key_gets_in() {
    for door in Door::WITH_KEY {
        let stack = stack(&[door.args(), &["--sandboxes", "1"]].concat()).await;
        let key = door.credential(stack.token());
        let (first, rest) = key.split_at(1);
        let encoded = format!("%{:02x}{rest}", first.as_bytes()[0]);
        // An HTTP API decodes the path; at a REST API the method's ARN has it as it was sent.
        let http = door.api() == Api::Http;
        let of_encoded = if http { IN } else { door.refused() };
        // A REST API takes no notice of a slash at the end.
        let of_nothing = if http { door.no_route() } else { door.no_header() };
        let of_slash = if http { door.no_route() } else { door.refused() };
        assert_answers(
            &stack,
            &[
                (door, &key, IN),
                (door, WRONG, door.refused()),
                (door, rest, door.refused()),
                (door, &format!("{key}="), door.refused()),
                (door, &format!("{key}A"), door.refused()),
                (door, &format!("{key}%00"), door.refused()),
                (door, &key.to_lowercase(), door.refused()),
                (door, "%7Bkey%7D", door.refused()),
                (door, "*", door.refused()),
                (door, &encoded, of_encoded),
                (door, "", of_nothing),
                (door, &format!("{key}/"), of_slash),
                (door, &format!("{key}%2Fx"), door.no_route()),
                (door, &format!("/{key}"), door.no_route()),
            ],
        )
        .await;
        assert!(stack.stop().await.unwrap().status.success());
    }
}

#[tokio::test]
async fn neither_opens_the_other_door() {
    for door in Door::WITH_KEY {
        let (with_token, stack) =
            (door.with_token(), stack(&[door.args(), &["--sandboxes", "1"]].concat()).await);
        let (token, key) = (stack.token(), door.credential(stack.token()));
        assert_answers(
            &stack,
            &[
                (with_token, &key, door.refused()),
                (door, token, door.refused()),
                (with_token, token, IN),
                (door, &key, IN),
            ],
        )
        .await;
        // On a route with a key the header counts for nothing.
        let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
        let (right, wrong) = (format!("Bearer {token}"), format!("Bearer {WRONG}"));
        for (in_path, in_header, status) in [(WRONG, &right, 403), (&key, &wrong, 200)] {
            let headers =
                [("authorization", in_header.as_str()), ("content-type", "application/json")];
            let path = format!("/validate/{in_path}?timeout=10s");
            let reply = stack.post_to(door, &path, &headers, review.clone()).await.unwrap();
            assert_eq!(reply.status, status, "{door:?} {}", reply.text());
        }
        assert!(stack.stop().await.unwrap().status.success());
    }
}

#[tokio::test]
async fn without_url_keys_no_key_gets_in() {
    for door in Door::WITH_KEY {
        let with_token = door.with_token();
        let stack = stack(&[with_token.args(), &["--sandboxes", "1"]].concat()).await;
        let key = door.credential(stack.token());
        let cases = [(door, key.as_str(), door.no_route()), (with_token, &key, door.refused())];
        assert_answers(&stack, &cases).await;
        assert!(stack.stop().await.unwrap().status.success());
    }
}

/// An authorizer that was attached to the wrong routes refuses every caller.
#[tokio::test]
async fn an_authorizer_of_the_other_kind_refuses_every_caller() {
    for door in Door::WITH_KEY {
        let swapped = ["--sandboxes", "1", "--authorizer-env", "CALLER_KEY=header"];
        let stack = stack(&[door.args(), &swapped].concat()).await;
        let key = door.credential(stack.token());
        assert_answers(
            &stack,
            &[
                (door, &key, door.refused()),
                (door, stack.token(), door.refused()),
                (door.with_token(), stack.token(), IN),
            ],
        )
        .await;
        let log = stack.stop().await.unwrap().log;
        assert_eq!(log.matches(r#""event":"wrong_route""#).count(), 2, "{log}");
    }
}

#[tokio::test]
async fn both_webhooks_and_the_log_know_the_caller() {
    for door in Door::ALL {
        let via = door.via();
        let route = if door.takes_key() { "POST /mutate/{key}" } else { "POST /mutate" };
        let args = [door.args(), &["--sandboxes", "1", "--pin-namespaces", "*"]].concat();
        let stack = stack(&args).await;
        let review = pod("u1", &[&image("payments/api:1.4")]);
        let reply = stack.review_through(door, "/mutate?timeout=10s", &review).await.unwrap();
        assert!(response(&reply)["patch"].is_string(), "{}", reply.text());
        let log = stack.stop().await.unwrap().log;
        let line = log.lines().find(|line| line.starts_with("gateway ")).unwrap();
        assert!(line.starts_with(&format!("gateway {route} 200 ")), "{line}");
        assert!(line.ends_with(" cluster=local token=current"), "{line}");
        let subject = format!(r#""uid":"u1","cluster":"local","via":"{via}""#);
        assert!(log.contains(&subject), "{log}");
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_an_error_not_a_denial() {
    for door in Door::ALL {
        let args = ["--sandboxes", "1", "--fault", "GetSecretValue=access-denied"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let reply = stack.review_through(door, VALIDATE, &pod("u1", &["nginx"])).await.unwrap();
        assert_eq!((reply.status, reply.text().as_str()), door.authorizer_failed(), "{door:?}");
        let log = stack.stop().await.unwrap().log;
        assert!(log.contains("access denied: User: "), "the log says why:\n{log}");
    }
}
