//! `ecr-admission policy restore`: an earlier version of the document comes into force again.

use std::fmt::Write as _;

use ecr_admission_policy::text::quote;
use ecr_admission_policy::{Document, Timestamp};

use super::check;
use super::options::{Parameters, PolicyRestore};
use super::secret::change::{Change, Next};
use super::secret::{Held, Target};
use crate::check::aws::{Aws, CURRENT, SecretVersion};
use crate::read::Unusable;

pub(super) async fn restore(
    aws: &Aws,
    options: &PolicyRestore,
    now: Timestamp,
) -> Result<String, Unusable> {
    let target = Target::of(aws, &options.secret).await?;
    let held = target.held().await?;
    let version = version(&target, &held, &options.version)?;
    if version.has(CURRENT) {
        return Ok(format!("version {} is in force already; nothing has changed\n", version.id));
    }
    let text = target.text(version).await?;
    let document = Document::from_yaml(&text).map_err(|invalid| {
        Unusable::Bad(format!("{}; restore another version", target.bad(version, &invalid)))
    })?;
    let change = Change { target: &target, held: &held, next: Next::Earlier(version, &text), now };
    let mut out = change.shown();
    out.push('\n');
    let parameters = Parameters::of(target.config.as_ref());
    for caution in check::cautions(&document, text.len(), &parameters, now) {
        let _ = writeln!(out, "caution: {caution}");
    }
    let between = later(&held, version);
    if between > 0 {
        let versions = if between == 1 { "version" } else { "versions" };
        let _ = writeln!(
            out,
            "caution: {between} further {versions} came after {}; what they changed is undone too",
            version.id
        );
    }
    if options.dry_run {
        out.push_str("nothing has changed (--dry-run)\n");
    } else {
        out.push_str(&change.make().await?);
    }
    Ok(out)
}

/// The version with this id or label.
fn version<'a>(target: &Target, held: &'a Held, name: &str) -> Result<&'a SecretVersion, Unusable> {
    held.all.iter().find(|version| version.id == name || version.has(name)).ok_or_else(|| {
        Unusable::Unreadable(format!(
            "the policy secret has no version {}; see {}",
            quote(name, 64),
            target.command("history")
        ))
    })
}

/// How many versions came between this one and the one in force.
fn later(held: &Held, version: &SecretVersion) -> usize {
    let Some((in_force, _)) = &held.in_force else { return 0 };
    let between = version.created..in_force.created;
    let is_between = |it: &&SecretVersion| {
        between.contains(&it.created) && it.id != version.id && it.id != in_force.id
    };
    // Without a label, it may never have come into force.
    held.all.iter().filter(is_between).filter(|it| !it.labels.is_empty()).count()
}
