//! With allowed sources, a right credential from another address is refused.

use local_cloud::client::Client;
use local_cloud::door::Door;
use local_cloud::stack::Stack;

use end_to_end::support::{VALIDATE, pod, stack};
use end_to_end::token_secret::status;

/// A caller at this address of the loopback interface.
fn at(stack: &Stack, last: u8) -> Client {
    let authority = std::fs::read(stack.directory().join("ca.pem")).unwrap();
    Client::from_address(stack.url(), &authority, Some([127, 0, 0, last].into())).unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_the_allowed_addresses_get_in() {
    for door in Door::PUBLIC {
        let args = ["--sandboxes", "1", "--allowed-sources", "127.0.0.2/31,2001:db8::/32"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let right = door.credential(stack.token());
        // In turns: an answer that is used again must not be that to another address.
        for (last, expected) in [(1, 403), (2, 200), (1, 403), (3, 200), (4, 403), (2, 200)] {
            let got = status(&stack, &at(&stack, last), (door, &right)).await;
            assert_eq!(got, expected, "{door:?} from 127.0.0.{last}");
        }
        let wrong = door.credential("a-token-of-nobody");
        assert_eq!(status(&stack, &at(&stack, 2), (door, &wrong)).await, 403, "{door:?}");
        let log = stack.stop().await.unwrap().log;
        // The gateway uses an answer about a token again for the same address.
        let refused = if door.takes_key() { 3 } else { 2 };
        assert_eq!(log.matches(r#""event":"source_refused""#).count(), refused, "{log}");
        let line = format!(
            r#""via":"{}","reason":"ALLOWED_SOURCES does not contain the address""#,
            door.via()
        );
        assert!(log.contains(&line) && log.contains(r#""source_ip":"127.0.0.4""#), "{log}");
    }
}

#[tokio::test]
async fn at_the_private_door_the_address_does_not_count() {
    for door in [Door::PrivateHeader, Door::PrivateUrl] {
        let args = ["--sandboxes", "1", "--allowed-sources", "203.0.113.0/24"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let token = stack.token();
        let through = async |door: Door| {
            status(&stack, stack.client(), (door, &door.credential(token))).await
        };
        assert_eq!(through(door).await, 200, "{door:?}");
        let public = if door.takes_key() { Door::Url } else { Door::Header };
        assert_eq!(through(public).await, 403, "{public:?}");
        assert!(stack.stop().await.unwrap().status.success());
    }
}

#[tokio::test]
async fn a_bad_block_stops_the_function_with_a_line_that_names_it() {
    for door in Door::ALL {
        let args = ["--sandboxes", "1", "--allowed-sources", "127.0.0.0/8,127.0.0.1/8"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let reply = stack.review_through(door, VALIDATE, &pod("u1", &["nginx"])).await.unwrap();
        assert_eq!(reply.status, 500, "{door:?}");
        let log = stack.stop().await.unwrap().log;
        let expected = "environment variable ALLOWED_SOURCES: expected 127.0.0.0/8, got";
        assert!(log.contains(expected), "{log}");
    }
}
