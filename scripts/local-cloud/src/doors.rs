//! Where the stack listens: the HTTP API, and the private or the regional REST API beside it or in its place.

use std::collections::BTreeMap;

use tokio::net::TcpListener;

use crate::cli::{ADDRESS, Options};
use crate::cloud::StartError;
use crate::gateway::rest::{Reach, STAGE};

/// The base URL of every door by its name, `http`, `regional` or the id of a VPC endpoint: a file of `--dir`.
pub const URLS_FILE: &str = "urls.json";
/// The name of the HTTP API.
pub const HTTP: &str = "http";
/// The name of a regional REST API.
pub const REGIONAL: &str = "regional";

/// A port that is open.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    /// `https://127.0.0.1:PORT`.
    pub(crate) url: String,
}

impl Listening {
    /// Listens on this port, or on a free one for 0.
    pub(crate) async fn on(port: u16, option: &'static str) -> Result<Self, StartError> {
        let bound = async {
            let listener = TcpListener::bind((ADDRESS, port)).await?;
            let url = format!("https://{ADDRESS}:{}", listener.local_addr()?.port());
            Ok(Self { listener, url })
        };
        bound.await.map_err(|source| StartError::Listen { port, option, source })
    }
}

/// A door of the REST API.
#[derive(Debug)]
pub(crate) struct RestDoor {
    /// What comes in here came through this VPC endpoint.
    pub(crate) endpoint: Option<String>,
    pub(crate) listening: Listening,
}

impl RestDoor {
    fn name(&self) -> &str {
        self.endpoint.as_deref().unwrap_or(REGIONAL)
    }
}

/// All doors of a stack. There is one at least.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) http: Option<Listening>,
    pub(crate) rest: Vec<RestDoor>,
    /// Who reaches the REST API, if there is one.
    pub(crate) reach: Option<Reach>,
}

impl Doors {
    /// Opens what the options ask for.
    pub(crate) async fn open(options: &Options) -> Result<Self, StartError> {
        let http = if options.public_endpoint {
            Some(Listening::on(options.port, "port").await?)
        } else {
            None
        };
        let endpoints: Vec<Option<String>> = if options.private {
            let all = options.vpc_endpoint_ids.iter().chain(&options.other_endpoint_ids);
            all.cloned().map(Some).collect()
        } else {
            options.regional.then_some(None).into_iter().collect()
        };
        let reach = if options.private {
            Some(Reach::Private(options.vpc_endpoint_ids.iter().cloned().collect()))
        } else {
            options.regional.then_some(Reach::Regional)
        };
        let mut rest = vec![];
        // One after another, so that a port follows from the place in the list.
        for (place, endpoint) in (0_u16..).zip(endpoints) {
            let port = match options.rest_port {
                0 => 0,
                first => first.saturating_add(place),
            };
            let listening = Listening::on(port, "rest-port").await?;
            rest.push(RestDoor { endpoint, listening });
        }
        let doors = Self { http, rest, reach };
        if doors.http.is_none() && doors.rest.is_empty() {
            Err(StartError::NoDoor)
        } else {
            Ok(doors)
        }
    }

    /// The base URL of each door: what a route is appended to.
    pub(crate) fn urls(&self) -> BTreeMap<String, String> {
        let http = self.http.iter().map(|http| (HTTP.to_owned(), http.url.clone()));
        let rest = self
            .rest
            .iter()
            .map(|door| (door.name().to_owned(), format!("{}/{STAGE}", door.listening.url)));
        http.chain(rest).collect()
    }

    /// The URL of the door that the stack is known by, and its base URL.
    pub(crate) fn first(&self) -> (String, String) {
        match (&self.http, self.rest.first()) {
            (None, Some(door)) => {
                let url = &door.listening.url;
                (url.clone(), format!("{url}/{STAGE}"))
            }
            (http, _) => {
                let url = http.as_ref().map(|http| http.url.clone()).unwrap_or_default();
                (url.clone(), url)
            }
        }
    }
}
