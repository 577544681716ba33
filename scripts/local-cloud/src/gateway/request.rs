//! A request as API Gateway sees it, before it becomes an event.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, header, request::Parts};
use uuid::Uuid;

use super::route::Route;

/// What both events, to the authorizer and to the integration, are made from.
///
/// It holds the caller's token or key, so it does not derive `Debug`.
pub(super) struct Request {
    pub(super) arrived: SystemTime,
    /// API Gateway's extended request id: 16 characters.
    pub(super) id: String,
    /// X-Ray's, passed on to the functions.
    pub(super) trace_id: String,
    pub(super) route: Route,
    pub(super) source_ip: IpAddr,
    pub(super) protocol: String,
    /// Names in lower case, several values of one name joined by commas.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) cookies: Vec<String>,
    pub(super) query: String,
    /// Decoded; several values of one name joined by commas.
    pub(super) parameters: BTreeMap<String, String>,
}

impl Request {
    pub(super) fn new(arrived: SystemTime, source_ip: IpAddr, route: Route, parts: &Parts) -> Self {
        let trace_id = trace_id(arrived);
        let id: Vec<u8> = Uuid::new_v4().into_bytes().into_iter().take(11).collect();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let (headers, cookies) = headers(parts, source_ip, &trace_id);
        Self {
            arrived,
            id: STANDARD.encode(id),
            trace_id,
            route,
            source_ip,
            protocol: format!("{:?}", parts.version),
            headers,
            cookies,
            parameters: joined(form_urlencoded::parse(query.as_bytes()).into_owned()),
            query,
        }
    }

    /// The first header of this name, empty when there is none.
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name.as_str()).map_or("", String::as_str)
    }
}

/// An id as X-Ray makes one.
pub(super) fn trace_id(arrived: SystemTime) -> String {
    let seconds = arrived.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let trace: String = Uuid::new_v4().simple().to_string().chars().take(24).collect();
    format!("Root=1-{seconds:08x}-{trace}")
}

/// The client's headers as the event shows them, with those that API Gateway adds; cookies apart.
fn headers(
    parts: &Parts,
    source_ip: IpAddr,
    trace_id: &str,
) -> (BTreeMap<String, String>, Vec<String>) {
    // About the connection to the gateway, which ends there.
    let of_the_connection = [header::CONNECTION, header::TRANSFER_ENCODING, header::COOKIE];
    let own = parts.headers.iter().filter(|(name, _)| !of_the_connection.contains(name));
    let mut headers = joined(own.map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    }));
    headers.insert("x-amzn-trace-id".to_owned(), trace_id.to_owned());
    headers.insert("x-forwarded-for".to_owned(), source_ip.to_string());
    headers.insert("x-forwarded-port".to_owned(), "443".to_owned());
    headers.insert("x-forwarded-proto".to_owned(), "https".to_owned());
    let cookies =
        parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies = cookies.flat_map(|value| value.split("; ")).map(ToOwned::to_owned).collect();
    (headers, cookies)
}

fn joined(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for (name, value) in pairs {
        map.entry(name).and_modify(|joined| *joined = format!("{joined},{value}")).or_insert(value);
    }
    map
}
