//! What is pulled, and the result. The clock of most tests is paused; scans take no time, since the stand-in has
//! a clock of its own.

use ecr_admission_cli::check::report::{CheckResult, CheckedObject, Report};
use ecr_admission_policy::names::Digest;

use crate::world::{HOST, SCANNED, World, catalogue, pod};

const HUB: &str = "[{prefix: docker-hub, upstream: registry-1.docker.io}]";
const REWRITES: (&str, &str) =
    ("REWRITES", "docker.io/=123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/");
const DONE: &str = "scan: {status: COMPLETE, completedAt: 1 day ago, findings: []}";

fn nginx(images: &str) -> String {
    format!("  - {{name: docker-hub/library/nginx, {SCANNED}, images: [{images}]}}\n")
}

/// The only object of a report.
fn only(report: &Report) -> &CheckedObject {
    let [object] = &report.objects[..] else { panic!("{report:?}") };
    object
}

#[tokio::test(start_paused = true)]
async fn an_image_that_was_never_pulled_is_pulled_and_then_evaluated() {
    let image = format!("{{tags: [\"1.29\"], onPull: {{}}, {DONE}}}");
    let world = World::new(&catalogue(HUB, &nginx(&image)));
    let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], None).await;
    assert_eq!(only(&report).result, CheckResult::Admitted, "{report:?}");
    assert_eq!(report.notices, Vec::<String>::new());
    assert_eq!(world.pulls(), ["/v2/docker-hub/library/nginx/manifests/1.29"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_scan_finds_is_denied() {
    let findings = "scan: {status: COMPLETE, completedAt: 1 day ago, findings: [{name: CVE-2026-1, severity: CRITICAL, package: zlib}]}";
    let image = format!("{{tags: [\"1.29\"], onPull: {{}}, {findings}}}");
    let world = World::new(&catalogue(HUB, &nginx(&image)));
    let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], None).await;
    let object = only(&report);
    assert_eq!(object.result, CheckResult::Denied);
    assert!(object.violations[0].text.contains("CVE-2026-1"), "{object:?}");
}

