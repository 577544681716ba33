//! `ecr-admission policy exempt`: an exemption is added to the document in the policy secret.

use std::fmt::Write as _;

use ecr_admission_policy::{Document, Rule, Timestamp};

use super::check;
use super::options::{Covered, Parameters, PolicyExempt};
use super::secret::change::{Change, Next};
use super::secret::moment::{after, between, in_full};
use super::secret::{Held, Target};
use crate::check::aws::Aws;
use crate::read::Unusable;

mod append;
mod applicable;
mod entry;

use entry::Entry;

pub(super) async fn exempt(
    aws: &Aws,
    options: &PolicyExempt,
    now: Timestamp,
) -> Result<String, Unusable> {
    let target = Target::of(aws, &options.secret).await?;
    let held = target.held().await?;
    let (document, text) = in_force(&target, &held)?;
    let owner = match &options.owner {
        Some(owner) => owner.clone(),
        None => aws
            .principal()
            .await
            .map_err(|problem| Unusable::Unreadable(format!("{problem}; or pass --owner")))?,
    };
    let entry = entry(options, owner, now);
    applicable::check(&entry, &document, target.config.as_ref(), now).map_err(Unusable::Bad)?;
    let new = append::appended(text, &entry).map_err(Unusable::Bad)?;
    let exempted = Document::from_yaml(&new).map_err(|invalid| {
        Unusable::Bad(format!("the exemption is refused: {}", invalid.problem()))
    })?;
    let change = Change { target: &target, held: &held, next: Next::New(&new), now };
    let mut out = change.shown();
    out.push('\n');
    let parameters = Parameters::of(target.config.as_ref());
    let before = check::cautions(&document, text.len(), &parameters, now);
    let cautions = check::cautions(&exempted, new.len(), &parameters, now).into_iter();
    // That it expires soon is what was asked for.
    let expires_soon = format!("exemption {} expires within", exempted.exemptions().count());
    let is_new = |it: &String| !before.contains(it) && !it.starts_with(&expires_soon);
    for caution in cautions.filter(is_new).chain(notes(&entry)) {
        let _ = writeln!(out, "caution: {caution}");
    }
    let (expires, lasts) = (in_full(entry.expires), between(now, entry.expires));
    if options.dry_run {
        let _ = writeln!(out, "exempt until {expires} ({lasts}): {}", entry.words());
        out.push_str("nothing has changed (--dry-run)\n");
        return Ok(out);
    }
    let made = change.make().await?;
    let _ = writeln!(out, "exempt until {expires} ({lasts}): {}", entry.words());
    out.push_str(&made);
    let _ = writeln!(
        out,
        "it ends by itself at {expires}; the entry then has no effect, and can be removed"
    );
    out.push_str(
        "if you keep the document in Git, add the entry there too, or the next put removes it\n",
    );
    Ok(out)
}

/// The document in force, and its text.
fn in_force<'a>(target: &Target, held: &'a Held) -> Result<(Document, &'a str), Unusable> {
    let Some((version, text)) = &held.in_force else {
        return Err(Unusable::Bad(
            "the policy secret has no version in force; use deploy/policy put FILE".to_owned(),
        ));
    };
    let document = Document::from_yaml(text).map_err(|invalid| {
        let bad = target.bad(version, &invalid);
        Unusable::Bad(format!(
            "{bad}; first put a good one in force: {}",
            target.command("restore VERSION")
        ))
    })?;
    Ok((document, text))
}

fn entry(options: &PolicyExempt, owner: String, now: Timestamp) -> Entry {
    fn texts<T: ToString>(names: &[T]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }
    let Covered { namespaces, repositories, accounts, regions, users, clusters } = &options.covered;
    let mut rules = options.rules.clone();
    rules.sort_unstable();
    rules.dedup();
    Entry {
        rules,
        lists: [
            ("clusters", texts(clusters)),
            ("namespaces", texts(namespaces)),
            ("users", users.clone()),
            ("repositories", texts(repositories)),
            ("accounts", texts(accounts)),
            ("regions", texts(regions)),
        ],
        owner,
        reason: options.reason.clone(),
        expires: options.until.unwrap_or_else(|| after(now, options.lasts.unwrap_or_default())),
    }
}

/// What such an exemption does not do.
fn notes(entry: &Entry) -> Option<String> {
    let has = |rule| entry.rules.contains(&rule);
    let first = [Rule::EcrRegistry, Rule::ImageAvailable].into_iter().find(|rule| has(*rule))?;
    let later = Rule::ALL.into_iter().filter(|rule| *rule > first && !has(*rule));
    let later: Vec<&str> = later.map(Rule::id).collect();
    let registry = if first == Rule::EcrRegistry {
        " Where --admission-policy deny is applied, the apiserver refuses images of other registries all the same \
         (deploy/failure-policies.md)."
    } else {
        ""
    };
    let others = if later.is_empty() {
        String::new()
    } else {
        format!(
            " an image that violates {first} has no facts for later rules, so those of them that deny still deny it: {}.",
            later.join(", ")
        )
    };
    let note = format!("{others}{registry}");
    (!note.is_empty()).then(|| note.trim_start().to_owned())
}
