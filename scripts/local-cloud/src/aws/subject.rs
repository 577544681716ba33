//! What a call is about, read from its body whatever its operation: for the journal and for the
//! wording of a denied access.

use ecr_admission_catalogue::arn;
use serde::Deserialize;
use serde_json::Value;

use super::asked::{Api, Asked};
use super::registry::Registry;

/// What a call is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Subject {
    api: Option<Api>,
    /// The registry it names, where it names one.
    account: Option<String>,
    /// Repositories, a secret, a metrics namespace, a blob or a path.
    names: Vec<String>,
    /// `:tag` and `@digest` of images, of the first name.
    images: Vec<String>,
    /// The staging label of a secret, unless it is `AWSCURRENT`.
    stage: Option<String>,
}

/// All of a `PutMetricData` that counts here. Its timestamps have CBOR tags, so that it does not
/// fit into a JSON value.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    namespace: Option<String>,
}

impl Subject {
    /// Reads what can be read; a body that cannot be read is about nothing.
    pub(crate) fn read(asked: &Asked, body: &[u8]) -> Subject {
        let json = || serde_json::from_slice(body).unwrap_or_default();
        match asked {
            Asked::Operation { api: Api::Ecr | Api::Registry, .. } => Subject::of_ecr(&json()),
            Asked::Operation { api: Api::SecretsManager, .. } => Subject::of_secret(&json()),
            Asked::Operation { api: Api::CloudWatch, .. } => {
                let named = ciborium::from_reader::<Named, _>(body).ok();
                Subject::named(Api::CloudWatch, named.and_then(|it| it.namespace))
            }
            Asked::Blob(digest) => Subject { names: vec![digest.clone()], ..Subject::default() },
            Asked::Manifest { host, repository, reference } => Subject {
                api: Some(Api::Registry),
                account: Registry::of(host).map(|registry| registry.account.to_owned()),
                names: vec![repository.clone()],
                images: vec![if reference.contains(':') {
                    format!("@{reference}")
                } else {
                    format!(":{reference}")
                }],
                stage: None,
            },
            Asked::Nothing => Subject::default(),
        }
    }

    fn named(api: Api, name: Option<String>) -> Subject {
        Subject { api: Some(api), names: name.into_iter().collect(), ..Subject::default() }
    }

    fn of_secret(body: &Value) -> Subject {
        Subject {
            stage: text(body, "VersionStage").filter(|stage| stage != "AWSCURRENT"),
            ..Subject::named(Api::SecretsManager, text(body, "SecretId"))
        }
    }

    fn of_ecr(body: &Value) -> Subject {
        let many = |key: &str| body.get(key).and_then(Value::as_array).into_iter().flatten();
        let batch = many("repositoryNames").filter_map(Value::as_str).map(ToOwned::to_owned);
        let images = body.get("imageId").into_iter().chain(many("imageIds")).map(image);
        let layer = text(body, "layerDigest").map(|digest| format!("@{digest}"));
        Subject {
            api: Some(Api::Ecr),
            account: text(body, "registryId"),
            names: text(body, "repositoryName").into_iter().chain(batch).collect(),
            images: images.chain(layer).collect(),
            stage: None,
        }
    }

    /// `123456789012/us-east-1/payments/api:1.4`, `123456789012/us-east-1/a,b`, the name of a
    /// secret, `tokens@AWSPREVIOUS`, a metrics namespace.
    pub(crate) fn key(&self, account: &str, region: &str) -> String {
        let (names, images) = (self.names.join(","), self.images.join(","));
        match self.api {
            Some(Api::Ecr | Api::Registry) => {
                let account = self.account.as_deref().unwrap_or(account);
                format!("{account}/{region}/{names}{images}")
            }
            Some(Api::SecretsManager | Api::CloudWatch) | None => match &self.stage {
                Some(stage) => format!("{names}@{stage}"),
                None => names,
            },
        }
    }

    /// What an IAM policy would have to name; `None` for CloudWatch, whose metrics are not resources.
    pub(crate) fn resource(&self, account: &str, region: &str) -> Option<String> {
        let name = self.names.first().map_or("*", String::as_str);
        match self.api? {
            Api::Ecr | Api::Registry => {
                let account = self.account.as_deref().unwrap_or(account);
                Some(arn::repository(region, account, name))
            }
            Api::SecretsManager if name.starts_with("arn:") => Some(name.to_owned()),
            Api::SecretsManager => {
                Some(arn::arn("secretsmanager", region, account, &format!("secret:{name}")))
            }
            Api::CloudWatch => None,
        }
    }
}

fn text(body: &Value, key: &str) -> Option<String> {
    body.get(key).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn image(id: &Value) -> String {
    let tag = text(id, "imageTag").map(|tag| format!(":{tag}"));
    let digest = text(id, "imageDigest").map(|digest| format!("@{digest}"));
    [tag, digest].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::Subject;
    use crate::aws::asked::Api;
    use serde_json::json;

    #[test]
    fn a_key_names_registry_repositories_and_images() {
        for (body, key) in [
            (json!({}), "123456789012/us-east-1/"),
            (json!({"repositoryNames": ["a", "b/c"]}), "123456789012/us-east-1/a,b/c"),
            (
                json!({"registryId": "210987654321", "repositoryName": "a", "imageId": {"imageTag": "1"}}),
                "210987654321/us-east-1/a:1",
            ),
            (
                json!({"repositoryName": "a", "imageIds": [{"imageTag": "1", "imageDigest": "sha256:0"}, {"imageDigest": "sha256:1"}]}),
                "123456789012/us-east-1/a:1@sha256:0,@sha256:1",
            ),
            (
                json!({"repositoryName": "a", "layerDigest": "sha256:0"}),
                "123456789012/us-east-1/a@sha256:0",
            ),
        ] {
            assert_eq!(Subject::of_ecr(&body).key("123456789012", "us-east-1"), key);
        }
        let secret = Subject::of_secret(&json!({"SecretId": "token"}));
        assert_eq!(secret.key("123456789012", "us-east-1"), "token");
        for (stage, key) in [("AWSCURRENT", "token"), ("AWSPREVIOUS", "token@AWSPREVIOUS")] {
            let secret = json!({"SecretId": "token", "VersionStage": stage});
            assert_eq!(Subject::of_secret(&secret).key("123456789012", "us-east-1"), key);
        }
    }

    #[test]
    fn a_resource_is_what_a_policy_would_name() {
        let resource = |subject: Subject| subject.resource("123456789012", "us-east-1");
        let body = json!({"registryId": "210987654321", "repositoryName": "a"});
        assert_eq!(
            resource(Subject::of_ecr(&body)).unwrap(),
            "arn:aws:ecr:us-east-1:210987654321:repository/a"
        );
        assert_eq!(
            resource(Subject::of_secret(&json!({"SecretId": "token"}))).unwrap(),
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:token"
        );
        assert_eq!(resource(Subject::of_secret(&json!({"SecretId": "arn:x"}))).unwrap(), "arn:x");
        assert_eq!(resource(Subject::named(Api::CloudWatch, Some("n".to_owned()))), None);
    }
}
