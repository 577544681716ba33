//! The sample policy (deploy/samples/policy.yaml) over the sample catalogue: each of its switches decides
//! about an image there.

use serde_json::json;

use end_to_end::outcome::{outcome, pod};
use end_to_end::policed::{Keep, Policed, mutated};
use end_to_end::support::{self, image};

/// A file of deploy/samples.
fn sample(name: &str) -> String {
    std::fs::read_to_string(local_cloud::build::project().join("deploy/samples").join(name))
        .unwrap()
}

fn policy() -> String {
    sample("policy.yaml").replace("apiVersion: ecr-admission/v1\n", "")
}

#[tokio::test]
async fn every_switch_of_the_sample_policy_is_at_work() {
    let policed = Policed::over(&sample("registry.yaml"), &policy(), Keep::Seconds(60), &[]).await;
    let deployer = "system:serviceaccount:ci:deployer";
    let unpinned = ["warned: ", "[pinned]"];
    // In which namespace, by whom, which image: the expected outcome, a line each.
    for (namespace, user, name, expected) in [
        ("shop", "admin", "payments/api:1.4", vec![unpinned]),
        // `accepted`, and another image of the same finding. `signed` is only audited.
        ("shop", "admin", "payments/api:1.3", vec![unpinned, ["audited: ", "[signed]"]]),
        ("shop", "admin", "shop/checkout:1.9", vec![["denied: ", "[ecr-registry]"]]),
        // `graceDays`: three days old, and forty.
        ("shop", "admin", "web/shop:1.2", vec![unpinned, ["warned: ", "[scan-findings]"]]),
        (
            "shop",
            "admin",
            "web/shop:1.1",
            vec![["denied: ", "CVE-2026-25770 in libxml2, fixed in 2.13.5"], unpinned],
        ),
        // `fixableOnly`.
        ("shop", "admin", "web/shop:1.0", vec![unpinned]),
        // `maxScanAgeDays` and `maxFeedAgeDays`; the exemption names repository, namespace and user.
        ("shop", "admin", "web/legacy:7", vec![["denied: ", "more than 30 days ago"], unpinned]),
        ("shop", "admin", "web/legacy:7", vec![["denied: ", "more than 14 days old"], unpinned]),
        ("shop", deployer, "web/legacy:7", vec![unpinned, ["audited: ", "exempt: owner \"web\""]]),
        ("other", deployer, "web/legacy:7", vec![["denied: ", "[scan-findings]"], unpinned]),
        // `statuses`.
        (
            "shop",
            "admin",
            "base/images:static-1",
            vec![unpinned, ["warned: ", "UNSUPPORTED_IMAGE"]],
        ),
        // `image-config`.
        (
            "shop",
            "admin",
            "base/images:sshd-1",
            vec![["denied: ", "exposes port \"22/tcp\""], unpinned],
        ),
        ("shop", "admin", "base/images:root-1", vec![["denied: ", "runs as root"], unpinned]),
        // `pullThroughCachePrefixes`.
        ("shop", "admin", "docker-hub/library/nginx:1.29", vec![unpinned]),
        ("shop", "admin", "docker-hub/library/nginx:9", vec![["denied: ", "not imported yet"]]),
        // `namespaces`.
        ("shop", "admin", "web/frontend:2.1", vec![["denied: ", "[tag-immutability]"], unpinned]),
        (
            "staging",
            "admin",
            "web/frontend:2.1",
            vec![["warned: ", "[tag-immutability]"], ["audited: ", "[pinned]"]],
        ),
        ("team-a", "admin", "web/shop:1.1", vec![["audited: ", "[scan-findings]"]]),
        ("team-a", "admin", "shop/checkout:1.9", vec![["denied: ", "[ecr-registry]"]]),
    ] {
        let mut review = pod(name);
        review["request"]["namespace"] = json!(namespace);
        review["request"]["userInfo"]["username"] = json!(user);
        let answer = outcome(&policed.answer(&review).await);
        let lines: Vec<&str> = answer.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{namespace} {user} {name}:\n{answer}");
        for (line, [effect, part]) in lines.iter().zip(expected) {
            assert!(line.starts_with(effect) && line.contains(part), "{name}: {part}\n{answer}");
        }
    }
    let mut glass = pod("web/shop:1.1");
    glass["request"]["userInfo"]["groups"] = json!(["oncall"]);
    glass["request"]["object"]["metadata"]["annotations"] =
        json!({"ecr-admission/break-glass": "incident 4711"});
    let answer = outcome(&policed.answer(&glass).await);
    assert!(answer.starts_with("warned: admitted by break-glass (group \"oncall\"): "), "{answer}");
    // `pin` and `rewrites`.
    let nginx = mutated(&policed, &support::pod("u", &["nginx:1.29"])).await.unwrap();
    let ours = image("docker-hub/library/nginx:1.29@sha256:");
    assert!(nginx.starts_with(&ours), "{nginx}");
    let internal = mutated(&policed, &support::pod("u", &["docker.io/internal/x:1"])).await;
    assert_eq!(internal, None);
    policed.stop().await;
}
