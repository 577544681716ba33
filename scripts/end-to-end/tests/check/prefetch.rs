//! A chart upgrade: its images come through a pull-through cache that has never seen them.

use std::path::Path;

use end_to_end::support;
use local_cloud::stack::Stack;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::command::{Aws, run};
use crate::objects::Object;
use crate::webhooks::answer;

const REWRITES: &str = "docker.io/=123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/";
const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com:443";

/// The upstream has a clean image, an index with a critical finding in one of its platforms, and refuses a third.
const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    pullThroughCacheRules: [{prefix: docker-hub, upstream: registry-1.docker.io}]
    repositories:
      - name: docker-hub/library/nginx
        imageTagMutability: IMMUTABLE
        scanOnPush: true
        images:
          - tags: ["1.30"]
            onPull: {scanSeconds: 4}
            scan: {status: COMPLETE, completedAt: 1 hour ago, findings: []}
      - name: docker-hub/library/redis
        imageTagMutability: IMMUTABLE
        scanOnPush: true
        images:
          - tags: ["8.2"]
            onPull: {scanSeconds: 2}
            platforms:
              - {os: linux, architecture: amd64, scan: {status: COMPLETE, completedAt: 1 hour ago, findings: []}}
              - os: linux
                architecture: arm64
                scan: {status: COMPLETE, completedAt: 1 hour ago, findings: [{name: CVE-2026-1234, severity: CRITICAL}]}
      - name: docker-hub/library/memcached
        images:
          - tags: ["1.6"]
            onPull: {refused: {status: 403, code: DENIED, message: upstream credentials are wrong}}
"#;

/// What `helm template` prints.
fn chart(name: &str, image: &str) -> String {
    format!(
        "---\n# Source: shop/templates/{name}.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    spec:\n      containers:\n      - {{name: {name}, image: \"{image}\"}}\n"
    )
}

/// A proxy that knows one host: the registry, which is that of the stack.
struct Proxy {
    url: String,
    _serving: AbortOnDropHandle<()>,
}

impl Proxy {
    async fn to(aws: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(tunnel(client, aws.clone()));
            }
        });
        Self { url, _serving: AbortOnDropHandle::new(serving) }
    }
}

async fn tunnel(mut client: TcpStream, aws: String) {
    let mut request = vec![];
    while !request.ends_with(b"\r\n\r\n") {
        if client.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    }
    if !String::from_utf8_lossy(&request).starts_with(&format!("CONNECT {REGISTRY} ")) {
        client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        return;
    }
    let mut server = TcpStream::connect(aws).await.unwrap();
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    // Each side ends when it has what it wants.
    let _ended = copy_bidirectional(&mut client, &mut server).await;
}

/// Runs `check --prefetch` on a chart: the exit code, the report, and what it wrote on stderr.
async fn prefetch(aws: &Aws, proxy: &Proxy, chart: &Path) -> (i32, Value, String) {
    let mut args = vec!["--registry-ids", "123456789012", "--rewrites", REWRITES, "--prefetch"];
    args.extend(["--prefetch-timeout", "60s", chart.to_str().unwrap()]);
    let args: Vec<String> = args.into_iter().map(ToOwned::to_owned).collect();
    let through = [("HTTPS_PROXY", proxy.url.clone()), ("NO_PROXY", "127.0.0.1".to_owned())];
    let output = run(&args, &[&aws.variables[..], &through].concat()).await;
    let err = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{err}"));
    (output.status.code().unwrap(), report, err)
}

/// What the webhooks say of a Pod with this image.
async fn admitted(stack: &Stack, image: &str) -> bool {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "image": image}]},
    });
    let object = Object { file: "pod.yaml".into(), pod, path: "spec" };
    let (answer, _) = answer(stack, &object).await;
    answer["allowed"].as_bool().unwrap()
}

#[tokio::test]
async fn a_chart_is_evaluated_after_its_images_were_pulled_and_scanned() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let registry = file("registry.yaml", CATALOGUE);
    let rewrites = format!("REWRITES={REWRITES}");
    let args = ["--registry", registry.to_str().unwrap(), "--admission-env", &rewrites];
    let stack =
        support::stack(&[&args[..], &["--admission-env", "CACHE_SECONDS=0"]].concat()).await;
    assert!(!admitted(&stack, "nginx:1.30").await, "nobody has pulled it");
    let aws = Aws::of(&stack).await;
    let door = aws.variables.iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL").unwrap();
    let proxy = Proxy::to(door.1.strip_prefix("https://").unwrap().to_owned()).await;

    let clean = file("clean.yaml", &chart("web", "nginx:1.30"));
    let (code, report, err) = prefetch(&aws, &proxy, &clean).await;
    assert_eq!((code, &report["summary"]["admitted"]), (0, &json!(1)), "{report}\n{err}");
    assert!(err.contains("waiting for the scans of 1 images: "), "{err}");
    assert!(admitted(&stack, "nginx:1.30").await);

    let critical = file("critical.yaml", &chart("cache", "redis:8.2"));
    let (code, report, err) = prefetch(&aws, &proxy, &critical).await;
    assert_eq!((code, &report["summary"]["denied"]), (1, &json!(1)), "{report}\n{err}");
    let violation = &report["objects"][0]["violations"][0];
    assert_eq!(violation["rule"], "scan-findings", "{report}");
    assert!(violation["message"].as_str().unwrap().contains("CVE-2026-1234"), "{report}");
    assert!(!admitted(&stack, "redis:8.2").await);

    let refused = file("refused.yaml", &chart("cache", "memcached:1.6"));
    let (code, report, err) = prefetch(&aws, &proxy, &refused).await;
    assert_eq!((code, &report["summary"]["unknown"]), (2, &json!(1)), "{report}\n{err}");
    assert_eq!(
        report["notices"],
        json!([
            "prefetch of \"123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/library/memcached:1.6\": the pull was refused (HTTP 403: upstream credentials are wrong); check the credentials that the pull-through cache rule has for the upstream registry"
        ])
    );

    // Manifests alone: no layer was asked for.
    let calls = stack.calls().await.unwrap().join("\n");
    assert!(
        calls.contains(" GetManifest 123456789012/us-east-1/docker-hub/library/nginx:1.30 200 "),
        "{calls}"
    );
    assert!(
        !calls.contains("GetDownloadUrlForLayer") && !calls.contains("GetLayerBlob"),
        "{calls}"
    );
    stack.stop().await.unwrap();
}
