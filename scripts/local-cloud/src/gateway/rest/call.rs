//! A call as a REST API sees it, before it becomes an event.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderName, header};
use uuid::Uuid;

use super::route::Called;
use crate::gateway::request::trace_id;
use crate::gateway::route::Route;

/// All values of each name.
pub(super) type Many = BTreeMap<String, Vec<String>>;

/// What both events are made from. It holds the caller's token or key, so it does not derive `Debug`.
pub(super) struct Call {
    pub(super) arrived: SystemTime,
    pub(super) id: String,
    pub(super) extended_id: String,
    /// X-Ray's, passed on to the functions.
    pub(super) trace_id: String,
    pub(super) route: Route,
    /// The path behind the stage, as it was sent.
    pub(super) path: String,
    /// The VPC endpoint that it came through.
    pub(super) endpoint: Option<String>,
    pub(super) source_ip: IpAddr,
    pub(super) protocol: String,
    /// Names as a client of HTTP/1.1 writes them, such as `User-Agent`.
    pub(super) headers: Many,
    /// Decoded.
    pub(super) parameters: Many,
}

impl Call {
    pub(super) fn new(
        arrived: SystemTime,
        source_ip: IpAddr,
        endpoint: Option<String>,
        called: Called,
        parts: &Parts,
    ) -> Self {
        let Called { route, path } = called;
        let extended_id: Vec<u8> = Uuid::new_v4().into_bytes().into_iter().take(11).collect();
        let trace_id = trace_id(arrived);
        let query = parts.uri.query().unwrap_or_default();
        let headers = headers(parts, source_ip, endpoint.as_deref(), &trace_id);
        Self {
            arrived,
            id: Uuid::new_v4().to_string(),
            extended_id: STANDARD.encode(extended_id),
            trace_id,
            route,
            path,
            endpoint,
            source_ip,
            protocol: format!("{:?}", parts.version),
            headers,
            parameters: gathered(form_urlencoded::parse(query.as_bytes()).into_owned()),
        }
    }

    /// The last header of this name, as `headers` of the events has it; empty when there is none.
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(&written(name)).and_then(|values| values.last()).map_or("", String::as_str)
    }
}

/// The client's headers as the event shows them, with those that API Gateway adds. What a client says in their names
/// is replaced.
fn headers(parts: &Parts, source_ip: IpAddr, endpoint: Option<&str>, trace_id: &str) -> Many {
    // About the connection to the gateway, which ends there.
    let of_the_connection = [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH];
    let own = parts.headers.iter().filter(|(name, _)| !of_the_connection.contains(name));
    let mut headers = gathered(own.map(|(name, value)| {
        (written(name), String::from_utf8_lossy(value.as_bytes()).into_owned())
    }));
    headers.retain(|name, _| !name.to_ascii_lowercase().starts_with("x-amzn-"));
    let mut add = |name: &str, value: &str| {
        headers.insert(name.to_owned(), vec![value.to_owned()]);
    };
    add("X-Forwarded-For", &source_ip.to_string());
    if let Some(endpoint) = endpoint {
        add("x-amzn-vpc-id", VPC);
        add("x-amzn-vpce-config", "1");
        add("x-amzn-vpce-id", endpoint);
    } else {
        add("X-Amzn-Trace-Id", trace_id);
        add("X-Forwarded-Port", "443");
        add("X-Forwarded-Proto", "https");
    }
    headers
}

/// The VPC of every endpoint.
pub(super) const VPC: &str = "vpc-0a1b2c3d4e5f60718";

/// `user-agent` as `User-Agent`.
fn written(name: &HeaderName) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    };
    name.as_str().split('-').map(word).collect::<Vec<String>>().join("-")
}

fn gathered(pairs: impl Iterator<Item = (String, String)>) -> Many {
    let mut many = Many::new();
    for (name, value) in pairs {
        many.entry(name).or_default().push(value);
    }
    many
}
