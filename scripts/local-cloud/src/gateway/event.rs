//! The events of payload format 2.0 (API Gateway developer guide, "Create Lambda integrations for
//! HTTP APIs" and "Control access to HTTP APIs with Lambda authorizers").

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body;
use super::request::Request;

const API_ID: &str = "local";
const STAGE: &str = "$default";

/// Where the API is deployed.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) account: String,
    pub(super) region: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    route_arn: String,
    /// API Gateway sends null for what is empty here.
    identity_source: Option<&'a [String]>,
    #[serde(flatten)]
    common: Common<'a>,
    path_parameters: Option<PathParameters<'a>>,
    stage_variables: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IntegrationEvent<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_parameters: Option<PathParameters<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
struct PathParameters<'a> {
    key: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Common<'a> {
    version: &'static str,
    route_key: &'static str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    cookies: &'a [String],
    headers: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: &'a BTreeMap<String, String>,
    request_context: RequestContext<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'a str,
    api_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<AuthorizerContext<'a>>,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'static str,
    stage: &'static str,
    /// Common log format.
    time: String,
    /// Milliseconds.
    time_epoch: u128,
}

#[derive(Serialize)]
struct AuthorizerContext<'a> {
    lambda: Option<&'a Map<String, Value>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'static str,
    path: &'a str,
    protocol: &'a str,
    source_ip: String,
    user_agent: &'a str,
}

impl Stage {
    /// The event of a REQUEST authorizer.
    pub(super) fn authorizer_event(&self, request: &Request, identity: &[String]) -> Bytes {
        json(&AuthorizerEvent {
            kind: "REQUEST",
            route_arn: format!(
                "arn:aws:execute-api:{}:{}:{API_ID}/{STAGE}/POST{}",
                self.region,
                self.account,
                request.route.path()
            ),
            identity_source: (!identity.is_empty()).then_some(identity),
            common: self.common(request, None),
            path_parameters: path_parameters(request),
            stage_variables: None,
        })
    }

    /// The event of the Lambda integration, with what the authorizer said.
    pub(super) fn integration_event(
        &self,
        request: &Request,
        context: Option<&Map<String, Value>>,
        payload: &Bytes,
    ) -> Bytes {
        let (body, is_base64_encoded) =
            body::encode(payload, request.header(&header::CONTENT_TYPE));
        let authorizer = AuthorizerContext { lambda: context };
        json(&IntegrationEvent {
            common: self.common(request, Some(authorizer)),
            path_parameters: path_parameters(request),
            body,
            is_base64_encoded,
        })
    }

    fn common<'a>(
        &'a self,
        request: &'a Request,
        authorizer: Option<AuthorizerContext<'a>>,
    ) -> Common<'a> {
        let route = &request.route;
        let host = request.header(&header::HOST);
        let domain_name = host.split(':').next().unwrap_or_default();
        Common {
            version: "2.0",
            route_key: route.route_key(),
            raw_path: route.path(),
            raw_query_string: &request.query,
            cookies: &request.cookies,
            headers: &request.headers,
            query_string_parameters: &request.parameters,
            request_context: RequestContext {
                account_id: &self.account,
                api_id: API_ID,
                authorizer,
                domain_name,
                domain_prefix: domain_name.split('.').next().unwrap_or_default(),
                http: Http {
                    method: "POST",
                    path: route.path(),
                    protocol: &request.protocol,
                    source_ip: request.source_ip.to_string(),
                    user_agent: request.header(&header::USER_AGENT),
                },
                request_id: &request.id,
                route_key: route.route_key(),
                stage: STAGE,
                time: clock(request.arrived),
                time_epoch: request
                    .arrived
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default()
                    .as_millis(),
            },
        }
    }
}

fn path_parameters(request: &Request) -> Option<PathParameters<'_>> {
    request.route.key().map(|key| PathParameters { key })
}

/// Common log format.
pub(super) fn clock(arrived: SystemTime) -> String {
    let arrived = Timestamp::try_from(arrived).unwrap_or(Timestamp::UNIX_EPOCH);
    arrived.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

/// Serializing these cannot fail: their keys are strings and nothing in them has a fallible form.
pub(super) fn json(event: &impl Serialize) -> Bytes {
    serde_json::to_vec(event).unwrap_or_default().into()
}
