//! `--facts FILE`: the adapter of the admission function, over a catalogue instead of Amazon ECR.
//!
//! Its calls are answered in this process: nothing is sent, and no credentials are needed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_ecr::config::http::{HttpRequest, HttpResponse};
use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::config::{BehaviorVersion, Region, RuntimeComponents};
use aws_sdk_ecr::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use ecr_admission::ecr::{EcrInspector, OUTDATED};
use ecr_admission_catalogue::{BLOBS, Caller, Catalogue, CatalogueError, Registries};
use ecr_admission_lambda::{Level, Log};
use ecr_admission_policy::names::{self, AccountId};
use serde_json::json;

use super::ecr_call::operation;

/// The host of blob addresses. It is one that never exists.
const HOST: &str = "facts.invalid";

/// A catalogue, written by hand or recorded.
#[derive(Debug)]
pub struct FactsFile {
    registries: Arc<Registries>,
    recorded_by: Option<AccountId>,
    is_outdated: bool,
}

impl FactsFile {
    /// Reads the file. One that was recorded longer than `max_age` before `now` has no facts.
    pub fn read(path: &Path, max_age: Duration, now: SystemTime) -> Result<Self, CatalogueError> {
        Ok(Self::new(&Catalogue::read(path)?, max_age, now))
    }

    /// The same for a catalogue that was read.
    pub fn new(catalogue: &Catalogue, max_age: Duration, now: SystemTime) -> Self {
        let recorded = catalogue.recorded();
        // A clock that runs ahead of this one does no harm.
        let age = recorded.map(|recorded| now.duration_since(recorded.at).unwrap_or_default());
        Self {
            registries: Arc::new(Registries::new(catalogue)),
            recorded_by: recorded.and_then(|recorded| recorded.account.parse().ok()),
            is_outdated: age.is_some_and(|age| age > max_age),
        }
    }

    /// The account whose credentials it was recorded with; `None` where it was written by hand.
    pub fn recorded_by(&self) -> Option<&AccountId> {
        self.recorded_by.as_ref()
    }

    /// The adapter over it, for the registries of these Regions, as a caller of the account `own` sees them.
    pub fn inspector(&self, regions: &BTreeSet<names::Region>, own: &AccountId) -> EcrInspector {
        let client = |region: &names::Region| {
            let config = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region.to_string()))
                .allow_no_auth()
                .retry_config(RetryConfig::disabled())
                .http_client(self.http(region, own));
            Client::from_conf(config.build())
        };
        let clients = regions.iter().map(|region| (region.clone(), client(region))).collect();
        EcrInspector::with_clients(clients, Log::new(Level::Error)).asking_as(self.caller(own))
    }

    /// Whose credentials it is asked with: those that it was recorded with saw what they may see.
    fn caller(&self, own: &AccountId) -> AccountId {
        self.recorded_by.as_ref().unwrap_or(own).clone()
    }

    /// Amazon ECR in one Region, as a caller of the account `own` sees it.
    pub fn http(&self, region: &names::Region, own: &AccountId) -> impl HttpClient + 'static {
        InProcess {
            registries: Arc::clone(&self.registries),
            account: self.caller(own),
            region: region.clone(),
            is_outdated: self.is_outdated,
        }
    }
}

/// Amazon ECR in a Region, and the host of its blobs.
#[derive(Clone, Debug)]
struct InProcess {
    registries: Arc<Registries>,
    account: AccountId,
    region: names::Region,
    is_outdated: bool,
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = match operation(&request) {
            Some(operation) => self.answer(operation, &request),
            None => self.blob(request.uri()),
        };
        let status = StatusCode::try_from(status);
        let answer = status.map(|status| HttpResponse::new(status, body));
        HttpConnectorFuture::ready(answer.map_err(|error| ConnectorError::user(error.into())))
    }
}

const OK: u16 = 200;
const BAD_REQUEST: u16 = 400;
const NOT_FOUND: u16 = 404;

impl InProcess {
    fn answer(&self, operation: &str, request: &HttpRequest) -> (u16, SdkBody) {
        let error = |code: &str, message: &str| {
            (BAD_REQUEST, json!({"__type": code, "message": message}).to_string().into())
        };
        if self.is_outdated {
            return error(OUTDATED, "the facts were recorded too long ago");
        }
        let caller =
            Caller { account: self.account.as_str(), region: self.region.as_str(), host: HOST };
        let body = request.body().bytes().unwrap_or_default();
        match ecr_admission_catalogue::answer(&self.registries, caller, operation, body) {
            Some(Ok(answer)) => (OK, answer.to_string().into()),
            Some(Err(refused)) => error(refused.code, &refused.message),
            None => error("UnknownOperationException", operation),
        }
    }

    fn blob(&self, url: &str) -> (u16, SdkBody) {
        let digest = url.split_once(BLOBS).map_or("", |(_, digest)| digest);
        match self.registries.blob(digest) {
            Some(content) => (OK, SdkBody::from(content.to_vec())),
            None => (NOT_FOUND, SdkBody::empty()),
        }
    }
}
