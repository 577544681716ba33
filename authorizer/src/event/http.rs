//! The event of an HTTP API, payload format 2.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::net::IpAddr;

use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;

use super::answer::Form;
use super::{BadEvent, Door, NoCredential, Request, bearer};
use crate::sources::address;
use crate::tokens::{Credential, Token};
use crate::url_key::UrlKey;
use crate::via::Via;

pub(super) fn decode(event: &str, via: Via) -> Result<Request, BadEvent> {
    let Ok(event) = serde_json::from_str::<ApiGatewayV2CustomAuthorizerV2Request>(event) else {
        return Err(BadEvent);
    };
    let source_ip = event.request_context.http.source_ip.as_deref().and_then(address);
    let (credential, checked_source) = match via {
        Via::Header => (header(&event), source_beside_header(&event)),
        Via::Url => (url_key(&event), source_ip),
    };
    Ok(Request {
        door: Door::Http,
        route: event.route_key.as_deref().and_then(Via::of_route),
        credential,
        checked_source,
        source_ip,
        request_id: event.request_context.request_id,
        form: Form::Simple,
    })
}

/// The bearer token, if there is exactly one.
fn header(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Result<Credential, NoCredential> {
    let token = match event.identity_source.as_deref() {
        Some(sources @ [_, ..]) => only(sources.iter().filter_map(|source| bearer(source))),
        // Without an identity source API Gateway caches nothing. With one it caches our answer
        // under its value, so that no other header may have brought the token.
        _ => event.headers.get("authorization").and_then(|value| bearer(value.to_str().ok()?)),
    };
    token.map(Credential::Token).ok_or(NoCredential::Token)
}

/// The second identity source: `$context.identity.sourceIp`, after the header.
fn source_beside_header(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Option<IpAddr> {
    match event.identity_source.as_deref() {
        Some([_, source]) => address(source),
        _ => None,
    }
}

/// The key in the path.
fn url_key(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Result<Credential, NoCredential> {
    if event.identity_source.as_ref().is_some_and(|sources| !sources.is_empty()) {
        return Err(NoCredential::IdentitySource);
    }
    let key = event.path_parameters.get("key").and_then(|key| UrlKey::parse(key));
    key.map(Credential::UrlKey).ok_or(NoCredential::UrlKey)
}

/// The one token; none if there are several, which no kube-apiserver sends.
fn only(mut tokens: impl Iterator<Item = Token>) -> Option<Token> {
    let token = tokens.next()?;
    tokens.next().is_none().then_some(token)
}
