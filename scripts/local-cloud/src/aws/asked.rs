//! What a request asks for, read from its head.

use ecr_admission_catalogue::BLOBS;
use http::Method;
use http::request::Parts;

/// Where CloudWatch's operations are (rpc-v2-cbor).
const CLOUDWATCH: &str = "/service/GraniteServiceVersion20100801/operation/";

/// Where the HTTP API of a registry is.
const REGISTRY: &str = "/v2/";

/// One of the APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Ecr,
    /// The HTTP API of ECR's registries, which pulls go through.
    Registry,
    SecretsManager,
    CloudWatch,
}

impl Api {
    /// The name in a credential scope, in an ARN and in an IAM action: `monitoring` in the first
    /// and `cloudwatch` in the others, for CloudWatch.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Api::Ecr | Api::Registry => "ecr",
            Api::SecretsManager => "secretsmanager",
            Api::CloudWatch => "monitoring",
        }
    }

    /// The prefix of its IAM actions.
    pub(crate) fn action_prefix(self) -> &'static str {
        match self {
            Api::Ecr | Api::Registry | Api::SecretsManager => self.signing_name(),
            Api::CloudWatch => "cloudwatch",
        }
    }
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// An operation of an API.
    Operation { api: Api, operation: String },
    /// The blob of a digest, by plain GET.
    Blob(String),
    /// The manifest of an image, of the registry that the `Host` header names.
    Manifest { host: String, repository: String, reference: String },
    /// Nothing that is spoken here.
    Nothing,
}

impl Asked {
    pub(crate) fn of(request: &Parts) -> Asked {
        let path = request.uri.path();
        let header = |name| request.headers.get(name).and_then(|it| it.to_str().ok());
        if request.method == Method::GET {
            if let Some(digest) = path.strip_prefix(BLOBS) {
                return Asked::Blob(digest.to_owned());
            }
            let of_registry = path.strip_prefix(REGISTRY);
            let image = of_registry.and_then(|path| path.rsplit_once("/manifests/"));
            return match image {
                Some((repository, reference)) => Asked::Manifest {
                    host: header("host").unwrap_or_default().to_owned(),
                    repository: repository.to_owned(),
                    reference: reference.to_owned(),
                },
                None => Asked::Nothing,
            };
        }
        let target = header("x-amz-target").and_then(|target| target.split_once('.'));
        let (api, operation) = match target {
            Some(("AmazonEC2ContainerRegistry_V20150921", operation)) => (Api::Ecr, operation),
            Some(("secretsmanager", operation)) => (Api::SecretsManager, operation),
            Some(_) => return Asked::Nothing,
            None => match path.strip_prefix(CLOUDWATCH) {
                Some(name) if header("smithy-protocol") == Some("rpc-v2-cbor") => {
                    (Api::CloudWatch, name)
                }
                Some(_) | None => return Asked::Nothing,
            },
        };
        let operation = operation.to_owned();
        Asked::Operation { api, operation }
    }

    /// The operation's name, as faults and the journal know it.
    pub(crate) fn operation(&self) -> &str {
        match self {
            Asked::Operation { operation, .. } => operation,
            Asked::Blob(_) => "GetLayerBlob",
            Asked::Manifest { .. } => "GetManifest",
            Asked::Nothing => "",
        }
    }

    /// Whose protocol an error is written in.
    pub(crate) fn api(&self) -> Api {
        match self {
            Asked::Operation { api, .. } => *api,
            Asked::Manifest { .. } => Api::Registry,
            Asked::Blob(_) | Asked::Nothing => Api::Ecr,
        }
    }
}
