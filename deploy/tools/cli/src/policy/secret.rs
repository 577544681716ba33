//! The policy secret: the document in force, its versions, and how another one comes into force.

use ecr_admission::config::Config;
use ecr_admission_policy::Document;
use ecr_admission_policy::document::InvalidDocument;
use ecr_admission_policy::text::printable;

use crate::Answer;
use crate::check::aws::{Aws, CURRENT, PolicyVersions, SecretVersion};
use crate::check::settings::Settings;
use crate::policy::options::SecretOptions;
use crate::read::Unusable;

pub(super) mod change;
mod difference;
mod labels;
pub(super) mod moment;

/// The secret that the options name, and what is known of its stack.
pub(super) struct Target {
    versions: PolicyVersions,
    /// The parameters of its stack, if that is known.
    pub(super) config: Option<Config>,
    cache_seconds: Option<u32>,
    /// The options that name it, for a further command.
    options: String,
}

/// What the secret holds.
pub(super) struct Held {
    /// All versions, the newest first.
    pub(super) all: Vec<SecretVersion>,
    /// The version in force with its text; a new secret has none.
    pub(super) in_force: Option<(SecretVersion, String)>,
}

impl Target {
    pub(super) async fn of(aws: &Aws, options: &SecretOptions) -> Result<Self, Unusable> {
        let SecretOptions { stack, secret, region } = options;
        let region =
            region.as_ref().map(|region| format!(" --region {region}")).unwrap_or_default();
        if let Some(secret) = secret {
            return Ok(Self {
                versions: aws.policy_versions(secret),
                config: None,
                cache_seconds: None,
                options: format!("--secret {secret}{region}"),
            });
        }
        let name = stack.as_deref().unwrap_or_default();
        let stack = aws.stack(name).await.map_err(Unusable::Unreadable)?;
        let Some(secret) = &stack.policy_secret else {
            return Err(Unusable::Unreadable(format!(
                "the stack \"{name}\" has no policy secret, so its parameters are the whole policy; create one and set \
                 PolicySecret (deploy/policy.md)"
            )));
        };
        let settings = Settings {
            environment: stack.environment,
            document: None,
            own_account: stack.account,
            notices: vec![],
        };
        Ok(Self {
            versions: aws.policy_versions(secret),
            config: Some(settings.config().map_err(Unusable::Unreadable)?),
            cache_seconds: stack.cache_seconds,
            options: format!("--stack {name}{region}"),
        })
    }

    /// All versions, the newest first.
    pub(super) async fn versions(&self) -> Result<Vec<SecretVersion>, Unusable> {
        self.versions.list().await.map_err(Unusable::Unreadable)
    }

    /// Reads the versions, and the text of the one in force.
    pub(super) async fn held(&self) -> Result<Held, Unusable> {
        let all = self.versions().await?;
        let current = all.iter().find(|version| version.has(CURRENT)).cloned();
        let in_force = match current {
            Some(version) => {
                let text = self.text(&version).await?;
                Some((version, text))
            }
            None => None,
        };
        Ok(Held { all, in_force })
    }

    /// The text of a version.
    pub(super) async fn text(&self, version: &SecretVersion) -> Result<String, Unusable> {
        self.versions.text(&version.id).await.map_err(Unusable::Unreadable)
    }

    /// A version of the secret is not a policy document. Its text may be that of another secret.
    pub(super) fn bad(&self, version: &SecretVersion, invalid: &InvalidDocument) -> String {
        format!(
            "version {} of the policy secret {} is not a valid policy document: {}",
            version.id,
            self.versions.id,
            invalid.without_text()
        )
    }

    /// A command of this tool for the same secret.
    pub(super) fn command(&self, words: &str) -> String {
        format!("deploy/policy {words} {}", self.options)
    }

    /// When a change has reached every review.
    fn takes_effect(&self) -> String {
        match self.cache_seconds {
            Some(0) => "for every review from now on (CacheSeconds is 0)".to_owned(),
            Some(seconds) => {
                format!("for every review within {seconds} seconds (CacheSeconds)")
            }
            None => "for every review within CacheSeconds of the stack, 60 seconds by default"
                .to_owned(),
        }
    }
}

impl Held {
    /// The document in force, if it is one.
    pub(super) fn document(&self) -> Option<Document> {
        let (_, text) = self.in_force.as_ref()?;
        Document::from_yaml(text).ok()
    }
}

/// The result as the output of the command.
pub(super) fn answer(result: Result<String, Unusable>) -> Answer {
    match result {
        Ok(out) => Answer { out, err: String::new(), code: Answer::GOOD },
        Err(Unusable::Bad(problem)) => Answer::refused(&printable(&problem), Answer::BAD),
        Err(Unusable::Unreadable(problem)) => {
            Answer::refused(&printable(&problem), Answer::UNUSABLE)
        }
    }
}
