//! `ecr-admission check`, from the options to the exit code.

use std::io::IsTerminal;
use std::path::Path;

use ecr_admission::config::Config;
use ecr_admission::ecr::EcrInspector;
use ecr_admission::policy_secret::PolicyVersion;
use ecr_admission_lambda::{Level, Log};
use ecr_admission_policy::text::printable;
use ecr_admission_policy::{Document, Timestamp};
use tokio::time::Instant;

use super::evaluate::{Setup, evaluate};
use super::options::{CheckOptions, Color, RequestOptions};
use super::output::{self, Output};
use super::report::Report;
use super::review::Circumstances;
use super::settings::{self, Settings};
use super::summary::Summary;
use super::{input, progress, running};
use crate::Answer;
use crate::read::{Unusable, bad};

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
    let settings = settings::of(&options.parameters)?;
    let config = settings.config()?;
    let document = document(&settings, options.parameters.policy.as_deref())?;
    let mut input = input::read(&options.paths, &mut std::io::stdin().lock());
    if options.request.running {
        input.objects = running::running(input.objects);
    }
    let inspector = EcrInspector::new(&config.sdk, &config.regions, Log::new(Level::Error));
    let setup = setup(options, config, document, settings.own_account, now);
    let mut report = evaluate(input.objects, setup, inspector, progress::watch).await;
    report.unreadable = input.unreadable;
    report.notices = settings.notices;
    written(options, &outputs, &report)
}

fn setup(
    options: &CheckOptions,
    config: Config,
    document: Option<PolicyVersion>,
    own_account: ecr_admission_policy::names::AccountId,
    now: Timestamp,
) -> Setup {
    let RequestOptions { namespace, user, groups, as_written, running } = &options.request;
    let circumstances = Circumstances {
        user: user.clone(),
        groups: groups.clone(),
        // What runs has been through the mutating webhook.
        mutate: !as_written && !running,
    };
    Setup {
        config,
        document,
        own_account,
        circumstances,
        namespace: namespace.clone(),
        now_ms: u64::try_from(now.seconds()).unwrap_or_default().saturating_mul(1_000),
        deadline: Instant::now() + options.facts.timeout,
    }
}

/// The policy document, which is known to be one: else every object would be denied for it.
fn document(settings: &Settings, file: Option<&Path>) -> Result<Option<PolicyVersion>, String> {
    let Some(text) = settings.document.clone() else { return Ok(None) };
    let of = file.unwrap_or(Path::new("the policy document of the stack"));
    if let Err(invalid) = Document::from_yaml(&text) {
        return Err(match bad(of, invalid.line(), invalid.column(), invalid.problem()) {
            Unusable::Bad(problem) | Unusable::Unreadable(problem) => problem,
        });
    }
    let id = file.map_or("of the stack".to_owned(), |file| file.to_string_lossy().into_owned());
    Ok(Some(PolicyVersion { id: printable(&id), text }))
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
                })?
            }
        }
    }
    let summary = Summary::of(report);
    let code = summary.exit_code(options.report.fail_on.mode(), options.report.allow_empty);
    Ok(Answer { out, err: String::new(), code })
}
