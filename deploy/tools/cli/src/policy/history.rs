//! `ecr-admission policy history`: the versions of the policy secret.

use std::fmt::Write as _;

use ecr_admission_policy::text::printable;

use super::options::PolicyHistory;
use super::secret::Target;
use super::secret::moment::in_full;
use crate::check::aws::Aws;
use crate::read::Unusable;

pub(super) async fn history(aws: &Aws, options: &PolicyHistory) -> Result<String, Unusable> {
    let target = Target::of(aws, &options.secret).await?;
    let versions = target.versions().await?;
    let width = versions.iter().map(|version| version.id.chars().count()).max().unwrap_or_default();
    let width = width.max("VERSION".len());
    let mut out = format!("{:width$}  {:20}  LABELS\n", "VERSION", "CREATED");
    for version in versions {
        let labels = if version.labels.is_empty() {
            "none: Secrets Manager may delete it".to_owned()
        } else {
            version.labels.join(", ")
        };
        let line = format!("{:width$}  {:20}  {labels}", version.id, in_full(version.created));
        let _ = writeln!(out, "{}", printable(&line));
    }
    Ok(out)
}
