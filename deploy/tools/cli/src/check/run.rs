//! `ecr-admission check`, from the options to the exit code.

use std::io::IsTerminal;
use std::time::{Duration, SystemTime};

use ecr_admission_policy::Timestamp;
use ecr_admission_policy::text::printable;
use tokio::time::Instant;

use super::evaluate::{Setup, evaluate};
use super::options::{CheckOptions, Color, RequestOptions};
use super::output::{self, Output};
use super::report::Report;
use super::review::Circumstances;
use super::summary::Summary;
use super::{input, progress, running, source};
use crate::Answer;

/// Checks what `options` name, at the instant `now`. A problem that leaves no report is one line on stderr.
pub(crate) fn run(options: &CheckOptions, now: Timestamp) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(checked(options, now)),
        Err(error) => Err(format!("the command could not start: {error}")),
    };
    result.unwrap_or_else(|problem| Answer::refused(&printable(&problem), Answer::UNUSABLE))
}

async fn checked(options: &CheckOptions, now: Timestamp) -> Result<Answer, String> {
    let outputs = output::outputs(&options.report.outputs)?;
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let source = Box::pin(source::of(options, now)).await?;
    let mut input = input::read(&options.paths, &mut std::io::stdin().lock());
    if options.request.running {
        input.objects = running::running(input.objects);
    }
    let RequestOptions { namespace, user, groups, as_written, running } = &options.request;
    let circumstances = Circumstances {
        user: user.clone(),
        groups: groups.clone(),
        // What runs has been through the mutating webhook.
        mutate: !as_written && !running,
    };
    let setup = Setup {
        config: source.config,
        document: source.document,
        own_account: source.own_account,
        circumstances,
        namespace: namespace.clone(),
        now_ms: seconds.saturating_mul(1_000),
        deadline: Instant::now() + options.facts.patience(),
        room: source.room,
        prefetch: source.prefetch,
    };
    let mut report = evaluate(input.objects, setup, source.inspector, progress::watch).await;
    report.unreadable = input.unreadable;
    report.notices.splice(..0, source.notices);
    if let Some((recorder, file)) = &source.recorder {
        recorder.write(file, now)?;
    }
    written(options, &outputs, &report)
}

/// Every output, to where it goes.
fn written(options: &CheckOptions, outputs: &[Output], report: &Report) -> Result<Answer, String> {
    let color = match options.report.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let mut out = String::new();
    for Output { format, file } in outputs {
        match file {
            None => out = output::write(*format, report, color),
            Some(file) => {
                std::fs::write(file, output::write(*format, report, false)).map_err(|error| {
                    format!("{}: {error}; expected a file to write", file.display())
                })?;
            }
        }
    }
    let summary = Summary::of(report);
    let code = summary.exit_code(options.report.fail_on.mode(), options.report.allow_empty);
    Ok(Answer { out, err: String::new(), code })
}
