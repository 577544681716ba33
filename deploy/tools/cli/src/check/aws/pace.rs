//! How fast Amazon ECR is called. Its limits are those of the whole account: the admission functions and the nodes that
//! pull images have to live with what is left.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::config::{Builder, Region, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_types::SdkConfig;
use ecr_admission::ecr::EcrInspector;
use ecr_admission_lambda::{Level, Log};
use ecr_admission_policy::names;
use tokio::time::{Instant, sleep_until};

use super::throttling::WaitOutThrottling;

/// The most calls in flight at a time.
pub const CALLS_IN_FLIGHT: usize = 16;

/// The most calls a second, tries of the same call included.
pub const CALLS_A_SECOND: u32 = 20;

/// An inspector with a client for each Region; all of them share one pace.
pub(super) fn inspector(
    shared: &SdkConfig,
    regions: &BTreeSet<names::Region>,
    deadline: Instant,
) -> EcrInspector {
    let patience = WaitOutThrottling { deadline };
    let paced = shared.http_client().map(|http| SharedHttpClient::new(Paced::new(http)));
    let client = |region: &names::Region| {
        let mut config = Builder::from(shared).region(Region::new(region.to_string()));
        config.set_http_client(paced.clone());
        Client::from_conf(patience.added_to(config).build())
    };
    let clients = regions.iter().map(|region| (region.clone(), client(region))).collect();
    EcrInspector::with_clients(clients, Log::new(Level::Error))
}

/// An HTTP client that lets requests go one after another.
#[derive(Debug, Clone)]
struct Paced {
    inner: SharedHttpClient,
    pace: Arc<Pace>,
}

impl Paced {
    fn new(inner: SharedHttpClient) -> Self {
        Self { inner, pace: Arc::default() }
    }
}

impl HttpClient for Paced {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(PacedConnector { inner, pace: Arc::clone(&self.pace) })
    }
}

#[derive(Debug)]
struct PacedConnector {
    inner: SharedHttpConnector,
    pace: Arc<Pace>,
}

impl HttpConnector for PacedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, turn) = (self.inner.clone(), self.pace.turn());
        HttpConnectorFuture::new(async move {
            sleep_until(turn).await;
            inner.call(request).await
        })
    }
}

/// When the next request may go.
#[derive(Debug, Default)]
struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// When a request may go that wants to go now.
    fn turn(&self) -> Instant {
        const APART: Duration = Duration::from_millis(1_000 / CALLS_A_SECOND as u64);
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let turn = next.unwrap_or(now).max(now);
        *next = Some(turn + APART);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_requests_go_in_a_second_however_many_want_to() {
        let pace = Pace::default();
        let start = Instant::now();
        let turns: Vec<_> = (0..41).map(|_| (pace.turn() - start).as_millis()).collect();
        assert_eq!((turns[0], turns[1], turns[20], turns[40]), (0, 50, 1_000, 2_000));
        // A pause is not saved up for later.
        sleep_until(start + Duration::from_mins(1)).await;
        let turns: Vec<_> = (0..3).map(|_| (pace.turn() - start).as_millis()).collect();
        assert_eq!(turns, [60_000, 60_050, 60_100]);
    }
}
