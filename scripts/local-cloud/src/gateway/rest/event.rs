//! The events of payload format 1.0 (API Gateway developer guide, "Input to an API Gateway Lambda authorizer" and
//! "Lambda proxy integrations in API Gateway"). What a private API adds is in `requestContext.identity`: `vpceId` and
//! `vpcId`.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::header;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::STAGE;
use super::authorizer::Known;
use super::call::{Call, Many, VPC};
use super::route::resource;
use crate::gateway::event::{Stage, clock, json};

const API_ID: &str = "localrest";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    /// Of the authorizer's event only.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method_arn: Option<&'a str>,
    resource: &'static str,
    path: &'a str,
    http_method: &'static str,
    headers: BTreeMap<&'a str, &'a str>,
    multi_value_headers: &'a Many,
    /// Empty maps are null in the integration's event.
    query_string_parameters: Option<BTreeMap<&'a str, &'a str>>,
    multi_value_query_string_parameters: Option<&'a Many>,
    path_parameters: Option<BTreeMap<&'static str, &'a str>>,
    stage_variables: Option<Map<String, Value>>,
    request_context: Value,
    #[serde(flatten)]
    body: Option<Body>,
}

/// Of the integration's event only.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    body: Option<String>,
    is_base64_encoded: bool,
}

impl Stage {
    /// The ARN of the method that is called, with the path as it was sent. A secret where there is a key.
    pub(super) fn method_arn(&self, call: &Call) -> String {
        let Self { account, region } = self;
        format!("arn:aws:execute-api:{region}:{account}:{API_ID}/{STAGE}/POST{}", call.path)
    }

    /// The event of a REQUEST authorizer.
    pub(super) fn rest_authorizer_event(&self, call: &Call, method_arn: &str) -> Bytes {
        json(&Event {
            kind: Some("REQUEST"),
            method_arn: Some(method_arn),
            query_string_parameters: Some(last(&call.parameters)),
            multi_value_query_string_parameters: Some(&call.parameters),
            path_parameters: Some(path_parameters(call)),
            stage_variables: Some(Map::new()),
            ..self.event(call, None)
        })
    }

    /// The event of the Lambda integration, with what the authorizer said. Without binary media types every body is
    /// text.
    pub(super) fn rest_integration_event(&self, call: &Call, known: &Known, body: &Bytes) -> Bytes {
        let text = (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned());
        json(&Event {
            body: Some(Body { body: text, is_base64_encoded: false }),
            ..self.event(call, Some(known))
        })
    }

    fn event<'a>(&self, call: &'a Call, known: Option<&Known>) -> Event<'a> {
        let some = !call.parameters.is_empty();
        Event {
            kind: None,
            method_arn: None,
            resource: resource(&call.route),
            path: &call.path,
            http_method: "POST",
            headers: last(&call.headers),
            multi_value_headers: &call.headers,
            query_string_parameters: some.then(|| last(&call.parameters)),
            multi_value_query_string_parameters: some.then_some(&call.parameters),
            path_parameters: Some(path_parameters(call))
                .filter(|parameters| !parameters.is_empty()),
            stage_variables: None,
            request_context: self.request_context(call, known),
            body: None,
        }
    }

    fn request_context(&self, call: &Call, known: Option<&Known>) -> Value {
        let prefix =
            call.endpoint.as_ref().map_or(API_ID.to_owned(), |id| format!("{API_ID}-{id}"));
        let arrived = call.arrived.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut identity = json!({
            "cognitoIdentityPoolId": null,
            "cognitoIdentityId": null,
            "principalOrgId": null,
            "cognitoAuthenticationType": null,
            "userArn": null,
            "userAgent": call.header(&header::USER_AGENT),
            "accountId": null,
            "caller": null,
            "sourceIp": call.source_ip.to_string(),
            "accessKey": null,
            "cognitoAuthenticationProvider": null,
            "user": null,
        });
        let mut context = json!({
            "resourceId": "a1b2c3",
            "resourcePath": resource(&call.route),
            "httpMethod": "POST",
            "extendedRequestId": call.extended_id,
            "requestTime": clock(call.arrived),
            "path": format!("/{STAGE}{}", call.path),
            "accountId": self.account,
            "protocol": call.protocol,
            "stage": STAGE,
            "domainPrefix": prefix,
            "requestTimeEpoch": u64::try_from(arrived.as_millis()).unwrap_or(u64::MAX),
            "requestId": call.id,
            "domainName": format!("{prefix}.execute-api.{}.amazonaws.com", self.region),
            "apiId": API_ID,
        });
        if let (Some(identity), Some(endpoint)) = (identity.as_object_mut(), &call.endpoint) {
            identity.insert("vpceId".to_owned(), json!(endpoint));
            identity.insert("vpcId".to_owned(), json!(VPC));
        }
        if let Some(context) = context.as_object_mut() {
            context.insert("identity".to_owned(), identity);
            context.extend(known.map(|known| ("authorizer".to_owned(), known.as_event_has_it())));
        }
        context
    }
}

/// The last value of each name.
fn last(many: &Many) -> BTreeMap<&str, &str> {
    many.iter()
        .filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str())))
        .collect()
}

fn path_parameters(call: &Call) -> BTreeMap<&'static str, &str> {
    call.route.key().map(|key| ("key", key)).into_iter().collect()
}
