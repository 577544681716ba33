//! `clusters`: the cluster is the one whose token, key or VPC endpoint the caller has, whatever its review says.

use http::Method;
use local_cloud::door::Door;
use serde_json::{Value, json};

use end_to_end::outcome::{ADMITTED, MUTABLE, audited, denied, outcome, pod, warned};
use end_to_end::policed::{Keep, Policed, lines};
use end_to_end::support::{VALIDATE, response};
use end_to_end::token_secret::TokenSecret;

const EAST: &str = "0123456789abcdef0123456789abcdef";
const WEST: &str = "a-west-token-a-west-token-a-west-token";
const BLUE: &str = "vpce-0123456789abcdef0";
const GREEN: &str = "vpce-0fedcba9876543210";

/// A document by which `east` and `blue` are warned, and everybody else is denied.
const WARNED: &str = "namespaces: [{names: [shop], clusters: [east, 'bl*'], mode: warn}]";

/// Documents by which a cluster is treated otherwise than the rest, with the outcome there.
fn documents() -> [(&'static str, String); 2] {
    let exempt =
        MUTABLE.replace(" [tag", "; exempt: owner \"o\", until 2126-05-01, reason \"r\" [tag");
    [
        (WARNED, warned("open:1", MUTABLE)),
        (
            "exemptions: [{rules: [tag-immutability], clusters: [east, blue], reason: r, owner: o, expires: 2126-05-01}]",
            audited("open:1", &exempt),
        ),
    ]
}

/// A review whose author claims to be in the other cluster.
fn review() -> Value {
    let mut review = pod("open:1");
    review["request"]["userInfo"]["extra"] = json!({"cluster": ["east", "blue"]});
    review["request"]["object"]["metadata"]["labels"] = json!({"cluster": "east"});
    review["request"]["object"]["metadata"]["annotations"] = json!({"cluster": "blue"});
    review
}

#[tokio::test]
async fn a_cluster_is_known_by_its_token_or_its_key() {
    for door in Door::ALL {
        let args = [door.args(), &["--authorizer-cache-seconds", "0"]].concat();
        let policed = Policed::start("", Keep::Never, &args).await;
        let stack = &policed.stack;
        TokenSecret::of(stack).await.put(&json!({"east": EAST, "west": WEST})).await;
        let from = async |token: &str| {
            let credential = door.credential(token);
            let caller = (door, credential.as_str());
            let body = review().to_string();
            let reply = stack.post_as(stack.client(), caller, VALIDATE, body).await.unwrap();
            response(&reply)
        };
        for (document, expected) in documents() {
            policed.write(document);
            // One sandbox, and each cluster after the other.
            for (token, expected) in
                [(EAST, &expected), (WEST, &denied("open:1", MUTABLE)), (EAST, &expected)]
            {
                assert_eq!(outcome(&from(token).await), *expected, "{door:?} {document} {token}");
            }
        }
        for (token, cluster) in [(EAST, "east"), (WEST, "west")] {
            let answer = from(token).await;
            let policy = answer["auditAnnotations"]["policy"].as_str().unwrap();
            assert!(policy.contains(&format!("; cluster \"{cluster}\"; document ")), "{policy}");
        }
        policed.stop().await;
    }
}

#[tokio::test]
async fn a_cluster_is_known_by_its_vpc_endpoint() {
    let endpoints = [BLUE, GREEN].join(",");
    let args = [
        "--private",
        "--url-keys",
        "--vpc-endpoint-ids",
        &endpoints,
        "--vpc-endpoint-clusters",
        "blue,green",
    ];
    let policed = Policed::start("", Keep::Never, &args).await;
    let through = async |endpoint: &str| {
        let client = policed.stack.client().at(policed.stack.url_of_endpoint(endpoint).unwrap());
        let json = ("content-type", "application/json");
        // A header that names another endpoint says nothing.
        let named = ("x-amzn-vpce-id", BLUE);
        let body = review().to_string();
        let reply = client.send(Method::POST, VALIDATE, &[json, named], body).await.unwrap();
        outcome(&response(&reply))
    };
    for (document, expected) in documents() {
        policed.write(document);
        assert_eq!(through(BLUE).await, expected, "{document}");
        assert_eq!(through(GREEN).await, denied("open:1", MUTABLE), "{document}");
    }
    policed.stop().await;
}

#[tokio::test]
async fn a_vulnerability_is_accepted_and_break_glass_honored_in_the_listed_clusters_alone() {
    let policed = Policed::open().await;
    let accepted = |cluster: &str| {
        format!(
            "rules: {{scan-findings: {{accepted: [{{cve: CVE-2026-3001, clusters: [{cluster}], reason: r, owner: o, expires: 2126-05-01}}]}}}}"
        )
    };
    let glass = |cluster: &str| format!("breakGlass: {{groups: [oncall], clusters: [{cluster}]}}");
    // The stack's token is that of the cluster `local`.
    let vulnerable = pod("payments/api:1");
    assert_eq!(policed.under(&accepted("'lo*'"), &vulnerable).await, ADMITTED);
    let answer = policed.under(&accepted("east"), &vulnerable).await;
    assert!(answer.starts_with("denied: ") && answer.ends_with("[scan-findings]"), "{answer}");

    let mut review = pod("open:1");
    review["request"]["userInfo"]["groups"] = json!(["oncall"]);
    review["request"]["object"]["metadata"]["annotations"] =
        json!({"ecr-admission/break-glass": "incident 4711"});
    let answer = policed.under(&glass("local"), &review).await;
    assert!(answer.starts_with("warned: admitted by break-glass "), "{answer}");
    let answer = policed.under(&glass("east"), &review).await;
    assert_eq!(
        answer,
        format!(
            "{}\nwarned: annotation ecr-admission/break-glass is ignored: the policy allows nobody to use break-glass in this cluster",
            denied("open:1", MUTABLE)
        )
    );
    let log = policed.stop().await.log;
    assert_eq!(lines(&log, "break_glass").len(), 1);
}
