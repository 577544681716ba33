//! Where the settings and the facts come from: a stack, options, Amazon ECR, a file.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ecr_admission::config::Config;
use ecr_admission::ecr::EcrInspector;
use ecr_admission::inspect::MOST_CALLS;
use ecr_admission::policy_secret::PolicyVersion;
use ecr_admission_policy::Document;
use ecr_admission_policy::document::MAX_BYTES;
use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::text::printable;
use tokio::time::Instant;

use super::aws::{Aws, CALLS_IN_FLIGHT, scanning_notice};
use super::facts_file::FactsFile;
use super::options::{CheckOptions, FactOptions, Parameters};
use super::prefetch::Prefetch;
use super::record::Recorder;
use super::settings::Settings;
use crate::read::{self, Unusable, bad};

/// All that objects are evaluated with.
pub(super) struct Source {
    /// What the function is set to.
    pub(super) config: Config,
    /// The policy document.
    pub(super) document: Option<PolicyVersion>,
    /// The account that the function runs in.
    pub(super) own_account: AccountId,
    /// What is to be said of all this.
    pub(super) notices: Vec<String>,
    /// What looks images up.
    pub(super) inspector: EcrInspector,
    /// How many calls may be in flight.
    pub(super) room: usize,
    /// What hears the answers, and the file that they are written to.
    pub(super) recorder: Option<(Recorder, PathBuf)>,
    /// What pulls images first, if they are to be pulled.
    pub(super) prefetch: Option<Prefetch>,
}

/// What `options` name. AWS is called only for what they do not say.
pub(super) async fn of(options: &CheckOptions, now: SystemTime) -> Result<Source, String> {
    let CheckOptions { parameters, facts, .. } = options;
    let file = facts.facts.as_deref().map(|path| from_file(path, facts, now)).transpose()?;
    match (file, &parameters.stack) {
        (Some(file), None) => without_aws(parameters, &file),
        (file, _) => with_aws(parameters, facts, file).await,
    }
}

/// Without a stack, a file of facts is all there is to ask.
fn without_aws(parameters: &Parameters, file: &FactsFile) -> Result<Source, String> {
    let only_registry = || parameters.registry_ids.as_ref()?.trim().parse().ok();
    let recorded_by = || file.recorded_by().cloned();
    let own_account = parameters.own_account.clone().or_else(recorded_by).or_else(only_registry);
    let own_account = own_account
        .ok_or("--own-account is missing; expected the account of the stack, of 12 digits")?;
    let of_environment = |name| std::env::var(name).ok().filter(|region| !region.is_empty());
    let first_allowed = || {
        let allowed = parameters.registry_region.as_deref()?;
        Some(allowed.split(',').next().unwrap_or_default().trim().to_owned())
    };
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(of_environment);
    let region = region.or_else(first_allowed);
    let environment: Vec<(String, String)> =
        region.into_iter().map(|region| ("AWS_REGION".to_owned(), region)).collect();
    let settings =
        Settings { environment, document: None, own_account, notices: vec![] }.with(parameters)?;
    let config = settings.config()?;
    let inspector = file.inspector(&config.regions, &settings.own_account);
    Ok(Source::new(settings, config, inspector, MOST_CALLS))
}

async fn with_aws(
    parameters: &Parameters,
    facts: &FactOptions,
    file: Option<FactsFile>,
) -> Result<Source, String> {
    let aws = Aws::load(parameters.region.as_deref()).await?;
    let caller = aws.caller().await?;
    let settings = settings(&aws, &caller, parameters).await?;
    let config = settings.config()?;
    if let Some(file) = file {
        let inspector = file.inspector(&config.regions, &settings.own_account);
        return Ok(Source::new(settings, config, inspector, MOST_CALLS));
    }
    let recorder =
        facts.record.as_ref().map(|path| (Recorder::new(&caller, aws.region()), path.clone()));
    let aws = match (&recorder, aws.http()) {
        (Some((recorder, _)), Some(http)) => aws.with_http(recorder.over(http)),
        _ => aws,
    };
    let prefetch = facts
        .prefetch
        .then(|| Prefetch { registries: aws.registries(), timeout: facts.prefetch_timeout });
    let notice = scanning_notice(&caller, &settings.own_account, config.registry_ids.as_ref());
    let inspector = aws.inspector(&config.regions, caller, Instant::now() + facts.patience());
    let mut source = Source::new(settings, config, inspector, CALLS_IN_FLIGHT);
    source.notices.extend(notice);
    (source.recorder, source.prefetch) = (recorder, prefetch);
    Ok(source)
}

/// The settings of the stack, or those of a stack of the caller's account with all defaults; and what options set on top.
async fn settings(
    aws: &Aws,
    caller: &AccountId,
    parameters: &Parameters,
) -> Result<Settings, String> {
    let Some(name) = &parameters.stack else {
        let environment = vec![("AWS_REGION".to_owned(), aws.region().to_string())];
        let own_account = parameters.own_account.as_ref().unwrap_or(caller).clone();
        let settings = Settings { environment, document: None, own_account, notices: vec![] };
        return settings.with(parameters);
    };
    let stack = aws.stack(name).await?;
    let document = if parameters.policy.is_none() { aws.document(&stack).await? } else { None };
    let (environment, own_account) = (stack.environment, stack.account);
    Settings { environment, document, own_account, notices: vec![] }.with(parameters)
}

impl Source {
    fn new(settings: Settings, config: Config, inspector: EcrInspector, room: usize) -> Self {
        let Settings { document, own_account, notices, .. } = settings;
        let (recorder, prefetch) = (None, None);
        Self { config, document, own_account, notices, inspector, room, recorder, prefetch }
    }
}

impl Settings {
    /// These settings with what options set instead.
    fn with(mut self, parameters: &Parameters) -> Result<Self, String> {
        self.environment.extend(parameters.environment());
        if let Some(file) = &parameters.policy {
            self.document = Some(document(file)?);
        }
        Ok(self)
    }
}

/// The policy document of a file, which is known to be one: else every object would be denied for it.
fn document(file: &Path) -> Result<PolicyVersion, String> {
    let expected = format!("a policy document, YAML of at most {MAX_BYTES} bytes");
    let problem = |unusable| match unusable {
        Unusable::Bad(problem) | Unusable::Unreadable(problem) => problem,
    };
    let text = read::text(file, &expected).map_err(problem)?;
    Document::from_yaml(&text)
        .map_err(|it| problem(bad(file, it.line(), it.column(), it.problem())))?;
    Ok(PolicyVersion { id: printable(&file.to_string_lossy()), text })
}

fn from_file(path: &Path, facts: &FactOptions, now: SystemTime) -> Result<FactsFile, String> {
    FactsFile::read(path, facts.max_facts_age, now).map_err(|error| error.to_string())
}
