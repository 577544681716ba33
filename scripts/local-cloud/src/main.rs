//! Starts the local stack, says when it is ready, and stops it on SIGINT or SIGTERM.

use std::process::ExitCode;

use clap::Parser;
use local_cloud::cli::Options;
use local_cloud::cloud::Cloud;
use local_cloud::runtime::launch;
use local_cloud::{console, demo};
use tokio::signal::unix::{SignalKind, signal};

/// What a shell gives for a command that cannot be started.
const CANNOT_START: u8 = 127;

fn main() -> ExitCode {
    if let Some(error) = launch::become_sandbox(std::env::args_os()) {
        console::log(&format!("cannot start: {error}"));
        return ExitCode::from(CANNOT_START);
    }
    let options = Options::parse();
    let run = || tokio::runtime::Runtime::new()?.block_on(run(&options));
    run().unwrap_or_else(|error: Box<dyn std::error::Error>| {
        console::log(&format!("local-cloud: {error}"));
        ExitCode::from(2)
    })
}

async fn run(options: &Options) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let cloud = Cloud::start(options).await?;
    console::say(&format!("ready {}", cloud.url()))?;
    for (name, url) in cloud.rest_urls() {
        // For people. A program that waits for `ready` may have left by now; it reads urls.json.
        let _closed = console::say(&format!("{name} {url}"));
    }
    let finished = tokio::select! {
        _ = interrupt.recv() => Ok(ExitCode::SUCCESS),
        _ = terminate.recv() => Ok(ExitCode::SUCCESS),
        shown = demo::run(&cloud, options), if options.demo => shown.map(|expected| {
            if expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }),
    };
    cloud.stop().await;
    Ok(finished?)
}
