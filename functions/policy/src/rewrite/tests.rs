use super::*;
use crate::testing::policy;

const OURS: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

fn table(entries: &[(&str, &str)]) -> Result<RewriteTable, String> {
    let text: Vec<String> =
        entries.iter().map(|(source, target)| format!("{source}={target}")).collect();
    RewriteTable::parse(&text.join(", "), &policy()).map_err(|invalid| invalid.to_string())
}

#[test]
fn the_most_specific_entry_decides() {
    let hub = format!("{OURS}/hub/");
    let official = format!("{OURS}/official/");
    let nginx = format!("{OURS}/web/nginx");
    let quay = format!("{OURS}/quay/");
    let table = table(&[
        ("docker.io/", &hub),
        ("docker.io/library/", &official),
        ("docker.io/library/nginx", &nginx),
        ("docker.io/secret/", ""),
        ("docker.io/secret/public", &nginx),
        ("quay.io/", &quay),
        ("quay.io/team/private", ""),
    ])
    .unwrap();
    let digest = format!("sha256:{}", "a".repeat(64));
    for (image, expected) in [
        ("nginx", Some(format!("{nginx}:latest"))),
        ("nginx:1.29", Some(format!("{nginx}:1.29"))),
        ("docker.io/nginx", Some(format!("{nginx}:latest"))),
        ("index.docker.io/library/nginx:1", Some(format!("{nginx}:1"))),
        ("redis:8", Some(format!("{official}redis:8"))),
        ("bitnami/redis:8", Some(format!("{hub}bitnami/redis:8"))),
        (&format!("redis@{digest}"), Some(format!("{official}redis@{digest}"))),
        (&format!("redis:8@{digest}"), Some(format!("{official}redis:8@{digest}"))),
        ("docker.io/secret/app:1", None),
        ("docker.io/secret/public:1", Some(format!("{nginx}:1"))),
        ("docker.io/secretary/app:1", Some(format!("{hub}secretary/app:1"))),
        ("quay.io/team/app:1", Some(format!("{quay}team/app:1"))),
        ("quay.io/team/private:1", None),
        ("ghcr.io/team/app:1", None),
        ("quay.io.evil.example/team/app:1", None),
        (&format!("{OURS}/pay:1"), None),
        ("210987654321.dkr.ecr.us-east-1.amazonaws.com/pay:1", None),
        ("", None),
        ("ngi nx", None),
    ] {
        assert_eq!(table.rewrite(image), expected, "{image}");
    }
}

#[test]
fn what_could_not_be_admitted_is_refused_at_load() {
    let ours = format!("{OURS}/hub/");
    for (source, target, problem) in [
        ("docker.io", ours.as_str(), "names no repository"),
        ("nginx", &ours, "does not begin with a registry"),
        ("library/", &ours, "does not begin with a registry"),
        ("index.docker.io/", &ours, "write docker.io"),
        ("docker.io/a:1", OURS, "without tag and digest"),
        ("docker.io/", OURS, "must both end with /"),
        ("docker.io/library/nginx", &ours, "must both end with /"),
        ("docker.io/", "quay.io/hub/", "is not in an Amazon ECR private registry"),
        ("docker.io/", "210987654321.dkr.ecr.us-east-1.amazonaws.com/hub/", "that is not allowed"),
        ("docker.io/", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/hub/", "that is not allowed"),
        (
            "docker.io/",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/Hub/",
            "its target is not a registry",
        ),
    ] {
        let error = table(&[(source, target)]).unwrap_err();
        assert!(error.contains(problem), "{source}={target}: {error}");
    }
    assert!(
        table(&[("docker.io/", &ours), ("docker.io/", &ours)])
            .unwrap_err()
            .contains("another entry")
    );
    assert!(
        RewriteTable::parse("docker.io/", &policy())
            .unwrap_err()
            .to_string()
            .contains("SOURCE=TARGET")
    );
    assert!(RewriteTable::parse(" , ", &policy()).unwrap().is_empty());
}
