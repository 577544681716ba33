//! What the document says of the mutating webhook, and that it comes before the parameters.

use serde_json::json;

use end_to_end::outcome::{ADMITTED, denied, deployment, outcome, pod};
use end_to_end::policed::{Keep, Policed, mutated};
use end_to_end::support::{self, REGISTRY, image};

#[tokio::test]
async fn the_documents_pin_and_rewrites_come_before_the_parameters() {
    let rewrites = format!("REWRITES=docker.io/library/redis={}", image("clean"));
    let parameters = ["--pin-namespaces", "by-parameter", "--admission-env", &rewrites];
    let policed = Policed::start("", Keep::Never, &parameters).await;
    let within = |namespace: &str, image: &str| {
        let mut review = support::pod("u", &[image]);
        review["request"]["namespace"] = json!(namespace);
        review
    };
    let clean = image("clean:1");
    let asked = |namespace: &str| within(namespace, &clean);
    // What the document leaves out, the parameters say.
    let pinned = mutated(&policed, &asked("by-parameter")).await.unwrap();
    assert!(pinned.starts_with(&format!("{clean}@sha256:")), "{pinned}");
    assert_eq!(mutated(&policed, &asked("shop")).await, None);
    assert_eq!(
        mutated(&policed, &within("by-parameter", "redis:1")).await.as_deref(),
        Some(pinned.as_str())
    );

    policed.write(&format!(
        "pin: {{namespaces: [shop, 'team-*']}}\n\
         rewrites: [{{from: docker.io/library/nginx, to: {REGISTRY}/clean}}, \
         {{from: docker.io/library/internal, to: ''}}]"
    ));
    for (namespace, expected) in
        [("shop", Some(&pinned)), ("team-a", Some(&pinned)), ("by-parameter", None)]
    {
        assert_eq!(mutated(&policed, &asked(namespace)).await.as_ref(), expected, "{namespace}");
    }
    for (name, expected) in [
        ("nginx:1", Some(pinned.clone())),
        ("docker.io/library/nginx:1", Some(pinned.clone())),
        ("redis:1", None),
        ("internal:1", None),
    ] {
        assert_eq!(mutated(&policed, &within("shop", name)).await, expected, "{name}");
    }
    // Rewritten, and not pinned.
    assert_eq!(mutated(&policed, &within("other", "nginx:1")).await, Some(clean.clone()));

    // Where the document pins, the validating webhook wants a digest; elsewhere it does not.
    let unpinned = "is not pinned by digest, which this namespace requires; apply the mutating \
        webhook configuration, which pins it, or name the digest [pinned]";
    assert_eq!(outcome(&policed.answer(&pod("clean:1")).await), denied("clean:1", unpinned));
    for review in [asked("by-parameter"), within("shop", &pinned)] {
        assert_eq!(outcome(&policed.answer(&review).await), ADMITTED);
    }
    // Nothing is pinned or rewritten by a document that says so.
    policed.write("pin: {namespaces: []}\nrewrites: []");
    assert_eq!(mutated(&policed, &asked("by-parameter")).await, None);
    assert_eq!(mutated(&policed, &within("by-parameter", "redis:1")).await, None);
    policed.stop().await;
}

/// What would break if it were changed: the objects that a controller owns, a mirror Pod, an injector's
/// placeholder, and what a request only carries along.
#[tokio::test]
async fn what_a_change_would_break_is_left_alone() {
    let document = format!(
        "pin: {{namespaces: ['*']}}\nrewrites: [{{from: docker.io/library/, to: {REGISTRY}/}}]"
    );
    let policed = Policed::start(&document, Keep::Seconds(60), &[]).await;
    let pinned = mutated(&policed, &pod("clean:1")).await.unwrap();
    assert!(pinned.starts_with(&image("clean:1@sha256:")), "{pinned}");

    let mut mirror = pod("clean:1");
    mirror["request"]["object"]["metadata"]["annotations"] =
        json!({"kubernetes.io/config.mirror": "0f1e2d3c"});
    assert_eq!(mutated(&policed, &mirror).await, None);
    assert_eq!(mutated(&policed, &support::pod("u", &["auto"])).await, None);
    let clean = support::pod("u", &["clean:1"]);
    assert_eq!(mutated(&policed, &clean).await.as_ref(), Some(&pinned));

    // A Deployment that is restarted, the ReplicaSet that is made of it, and its Pod.
    let created = deployment("clean:1");
    assert_eq!(mutated(&policed, &created).await.as_ref(), Some(&pinned));
    let mut restarted = created.clone();
    restarted["request"]["operation"] = json!("UPDATE");
    restarted["request"]["oldObject"] = created["request"]["object"].clone();
    let annotations = json!({"kubectl.kubernetes.io/restartedAt": "2026-11-25T10:00:00Z"});
    restarted["request"]["object"]["spec"]["template"]["metadata"]["annotations"] = annotations;
    assert_eq!(mutated(&policed, &restarted).await, None);
    let mut replica_set = created.clone();
    replica_set["request"]["kind"]["kind"] = json!("ReplicaSet");
    let owner = |kind: &str| json!([{"apiVersion": "v1", "kind": kind, "name": "p", "uid": "1", "controller": true}]);
    replica_set["request"]["object"]["metadata"]["ownerReferences"] = owner("Deployment");
    assert_eq!(mutated(&policed, &replica_set).await, None);
    let mut its_pod = pod("clean:1");
    its_pod["request"]["object"]["metadata"]["ownerReferences"] = owner("ReplicaSet");
    assert_eq!(mutated(&policed, &its_pod).await.as_ref(), Some(&pinned));
    policed.stop().await;
}
