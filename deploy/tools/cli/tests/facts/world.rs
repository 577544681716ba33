//! A catalogue as Amazon ECR, asked by the admission function's adapter, with and without a recorder between.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_ecr::{Client, Config};
use ecr_admission::ecr::EcrInspector;
use ecr_admission::inspect::{Budget, gather};
use ecr_admission_catalogue::Catalogue;
use ecr_admission_cli::check::facts_file::FactsFile;
use ecr_admission_cli::check::record::Recorder;
use ecr_admission_lambda::{Level, Log};
use ecr_admission_policy::facts::index::Index;
use ecr_admission_policy::facts::{Content, SeverityLimit};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::{self, AccountId};
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, Inspection};
use tokio::time::Instant;
use yaml_serde::Value;

pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) type Inspections = BTreeMap<EcrImage, Inspection>;

pub(crate) fn own() -> AccountId {
    "123456789012".parse().unwrap()
}

pub(crate) fn regions() -> BTreeSet<names::Region> {
    ["us-east-1", "eu-west-1"].map(|region| region.parse().unwrap()).into()
}

pub(crate) fn facts(yaml: &str) -> FactsFile {
    let catalogue = Catalogue::parse(Path::new("facts.yaml"), yaml).unwrap();
    FactsFile::new(&catalogue, DAY, SystemTime::now())
}

/// What the policies of the tests ask for: little, and everything.
pub(crate) fn needs() -> [Needs; 2] {
    let severity_limit: SeverityLimit = "MEDIUM".parse().unwrap();
    let little = Needs {
        severity_limit,
        all_findings: false,
        config: false,
        foreign_layers: false,
        signing: false,
    };
    [
        little,
        Needs { all_findings: true, config: true, foreign_layers: true, signing: true, ..little },
    ]
}

pub(crate) async fn inspect(
    inspector: &EcrInspector,
    images: &BTreeSet<EcrImage>,
    needs: &Needs,
) -> Inspections {
    let budget = Budget::new(Instant::now() + Duration::from_mins(1));
    gather(inspector, &own(), images, needs, &budget).await
}

/// An inspector whose requests are signed, as a recorder needs them, over `facts`.
pub(crate) fn recorded_by(recorder: &Recorder, facts: &FactsFile) -> EcrInspector {
    let client = |region: &names::Region| {
        let http = recorder.over(SharedHttpClient::new(facts.http(region, &own())));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_string()))
            .credentials_provider(Credentials::new("AKIA", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(http);
        Client::from_conf(config.build())
    };
    let clients = regions().into_iter().map(|region| (region.clone(), client(&region))).collect();
    EcrInspector::with_clients(clients, Log::new(Level::Error))
}

pub(crate) fn recorder() -> Recorder {
    Recorder::new(&own(), &"us-east-1".parse().unwrap())
}

/// The text of a recording.
pub(crate) fn text(recorder: &Recorder) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("facts.yaml");
    recorder.write(&file, SystemTime::now()).unwrap();
    std::fs::read_to_string(file).unwrap()
}

/// What is found about these images, and the recording of it.
pub(crate) async fn record(
    facts: &FactsFile,
    images: &BTreeSet<EcrImage>,
    needs: &Needs,
) -> (Inspections, String) {
    let recorder = recorder();
    let found = inspect(&recorded_by(&recorder, facts), images, needs).await;
    (found, text(&recorder))
}

pub(crate) fn image(account: &str, region: &str, repository: &str, id: &str) -> EcrImage {
    let id = match id.parse() {
        Ok(digest) => ImageId::Digest(digest),
        Err(_) => ImageId::Tag(id.parse().unwrap()),
    };
    EcrImage {
        account: account.parse().unwrap(),
        region: region.parse().unwrap(),
        repository: repository.parse().unwrap(),
        id,
    }
}

/// Every tag of a catalogue, every digest behind one, in each repository a tag that does not exist, and a repository
/// that does not.
pub(crate) async fn images(yaml: &str, inspector: &EcrInspector) -> BTreeSet<EcrImage> {
    let catalogue: Value = yaml_serde::from_str(yaml).unwrap();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let list = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_sequence).cloned().unwrap_or_default()
    };
    let mut images = BTreeSet::new();
    for registry in list(&catalogue, "registries") {
        let (account, region) = (text(&registry, "account"), text(&registry, "region"));
        images.insert(image(&account, &region, "no/such-repository", "1"));
        for repository in list(&registry, "repositories") {
            let name = text(&repository, "name");
            images.insert(image(&account, &region, &name, "no-such-tag"));
            for held in list(&repository, "images") {
                for tag in list(&held, "tags") {
                    images.insert(image(&account, &region, &name, tag.as_str().unwrap()));
                }
            }
        }
    }
    for (of, inspection) in inspect(inspector, &images, &needs()[0]).await {
        let Inspection::Inspected(facts) = inspection else { continue };
        let mut digests = vec![facts.digest.clone()];
        if let Content::Index(Index::Children(children)) = &facts.content {
            digests.extend(children.iter().map(|child| child.digest.clone()));
        }
        let by_digest = |digest| EcrImage { id: ImageId::Digest(digest), ..of.clone() };
        images.extend(digests.into_iter().map(by_digest));
    }
    images
}
