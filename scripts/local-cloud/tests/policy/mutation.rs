//! What the document says of the mutating half, and that it comes before the parameters.

use serde_json::json;

use crate::policed::{Keep, Policed, mutated};
use crate::support::{self, REGISTRY, image};
use crate::told::{ADMITTED, denied, pod, told};

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

    // Where the document pins, the validating half wants a digest; elsewhere it does not.
    let unpinned = "is not pinned by digest, which this namespace requires; apply the mutating \
        webhook configuration, which pins it, or name the digest [pinned]";
    assert_eq!(told(&policed.answer(&pod("clean:1")).await), denied("clean:1", unpinned));
    for review in [asked("by-parameter"), within("shop", &pinned)] {
        assert_eq!(told(&policed.answer(&review).await), ADMITTED);
    }
    // Nothing is pinned or rewritten by a document that says so.
    policed.write("pin: {namespaces: []}\nrewrites: []");
    assert_eq!(mutated(&policed, &asked("by-parameter")).await, None);
    assert_eq!(mutated(&policed, &within("by-parameter", "redis:1")).await, None);
    policed.stop().await;
}
