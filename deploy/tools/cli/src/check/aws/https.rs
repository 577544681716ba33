//! HTTPS by rustls with ring, through the proxy that the environment names, if it names one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ecr::config::RuntimeComponents;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpConnector,
};

/// The HTTP client of all AWS clients, the ones that find credentials included. Those have shorter timeouts: without
/// credentials, nobody waits long for an instance that is not there.
#[derive(Debug, Clone, Default)]
pub(super) struct Https(Arc<Mutex<Vec<(Timeouts, SharedHttpConnector)>>>);

/// For a connection, and for an answer.
type Timeouts = [Option<Duration>; 2];

impl HttpClient for Https {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = [settings.connect_timeout(), settings.read_timeout()];
        // A panic elsewhere must not take the connections with it.
        let mut connectors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = connectors.iter().find(|(of, _)| *of == timeouts) {
            return connector.clone();
        }
        let mut builder = Connector::builder()
            .connector_settings(settings.clone())
            .proxy_config(ProxyConfig::from_env());
        builder.set_sleep_impl(components.sleep_impl());
        let connector = builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
        let connector = SharedHttpConnector::new(connector);
        connectors.push((timeouts, connector.clone()));
        connector
    }
}
