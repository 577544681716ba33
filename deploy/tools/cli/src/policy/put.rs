//! `ecr-admission policy put`: a file becomes the document in force.

use std::fmt::Write as _;

use ecr_admission_policy::Timestamp;

use super::check;
use super::options::{Parameters, PolicyPut};
use super::secret::Target;
use super::secret::change::{Change, Next};
use crate::check::aws::Aws;
use crate::read::{self, Unusable};

pub(super) async fn put(
    aws: &Aws,
    options: &PolicyPut,
    now: Timestamp,
) -> Result<String, Unusable> {
    // Before anything is asked of AWS.
    let (document, text) = read::document(&options.document)?;
    let target = Target::of(aws, &options.secret).await?;
    let held = target.held().await?;
    if held.in_force.as_ref().is_some_and(|(_, in_force)| *in_force == text) {
        return Ok("this document is in force already; nothing has changed\n".to_owned());
    }
    let change = Change { target: &target, held: &held, next: Next::New(&text), now };
    let mut out = change.shown();
    out.push('\n');
    let parameters = Parameters::of(target.config.as_ref());
    for caution in check::cautions(&document, text.len(), &parameters, now) {
        let _ = writeln!(out, "caution: {caution}");
    }
    if options.dry_run {
        out.push_str("nothing has changed (--dry-run)\n");
    } else {
        out.push_str(&change.make().await?);
    }
    Ok(out)
}