#[tokio::test(start_paused = true)]
async fn the_children_of_an_index_that_could_run_are_pulled_by_digest() {
    let platform = |architecture| format!("{{os: linux, architecture: {architecture}, {DONE}}}");
    let image = format!(
        "{{tags: [\"1.29\"], onPull: {{}}, platforms: [{}, {}, {{os: unknown, architecture: unknown}}]}}",
        platform("amd64"),
        platform("arm64")
    );
    let world = World::new(&catalogue(HUB, &nginx(&image)));
    let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], None).await;
    assert_eq!(only(&report).result, CheckResult::Admitted, "{report:?}");
    let pulls = world.pulls();
    assert_eq!(pulls.len(), 3, "{pulls:?}");
    assert_eq!(pulls[0], "/v2/docker-hub/library/nginx/manifests/1.29");
    for child in &pulls[1..] {
        assert!(child.starts_with("/v2/docker-hub/library/nginx/manifests/sha256:"), "{child}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_password_goes_to_the_host_of_the_registry_alone_and_is_asked_for_once() {
    let image = format!("{{tags: [a, b], onPull: {{}}, {DONE}}}");
    let world = World::new(&catalogue(HUB, &nginx(&image)));
    world.check(&pod(&["nginx:a", "nginx:b"]), &[REWRITES], None).await;
    let (shown, hidden): (Vec<_>, Vec<_>) =
        world.sent().into_iter().partition(|sent| sent.authorization.starts_with("Basic "));
    assert_eq!(shown.len(), 2);
    for sent in &shown {
        assert!(sent.url.starts_with(&format!("https://{HOST}/v2/")), "{sent:?}");
        assert_eq!(sent.authorization, "Basic QVdTOnNlY3JldA==");
        assert!(sent.accept.contains("application/vnd.oci.image.index.v1+json"), "{sent:?}");
    }
    for sent in hidden {
        assert!(sent.authorization.starts_with("AWS4-HMAC-SHA256 "), "{sent:?}");
    }
    assert_eq!(world.calls("GetAuthorizationToken"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    let image = format!("{{tags: [\"1.29\"], onPull: {{}}, {DONE}}}");
    let instead = |what: &str| {
        let header = Some(("location", "https://elsewhere.example/v2/"));
        what.starts_with("/v2/").then(|| (307, header, String::new()))
    };
    let world = World::with(&catalogue(HUB, &nginx(&image)), Box::new(instead));
    let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], None).await;
    assert!(world.sent().iter().all(|sent| !sent.url.contains("elsewhere")), "{:?}", world.sent());
    assert_eq!(only(&report).result, CheckResult::Unknown);
    assert_eq!(
        report.notices,
        [format!(
            "prefetch of \"{HOST}/docker-hub/library/nginx:1.29\": the registry gave no manifest (HTTP 307); try again"
        )]
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_of_a_cache_or_not_allowed_is_not_pulled() {
    let own = format!("  - {{name: team/app, {SCANNED}, images: [{{tags: [a], {DONE}}}]}}\n");
    let world = World::new(&catalogue(HUB, &own));
    let images = [
        &format!("{HOST}/team/app:a"),
        "999999999999.dkr.ecr.us-east-1.amazonaws.com/docker-hub/library/nginx:1",
        "quay.io/team/app:1",
    ];
    let report = world.check(&pod(&images), &[], None).await;
    assert_eq!(world.pulls(), Vec::<String>::new());
    assert_eq!(world.calls("GetAuthorizationToken"), 0);
    assert_eq!(
        report.notices,
        ["prefetch: no image is in a repository of a pull-through cache, so nothing was pulled"]
    );
}

#[tokio::test(start_paused = true)]
async fn without_the_rules_the_prefixes_of_the_document_count() {
    let image = format!("{{tags: [\"1.29\"], onPull: {{}}, {DONE}}}");
    let instead = |what: &str| {
        let denied = r#"{"__type": "AccessDeniedException", "message": "not authorized"}"#;
        (what == "DescribePullThroughCacheRules").then(|| (400, None, denied.to_owned()))
    };
    let world = World::with(&catalogue("[]", &nginx(&image)), Box::new(instead));
    let document = "apiVersion: ecr-admission/v1\npullThroughCachePrefixes: [docker-hub]\n";
    let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], Some(document)).await;
    assert_eq!(only(&report).result, CheckResult::Admitted, "{report:?}");
    let [notice] = &report.notices[..] else { panic!("{:?}", report.notices) };
    assert!(
        notice.starts_with(
            "prefetch: only the pullThroughCachePrefixes of the policy document count for account 123456789012 in us-east-1: the AWS credentials may not call ecr:DescribePullThroughCacheRules; allow the action, or use others (AWS_PROFILE): "
        ),
        "{notice}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_digest_is_imported_by_the_tag_before_it() {
    let images = format!(
        "{{tags: [\"1.29\"], onPull: {{}}, {DONE}}}, {{tags: [\"1.30\"], onPull: {{}}, {DONE}, config: {{user: \"7\"}}}}"
    );
    let digest_of = async |tag: &str| {
        let world = World::new(&catalogue(HUB, &nginx(&images)));
        let report = world
            .check(&pod(&[&format!("nginx:{tag}")]), &[REWRITES, ("PIN_NAMESPACES", "*")], None)
            .await;
        assert_eq!(only(&report).result, CheckResult::Admitted, "{report:?}");
        // Only the digest is asked about in the end.
        let bodies = world.pulls();
        assert_eq!(bodies.len(), 1);
        world.digest("docker-hub/library/nginx", tag)
    };
    let (old, new) = (digest_of("1.29").await, digest_of("1.30").await);
    assert_ne!(old, new);
    let name = format!("{HOST}/docker-hub/library/nginx");

    let world = World::new(&catalogue(HUB, &nginx(&images)));
    let report = world.check(&pod(&[&format!("{name}:1.29@{old}")]), &[], None).await;
    assert_eq!(only(&report).result, CheckResult::Admitted, "{report:?}");
    let path = "/v2/docker-hub/library/nginx/manifests";
    assert_eq!(world.pulls(), [format!("{path}/{old}"), format!("{path}/1.29")]);

    // The tag is another image by now, so that a node could not pull the digest either.
    let world = World::new(&catalogue(HUB, &nginx(&images)));
    let report = world.check(&pod(&[&format!("{name}:1.29@{new}")]), &[], None).await;
    assert_eq!(only(&report).result, CheckResult::Denied, "{report:?}");
    assert_eq!(
        report.notices,
        [format!(
            "prefetch of \"{name}:1.29@{new}\": the pull-through cache does not hold this digest, and the tag 1.29 is {} now; update the digest",
            old.parse::<Digest>().unwrap().short()
        )]
    );

    let world = World::new(&catalogue(HUB, &nginx(&images)));
    let report = world.check(&pod(&[&format!("{name}@{new}")]), &[], None).await;
    assert_eq!(only(&report).result, CheckResult::Denied, "{report:?}");
    assert_eq!(
        report.notices,
        [format!(
            "prefetch of \"{name}@{new}\": the pull-through cache does not hold this digest, and Amazon ECR imports nothing by digest; write the tag before the digest, or pull it once by its tag"
        )]
    );
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_fails_leaves_the_image_unknown_unless_it_does_not_exist() {
    let refused = |status: u16, message: &str| {
        format!(
            "{{tags: [\"1.29\"], onPull: {{refused: {{status: {status}, code: X, message: \"{message}\"}}}}, {DONE}}}"
        )
    };
    for (status, message, result, said, pulls) in [
        (
            404,
            "Requested image not found",
            CheckResult::Denied,
            "Amazon ECR did not get it from the upstream registry (HTTP 404: Requested image not found); check its name and tag, and the upstream registry of the pull-through cache rule",
            1,
        ),
        (
            403,
            "User: u is not authorized to perform: ecr:BatchImportUpstreamImage",
            CheckResult::Unknown,
            "the AWS credentials may not import it; allow ecr:BatchImportUpstreamImage, and ecr:CreateRepository for a repository that does not exist yet (HTTP 403: User: u is not authorized to perform: ecr:BatchImportUpstreamImage)",
            1,
        ),
        (
            403,
            "pull access denied",
            CheckResult::Unknown,
            "the pull was refused (HTTP 403: pull access denied); check the credentials that the pull-through cache rule has for the upstream registry",
            1,
        ),
        (
            429,
            "toomanyrequests",
            CheckResult::Unknown,
            "there were too many requests for Amazon ECR or the upstream registry (HTTP 429: toomanyrequests); try again later",
            4,
        ),
        (
            502,
            "bad gateway",
            CheckResult::Unknown,
            "the registry failed (HTTP 502: bad gateway); check the network and the proxy, and try again",
            4,
        ),
    ] {
        let world = World::new(&catalogue(HUB, &nginx(&refused(status, message))));
        let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], None).await;
        assert_eq!(only(&report).result, result, "{status} {report:?}");
        let image = format!("{HOST}/docker-hub/library/nginx:1.29");
        assert_eq!(report.notices, [format!("prefetch of \"{image}\": {said}")]);
        assert_eq!(world.pulls().len(), pulls, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_does_not_end_leaves_the_image_unknown_and_names_it() {
    let scan = "scan: {status: IN_PROGRESS}";
    let image = format!("{{tags: [\"1.29\"], onPull: {{}}, {scan}}}");
    let world = World::new(&catalogue(HUB, &nginx(&image)));
    let start = tokio::time::Instant::now();
    let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], None).await;
    assert_eq!((start.elapsed().as_secs() + 5) / 10, 60, "{:?}", start.elapsed());
    let object = only(&report);
    assert_eq!(object.result, CheckResult::Unknown, "{report:?}");
    assert_eq!(
        report.notices,
        [
            "prefetch: not imported and scanned in time: \"123456789012/us-east-1/docker-hub/library/nginx:1.29\"; check again later, or raise --prefetch-timeout"
        ]
    );
    // Ten minutes of waiting take few calls.
    let calls = world.calls("DescribeImageScanFindings");
    assert!((10..40).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_is_known_denies_while_another_scan_is_open() {
    let image = |tag: &str, scan: &str| {
        format!("{{tags: [\"{tag}\"], onPull: {{}}, scan: {scan}, config: {{user: \"{tag}\"}}}}")
    };
    let bad = image(
        "1",
        "{status: COMPLETE, completedAt: 1 day ago, findings: [{name: CVE-2026-1, severity: CRITICAL}]}",
    );
    let open = image("2", "{status: IN_PROGRESS}");
    let world = World::new(&catalogue(HUB, &nginx(&format!("{bad}, {open}"))));
    let report = world.check(&pod(&["nginx:1", "nginx:2"]), &[REWRITES], None).await;
    let object = only(&report);
    assert_eq!(object.result, CheckResult::Denied);
    let unknown: Vec<bool> = object.violations.iter().map(|it| it.unknown).collect();
    assert_eq!(unknown, [false, true], "{object:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_password_nothing_is_pulled_and_it_is_said_once() {
    let image = format!("{{tags: [a, b], onPull: {{}}, {DONE}}}");
    let instead = |what: &str| {
        let denied = r#"{"__type": "AccessDeniedException", "message": "no"}"#;
        (what == "GetAuthorizationToken").then(|| (400, None, denied.to_owned()))
    };
    let world = World::with(&catalogue(HUB, &nginx(&image)), Box::new(instead));
    let report = world.check(&pod(&["nginx:a", "nginx:b"]), &[REWRITES], None).await;
    assert_eq!(only(&report).result, CheckResult::Unknown);
    let [notice] = &report.notices[..] else { panic!("{:?}", report.notices) };
    assert!(
        notice.starts_with(
            "prefetch: the AWS credentials may not call ecr:GetAuthorizationToken; allow the action, or use others (AWS_PROFILE): "
        ),
        "{notice}"
    );
    assert_eq!(world.calls("GetAuthorizationToken"), 1);
    assert_eq!(world.pulls(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_is_not_created_says_nothing_about_the_image() {
    let world = World::new(&catalogue(HUB, "  - {name: docker-hub/other, images: []}\n"));
    let report = world.check(&pod(&["nginx:1.29"]), &[REWRITES], None).await;
    assert_eq!(only(&report).result, CheckResult::Unknown, "{report:?}");
    assert_eq!(
        report.notices,
        [format!(
            "prefetch of \"{HOST}/docker-hub/library/nginx:1.29\": Amazon ECR did not create its repository (HTTP 404: The repository with name 'docker-hub/library/nginx' does not exist in the registry with id '123456789012'); allow ecr:CreateRepository and ecr:BatchImportUpstreamImage, and check the prefix of the pull-through cache rule"
        )]
    );
}
