//! The Lambda authorizer of ecr-admission. Wiring only.

use std::process::ExitCode;
use std::time::SystemTime;

use ecr_admission_authorizer::config::Config;
use ecr_admission_authorizer::handler::{Authorizer, Callers};
use ecr_admission_authorizer::secret::TokenSecret;
use ecr_admission_lambda::{Environment, stop};
use lambda_runtime::service_fn;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match Config::from_environment(&Environment::from_process()) {
        Ok(config) => config,
        Err(bad) => return stop::bad_configuration(&bad),
    };
    let Config { secret, overlap, via, sources, endpoints, log, sdk } = config;
    let secret = TokenSecret::new(&sdk, secret);
    let callers = Callers { via, sources, endpoints };
    let authorizer = Authorizer::new(secret, overlap, callers, log);
    authorizer.warm_up(SystemTime::now()).await;
    match lambda_runtime::run(service_fn(|event| authorizer.handle(event, SystemTime::now()))).await
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => stop::runtime_ended(error.as_ref()),
    }
}
