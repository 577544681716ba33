//! One call of CloudWatch, and how long it may take.

use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatch::types::MetricDatum;
use ecr_admission_lambda::{Sdk, Service, error_text};
use tokio::time::timeout;

/// How long a put may take, in parts of [`PART`]. Lambda may freeze the sandbox in the middle of a put, and the
/// clock of timeouts does not stop for that: of the parts, a freeze uses up one. So an answer that came meanwhile
/// is still read, and the data are not sent twice.
const PARTS: u32 = 10;
const PART: Duration = Duration::from_millis(100);

/// `PutMetricData` in one namespace.
#[derive(Debug)]
pub(super) struct CloudWatch {
    sdk: Sdk,
    /// Made for the first put, which nobody waits for, and not in the init phase.
    client: OnceLock<Client>,
    namespace: String,
}

impl CloudWatch {
    pub(super) fn new(sdk: &Sdk, namespace: String) -> Self {
        Self { sdk: sdk.clone(), client: OnceLock::new(), namespace }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            // One try, bounded here alone: what fails goes along with the next put.
            let config = Builder::from(&self.sdk.config_for(Service::CloudWatch))
                .retry_config(RetryConfig::disabled())
                .timeout_config(TimeoutConfig::disabled())
                .build();
            Client::from_conf(config)
        })
    }

    /// Sends data, at most 1,000.
    pub(super) async fn put(&self, data: Vec<MetricDatum>) -> Result<(), String> {
        let request = self.client().put_metric_data().namespace(&self.namespace);
        let mut sent = Box::pin(request.set_metric_data(Some(data)).send());
        for _ in 0..PARTS {
            if let Ok(sent) = timeout(PART, &mut sent).await {
                return sent.map(drop).map_err(error_text);
            }
        }
        Err(format!("no answer within {} ms", (PARTS * PART).as_millis()))
    }
}
