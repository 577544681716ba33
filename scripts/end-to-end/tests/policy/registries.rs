//! What is allowed of the registries, pull-through caches, and `pinned`.

use end_to_end::outcome::{ADMITTED, MUTABLE, denied, deployment, outcome, pod, warned};
use end_to_end::policed::{Keep, Policed};
use end_to_end::support;

#[tokio::test]
async fn registries_narrow_what_the_parameters_allow() {
    let parameters = ["--registry-ids", "123456789012,210987654321"];
    let parameters = [&parameters[..], &["--registry-region", "us-east-1,eu-west-1"]].concat();
    let policed = Policed::start("", Keep::Never, &parameters).await;
    let [here, ireland, other] = [
        ("123456789012", "us-east-1"),
        ("123456789012", "eu-west-1"),
        ("210987654321", "us-east-1"),
    ]
    .map(|(account, region)| format!("{account}.dkr.ecr.{region}.amazonaws.com/clean:1"));
    let not_allowed = |image: &str, account: &str, region: &str, allowed: &str| {
        format!(
            "denied: spec.containers[0].image \"{image}\": repository \"clean\" of account {account} \
             in {region} is not allowed (expected {allowed}); use an allowed repository or add this \
             one to registries of the policy document [ecr-registry]"
        )
    };
    let in_ireland = |allowed| not_allowed(&ireland, "123456789012", "eu-west-1", allowed);
    let of_other = |allowed| not_allowed(&other, "210987654321", "us-east-1", allowed);
    let several = "registries: [{accounts: ['123456789012'], regions: [us-east-1], repositories: \
        ['cl*']}, {accounts: ['210987654321'], repositories: [other]}]";
    let allowed = "123456789012 in us-east-1: cl*; 210987654321 in every Region: other";
    let admitted = || ADMITTED.to_owned();
    for (document, image, expected) in [
        ("", &here, admitted()),
        ("", &ireland, admitted()),
        ("", &other, admitted()),
        (several, &here, admitted()),
        (several, &ireland, in_ireland(allowed)),
        (several, &other, of_other(allowed)),
    ] {
        let answer = policed.under(document, &support::pod("u", &[image])).await;
        assert_eq!(answer, expected, "{document}\n{image}");
    }
    policed.stop().await;

    // It never widens.
    let policed = Policed::start(several, Keep::Never, &[]).await;
    let answer = outcome(&policed.answer(&support::pod("u", &[&other])).await);
    assert!(
        answer.contains("account 210987654321 (expected 123456789012); use an allowed registry or"),
        "{answer}"
    );
    policed.stop().await;
}

#[tokio::test]
async fn an_add_on_that_nobody_can_inspect_is_admitted_and_audited() {
    let parameters = ["--registry-ids", "123456789012,602401143452"];
    let policed = Policed::start("", Keep::Never, &parameters).await;
    let add_on = "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1";
    let review = support::pod("u", &[add_on]);
    let missing = format!(
        "denied: spec.containers[0].image \"{add_on}\": repository \"eks/coredns\" does not exist in \
         registry 602401143452 in us-east-1; create it or correct the image [image-available]"
    );
    let entry = "registries: [{accounts: ['602401143452'], regions: [us-east-1], repositories: ['eks/*'], inspect: false}]";
    assert_eq!(policed.under("", &review).await, missing);
    assert_eq!(policed.under(entry, &review).await, ADMITTED);
    let annotations = &policed.answer(&review).await["auditAnnotations"];
    assert_eq!(annotations["not-inspected"], format!("spec.containers[0].image \"{add_on}\""));
    // The entry adds, and never narrows: everything else stays allowed and inspected.
    let open = denied("open:1", MUTABLE);
    for (image, expected) in [("clean:1", ADMITTED.to_owned()), ("open:1", open)] {
        assert_eq!(policed.under(entry, &pod(image)).await, expected, "{image}");
    }
    assert_eq!(
        policed.answer(&pod("clean:1")).await["auditAnnotations"].get("not-inspected"),
        None
    );
    let here = entry.replace("inspect: false", "inspect: false, namespaces: [elsewhere]");
    assert_eq!(policed.under(&here, &review).await, missing);
    policed.stop().await;
}

#[tokio::test]
async fn a_pull_through_cache_is_exempt_from_tag_immutability_and_says_what_is_not_imported() {
    let policed = Policed::open().await;
    let caches = "pullThroughCachePrefixes: [docker-hub]";
    let nginx = "docker-hub/library/nginx";
    let mutable = MUTABLE.replace("\"open\"", &format!("\"{nginx}\"")).replace("\"1\"", "\"1.29\"");
    let not_imported = |repository: &str, tag: &str| {
        format!(
            "repository \"{repository}\" is a pull-through cache and holds no image with tag \
             \"{tag}\": not imported yet; pull it once and wait for its scan [image-available]"
        )
    };
    let (present, absent) = (format!("{nginx}:1.29"), format!("{nginx}:1.30"));
    let redis = "docker-hub/library/redis";
    policed
        .expect(&[
            ("", &present, denied(&present, &mutable)),
            (caches, &present, ADMITTED.to_owned()),
            (caches, &absent, denied(&absent, &not_imported(nginx, "1.30"))),
            // Its repository is made with the first import.
            (
                caches,
                &format!("{redis}:8"),
                denied(&format!("{redis}:8"), &not_imported(redis, "8")),
            ),
            // Only what lies under the prefix.
            (caches, "open:1", denied("open:1", MUTABLE)),
        ])
        .await;
    policed.stop().await;
}

#[tokio::test]
async fn pinned_takes_only_digests_where_it_is_required() {
    let policed = Policed::open().await;
    let reason = "is not pinned by digest, which this namespace requires; apply the mutating webhook \
        configuration, which pins it, or name the digest [pinned]";
    let required = "rules: {pinned: {required: true}}";
    policed
        .expect(&[
            ("", "clean:1", ADMITTED.to_owned()),
            (required, "clean:1", denied("clean:1", reason)),
            ("rules: {pinned: {required: true, mode: warn}}", "clean:1", warned("clean:1", reason)),
        ])
        .await;
    policed.write(required);
    let answer = policed.answer(&pod("clean:1")).await;
    let digest = answer["auditAnnotations"]["spec.containers.0"].as_str().unwrap();
    let by_digest = format!("clean@{digest}");
    assert_eq!(policed.under(required, &pod(&by_digest)).await, ADMITTED);
    let answer = outcome(&policed.answer(&deployment("clean:1")).await);
    assert_eq!(
        answer,
        warned("clean:1", reason).replace("spec.containers", "spec.template.spec.containers")
    );
    policed.stop().await;
}
