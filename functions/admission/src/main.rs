//! The admission function: wiring only.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use ecr_admission::after_answer::AfterAnswer;
use ecr_admission::config::Config;
use ecr_admission::ecr::EcrInspector;
use ecr_admission::handler::Handler;
use ecr_admission::metrics::Metrics;
use ecr_admission::policy_secret::PolicySecret;
use ecr_admission_lambda::{Environment, Log, stop};
use lambda_runtime::{Runtime, service_fn, spawn_graceful_shutdown_handler};

/// Milliseconds since the Unix epoch: the clock of deadlines, of the cache and of metrics.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match Config::from_environment(&Environment::from_process()) {
        Ok(config) => config,
        Err(bad) => return stop::bad_configuration(&bad),
    };
    let log = Log::new(config.log_level);
    let namespace = config.metrics_namespace.clone();
    let by_cluster = config.cluster_metrics;
    let metrics = Arc::new(Metrics::new(&config.sdk, namespace, by_cluster, log, now_ms()));
    let inspector = EcrInspector::new(&config.sdk, &config.regions, log);
    let secret = config.policy_secret.clone().map(|id| PolicySecret::new(&config.sdk, id));
    let handler = Arc::new(Handler::new(config, inspector, secret, Arc::clone(&metrics)));
    handler.prepare(now_ms()).await;
    let last = Arc::clone(&metrics);
    spawn_graceful_shutdown_handler(|| async move { last.send_last(now_ms()).await }).await;
    let runtime = Runtime::new(service_fn(move |event| {
        let handler = Arc::clone(&handler);
        async move { handler.invoke(event, now_ms()).await }
    }));
    let runtime = runtime.layer(AfterAnswer(move || {
        let metrics = Arc::clone(&metrics);
        async move { metrics.send_if_due(now_ms()).await }
    }));
    match runtime.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => stop::runtime_ended(error.as_ref()),
    }
}
