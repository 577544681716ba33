//! Tokens of several clusters, a rotation and a revocation: the key of a cluster follows its token.

use local_cloud::door::Door;
use local_cloud::stack::Stack;
use serde_json::json;

use end_to_end::support::stack;
use end_to_end::token_secret::{TokenSecret, status};

const OLD_EAST: &str = "0123456789abcdef0123456789abcdef";
const NEW_EAST: &str = "fedcba9876543210fedcba9876543210";
const WEST: &str = "a-west-token-a-west-token-a-west-token";
const GONE: &str = "a-gone-token-a-gone-token-a-gone-token";

/// Who the owner of a token is, by the access log; `None` for one that is refused.
async fn known_as(stack: &Stack, door: Door, token: &str) -> Option<String> {
    let before = stack.log().lines().filter(|line| line.starts_with("gateway ")).count();
    let credential = door.credential(token);
    let got = status(stack, stack.client(), (door, credential.as_str())).await;
    let lines = || {
        let log = stack.log();
        let lines = log.lines().filter(|line| line.starts_with("gateway "));
        lines.skip(before).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    // Written before the answer leaves, and read by another task.
    while lines().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let line = lines().remove(0);
    match got {
        200 => Some(line.split_once(" cluster=").unwrap().1.to_owned()),
        403 => None,
        other => panic!("{other}: {line}"),
    }
}

#[tokio::test]
async fn each_cluster_has_its_own_and_keeps_it_in_the_overlap_until_it_is_revoked() {
    for door in Door::ALL {
        let args = ["--sandboxes", "1", "--authorizer-cache-seconds", "0"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let secret = TokenSecret::of(&stack).await;
        let assert_known = async |when: &str, cases: [(&str, Option<&str>); 4]| {
            for (token, expected) in cases {
                let known = known_as(&stack, door, token).await;
                assert_eq!(known.as_deref(), expected, "{door:?}, {when}: {token}");
            }
        };
        secret.put(&json!({"east": OLD_EAST, "west": WEST, "gone": GONE})).await;
        let current = [
            (OLD_EAST, Some("east token=current")),
            (WEST, Some("west token=current")),
            (GONE, Some("gone token=current")),
            (NEW_EAST, None),
        ];
        assert_known("before", current).await;
        assert_eq!(known_as(&stack, door, stack.token()).await, None, "of a cluster that left");

        secret.put(&json!({"east": NEW_EAST, "west": WEST})).await;
        let rotated = [
            (OLD_EAST, Some("east token=previous")),
            (NEW_EAST, Some("east token=current")),
            (WEST, Some("west token=current")),
            // Of a cluster that is no longer named, the previous token is worth nothing.
            (GONE, None),
        ];
        assert_known("in the overlap", rotated).await;

        secret.revoke_previous().await;
        let revoked = [
            (OLD_EAST, None),
            (NEW_EAST, Some("east token=current")),
            (WEST, Some("west token=current")),
            (GONE, None),
        ];
        assert_known("revoked", revoked).await;
        stack.stop().await.unwrap();
    }
}

#[tokio::test]
async fn without_an_overlap_the_previous_credential_ends_with_the_rotation() {
    for door in Door::ALL {
        let args = ["--sandboxes", "1", "--authorizer-env", "TOKEN_OVERLAP_HOURS=0"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let secret = TokenSecret::of(&stack).await;
        secret.put(&json!({"local": NEW_EAST})).await;
        assert_eq!(known_as(&stack, door, stack.token()).await, None, "{door:?}");
        let expected = Some("local token=current".to_owned());
        assert_eq!(known_as(&stack, door, NEW_EAST).await, expected, "{door:?}");
        stack.stop().await.unwrap();
    }
}
