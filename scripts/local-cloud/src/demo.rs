//! `--demo`: the reviews of deploy/samples go through the front door as a kube-apiserver would send
//! them, and the verdicts are shown beside the expected ones. With `--policy` they are shown alone:
//! what is expected holds for the parameters, and with a policy of your own you want to see what it makes of
//! the samples.

mod outcome;
mod review;
mod samples;
mod table;

use http::Method;

use crate::cli::Options;
use crate::client::ClientError;
use crate::cloud::Cloud;
use crate::console;
use outcome::Outcome;
use samples::{Sample, SamplesError};
use table::Row;

/// Why the table was not printed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The samples cannot be used.
    #[error(transparent)]
    Samples(#[from] SamplesError),
    /// The front door did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The table could not be written.
    #[error("cannot write to stdout: {0}")]
    Stdout(#[from] std::io::Error),
}

/// Sends all samples, one after another, and prints the table. True when every verdict is the
/// expected one or, where none is expected, every review was answered; otherwise the log of the
/// functions is shown too.
pub async fn run(cloud: &Cloud, options: &Options) -> Result<bool, DemoError> {
    console::hold();
    let result = shown(cloud, options).await;
    if !matches!(result, Ok(true)) {
        console::release();
    }
    result
}

async fn shown(cloud: &Cloud, options: &Options) -> Result<bool, DemoError> {
    let mut rows = Vec::new();
    for sample in samples::read(&options.project.join("deploy/samples"))? {
        let (got, message) = send(cloud, &sample).await?;
        rows.push(Row {
            object: sample.object(),
            images: sample.images(),
            expected: options.policy.is_none().then_some(sample.expected),
            got,
            message,
        });
    }
    console::say(&table::render(&rows))?;
    let good = rows.iter().filter(|row| row.is_good()).count();
    let what = if options.policy.is_none() { "as expected" } else { "answered" };
    console::say(&format!("{good} of {} {what}", rows.len()))?;
    Ok(good == rows.len())
}

async fn send(cloud: &Cloud, sample: &Sample) -> Result<(Option<Outcome>, String), ClientError> {
    let (uid, review) = review::wrap(sample);
    let authorization = format!("Bearer {}", cloud.token());
    let headers = [
        ("accept", "application/json, */*"),
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("user-agent", "kube-apiserver-admission"),
    ];
    let reply = cloud
        .client()
        .send(Method::POST, sample.route.path(), &headers, review.to_string())
        .await?;
    Ok(outcome::read(&uid, &reply))
}
