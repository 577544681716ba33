//! The events of both kinds of API, as API Gateway makes them of a call.

use serde_json::{Map, Value, json};

use crate::NOW_MS;

/// An API of API Gateway, by the form of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// An HTTP API: payload format 2.0.
    Http,
    /// A private REST API: payload format 1.0.
    Rest,
}

impl Api {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http, Self::Rest];

    /// The event of a call on this route, such as `POST /validate`, with a token.
    pub fn event(self, route: &str, body: &[u8]) -> Value {
        let said = json!({"cluster": "blue", "token": "current", "via": "header"});
        self.call(route, None, &said, body)
    }

    /// The event of a call with this key in its path, on a route such as `POST /validate/{key}`.
    pub fn event_with_key(self, route: &str, key: &str, body: &[u8]) -> Value {
        let said = json!({"cluster": "prod", "token": "current", "via": "url"});
        self.call(route, Some(key), &said, body)
    }

    /// The body is text where it is text, else base64.
    fn call(self, route: &str, key: Option<&str>, said: &Value, body: &[u8]) -> Value {
        let (method, resource) = route.split_once(' ').unwrap();
        let path = resource.replace("{key}", key.unwrap_or_default());
        let mut event = match self {
            Self::Http => http(method, route, &path, said),
            Self::Rest => rest(method, resource, &path, said),
        };
        if let Some(key) = key {
            event["pathParameters"] = json!({"key": key});
        }
        let text = std::str::from_utf8(body).ok().map(ToOwned::to_owned);
        event["isBase64Encoded"] = json!(text.is_none());
        event["body"] = json!(text.unwrap_or_else(|| aws_smithy_types::base64::encode(body)));
        event
    }
}

fn http(method: &str, route: &str, path: &str, said: &Value) -> Value {
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "timeout=10s",
        "headers": {
            "content-type": "application/json",
            "host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "user-agent": "kube-apiserver-admission",
        },
        "queryStringParameters": {"timeout": "10s"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "authorizer": {"lambda": said},
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.10",
                "userAgent": "kube-apiserver-admission",
            },
            "requestId": "TnbxGhkGoAMEJ1w=",
            "routeKey": route,
            "stage": "$default",
            "time": "20/Nov/2026:12:00:00 +0000",
            "timeEpoch": NOW_MS,
        },
    })
}

fn rest(method: &str, resource: &str, path: &str, said: &Value) -> Value {
    let host = "f6g7h8i9j0-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com";
    let headers = [
        ("Accept", "application/json, */*"),
        ("Content-Type", "application/json"),
        ("Host", host),
        ("User-Agent", "kube-apiserver-admission"),
        ("x-amzn-vpc-id", "vpc-0a1b2c3d"),
        ("x-amzn-vpce-id", "vpce-0123456789abcdef0"),
        ("X-Forwarded-For", "10.0.1.23"),
    ];
    let (one, all): (Map<_, _>, Map<_, _>) = headers
        .into_iter()
        .map(|(name, value)| ((name.to_owned(), json!(value)), (name.to_owned(), json!([value]))))
        .unzip();
    let mut authorizer = said.clone();
    authorizer["principalId"] = json!("prod");
    authorizer["integrationLatency"] = json!(3);
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": one,
        "multiValueHeaders": all,
        "queryStringParameters": {"timeout": "10s"},
        "multiValueQueryStringParameters": {"timeout": ["10s"]},
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "resourceId": "cygui3",
            "authorizer": authorizer,
            "resourcePath": resource,
            "httpMethod": method,
            "extendedRequestId": "fPvfNGFZIAMFUtQ=",
            "requestTime": "20/Nov/2026:12:00:00 +0000",
            "path": format!("/v1{path}"),
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "v1",
            "domainPrefix": "f6g7h8i9j0-vpce-0123456789abcdef0",
            "requestTimeEpoch": NOW_MS,
            "requestId": "a1ef2b10-e929-4012-8eeb-442b71d6ad1f",
            "identity": {
                "cognitoIdentityPoolId": null,
                "cognitoIdentityId": null,
                "vpceId": "vpce-0123456789abcdef0",
                "principalOrgId": null,
                "cognitoAuthenticationType": null,
                "userArn": null,
                "userAgent": "kube-apiserver-admission",
                "accountId": null,
                "caller": null,
                "sourceIp": "10.0.1.23",
                "accessKey": null,
                "vpcId": "vpc-0a1b2c3d",
                "cognitoAuthenticationProvider": null,
                "user": null,
            },
            "domainName": host,
            "apiId": "f6g7h8i9j0",
        },
    })
}
