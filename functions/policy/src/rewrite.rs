//! The operator's table that maps images of other registries into allowed ECR registries.
//!
//! ```
//! use ecr_admission_policy::rewrite::RewriteTable;
//! # let policy = ecr_admission_policy::Policy::new(
//! #     ["123456789012".parse().unwrap()].into(),
//! #     ["us-east-1".parse().unwrap()].into(),
//! #     ecr_admission_policy::SeverityLimit::Critical,
//! # );
//! let ours = "123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/";
//! let table = RewriteTable::parse(&format!("docker.io/={ours}"), &policy).unwrap();
//! assert_eq!(table.rewrite("nginx").unwrap(), format!("{ours}library/nginx:latest"));
//! assert_eq!(table.rewrite("quay.io/team/app:1"), None);
//! ```

use std::collections::BTreeMap;
use std::fmt;

use crate::image::{EcrImage, ImageReference};
use crate::names::is_path;
use crate::policy::Policy;
use ecr_admission_text::{QUOTED, quote};

/// A table of rewrites. The most specific entry decides: an exact one before a prefix, a longer prefix
/// before a shorter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewriteTable {
    /// Repositories as a whole, such as `docker.io/library/nginx`.
    exact: BTreeMap<String, Target>,
    /// Prefixes that end with `/`, such as `docker.io/library/`.
    prefixes: BTreeMap<String, Target>,
}

/// What a source becomes; `None` when it is excluded, and so left as it is.
type Target = Option<String>;

/// Why a table is refused: the entry, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRewrite {
    entry: String,
    problem: &'static str,
}

impl fmt::Display for InvalidRewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", quote(&self.entry, QUOTED), self.problem)
    }
}

impl std::error::Error for InvalidRewrite {}

impl RewriteTable {
    /// Reads comma-separated entries `SOURCE=TARGET`, held to the registries of `policy`. White space
    /// around an entry is ignored.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, InvalidRewrite> {
        let entries: Result<Vec<_>, _> = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                entry.split_once('=').ok_or_else(|| InvalidRewrite {
                    entry: entry.to_owned(),
                    problem: "it is not SOURCE=TARGET",
                })
            })
            .collect();
        Self::new(entries?, |image| policy.inspects(image))
    }

    /// A table of sources and targets. A source that ends with `/` is a prefix, of whole path components,
    /// and so must its target; any other is one repository. An empty target excludes the source. A
    /// target that is not `allowed` is refused.
    pub fn new<'a>(
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
        allowed: impl Fn(&EcrImage) -> bool,
    ) -> Result<Self, InvalidRewrite> {
        let mut table = Self::default();
        for (source, target) in entries {
            let invalid = |problem| InvalidRewrite { entry: format!("{source}={target}"), problem };
            check_source(source).map_err(invalid)?;
            let target = if target.is_empty() {
                None
            } else {
                check_target(source, target, &allowed).map_err(invalid)?;
                Some(target.to_owned())
            };
            let entries =
                if source.ends_with('/') { &mut table.prefixes } else { &mut table.exact };
            if entries.insert(source.to_owned(), target).is_some() {
                return Err(invalid("its source appears in another entry too"));
            }
        }
        Ok(table)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty()
    }

    /// The sources and what each becomes, `None` where it is left as it is; repositories before prefixes,
    /// and both in the order of their names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let all = self.exact.iter().chain(&self.prefixes);
        all.map(|(source, target)| (source.as_str(), target.as_deref()))
    }

    /// What the image becomes: `None` when it is in ECR already, is not an image reference, or is not
    /// mapped. Tag and digest are kept; a missing tag becomes `latest`, as for a container runtime.
    pub fn rewrite(&self, image: &str) -> Option<String> {
        let Ok(ImageReference::Other(_)) = image.parse() else { return None };
        let (repository, suffix) = normalize(image);
        let (source, target) = match self.exact.get_key_value(&repository) {
            Some(entry) => entry,
            // A longer prefix sorts behind the shorter ones that it begins with.
            None => {
                self.prefixes.iter().rev().find(|(prefix, _)| repository.starts_with(*prefix))?
            }
        };
        let target = target.as_ref()?;
        let rest = repository.strip_prefix(source.as_str())?;
        Some(format!("{target}{rest}{suffix}"))
    }
}

/// The repository in full, and tag and digest as they follow it: `nginx` is
/// `docker.io/library/nginx` and `:latest`.
fn normalize(image: &str) -> (String, String) {
    let (name, digest) = image.split_once('@').map_or((image, ""), |(name, digest)| (name, digest));
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, ""),
    };
    let repository = match crate::image::split_host(path) {
        (None | Some("docker.io" | "index.docker.io"), path) => {
            let library = if path.contains('/') { "" } else { "library/" };
            format!("docker.io/{library}{path}")
        }
        (Some(host), path) => format!("{host}/{path}"),
    };
    let suffix = match (tag, digest) {
        ("", "") => ":latest".to_owned(),
        ("", digest) => format!("@{digest}"),
        (tag, "") => format!(":{tag}"),
        (tag, digest) => format!(":{tag}@{digest}"),
    };
    (repository, suffix)
}

fn check_source(source: &str) -> Result<(), &'static str> {
    let path = source.strip_suffix('/').unwrap_or(source);
    let (host, path) = path.split_once('/').unwrap_or((path, ""));
    if !crate::image::is_host(host) || !host.contains(['.', ':']) && host != "localhost" {
        return Err("its source does not begin with a registry, such as docker.io");
    }
    if host == "index.docker.io" {
        return Err("its source is compared in full: write docker.io");
    }
    match (path.is_empty(), source.ends_with('/')) {
        (true, true) => Ok(()),
        (true, false) => Err("its source names no repository; a whole registry ends with /"),
        (false, _) if is_path(path) => Ok(()),
        (false, _) => Err("its source is not a registry and a path, without tag and digest"),
    }
}

fn check_target(
    source: &str,
    target: &str,
    allowed: impl Fn(&EcrImage) -> bool,
) -> Result<(), &'static str> {
    if source.ends_with('/') != target.ends_with('/') {
        return Err("its source and its target must both end with /, or neither");
    }
    // With the shortest repository that can follow a prefix, and with the tag that every result has.
    let sample = if target.ends_with('/') {
        format!("{target}aa:latest")
    } else {
        format!("{target}:latest")
    };
    match sample.parse() {
        Ok(ImageReference::Ecr(reference)) if allowed(&reference.image()) => Ok(()),
        Ok(ImageReference::Ecr(_)) => Err("its target is in a registry that is not allowed"),
        Ok(ImageReference::Other(_)) => Err("its target is not in an Amazon ECR private registry"),
        Err(_) => Err("its target is not a registry and a repository, without tag and digest"),
    }
}

#[cfg(test)]
mod tests;
