//! The words for what is wrong with a manifest.

use std::fmt;

use super::words::{WORD, unknown_word};
use crate::facts::manifest::NotUnderstood;
use ecr_admission_text::quote;

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(
                f,
                "has a manifest of more than {} KiB (the maximum); push an image with fewer layers, platforms or annotations",
                limit / 1024
            ),
            Self::Malformed(what) => {
                write!(f, "has a manifest that is not valid ({what})")?;
                rebuild(f)
            }
            Self::Ambiguous { field } => {
                write!(
                    f,
                    "has a manifest that container runtimes may read differently (field \"{field}\" appears twice or in other letters)"
                )?;
                rebuild(f)
            }
            Self::Contradictory { what } => {
                write!(f, "has a manifest that contradicts itself ({what})")?;
                rebuild(f)
            }
            Self::UnknownType(media_type) => {
                f.write_str("has a manifest of media type ")?;
                unknown_word(f, media_type)?;
                f.write_str("; push it as an OCI image or as a Docker schema 2 image")
            }
        }
    }
}

fn rebuild(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("; rebuild and push the image with a current tool")
}

/// An image annotated as a checkpoint, with the key of the annotation.
pub(super) fn checkpoint(f: &mut fmt::Formatter<'_>, annotation: &str) -> fmt::Result {
    write!(
        f,
        "is a checkpoint of a container (annotation {}), which nodes may restore on a base image from any registry; deploy the image that the container was started from",
        quote(annotation, WORD)
    )
}

/// What is wrong with an image some of whose content may be fetched from outside its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElsewhereProblem {
    /// No policy allows it: `never` of [`Elsewhere`](crate::facts::manifest::Elsewhere).
    Never(String),
    /// A foreign layer comes from a host that the policy does not list.
    Host(String),
    /// All hosts are listed, but the image is not known to be one for Windows.
    NotWindows,
    /// A layer has a foreign type, and no host is listed.
    ForeignLayer,
}

impl fmt::Display for ElsewhereProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never(what) => write!(
                f,
                "has a config or a layer that container runtimes may fetch from outside its repository ({}), which no policy allows; push the image with all of its content",
                quote(what, WORD)
            ),
            Self::Host(host) => write!(
                f,
                "has a layer that container runtimes fetch from {}; push the image with that layer or, if it is a Windows image, list the host in foreignLayerHosts",
                quote(host, WORD)
            ),
            Self::NotWindows => f.write_str(
                "has a layer that container runtimes fetch from a host in foreignLayerHosts, which applies only to images of an index that both the index and their config call windows; push the image with that layer",
            ),
            Self::ForeignLayer => f.write_str(
                "has a layer of a foreign or nondistributable media type, which container runtimes may fetch from outside its repository; push the image with that layer as an ordinary layer",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `write` writes.
    struct Words<F>(F);

    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Words<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }

    #[test]
    fn a_manifest_that_is_not_understood_says_why_and_what_to_do() {
        for (reason, expected) in [
            (
                NotUnderstood::TooLong { limit: 256 * 1024 },
                "has a manifest of more than 256 KiB (the maximum); push an image with fewer layers, platforms or annotations",
            ),
            (
                NotUnderstood::Malformed("unexpected type at line 1 column 2".to_owned()),
                "has a manifest that is not valid (unexpected type at line 1 column 2); rebuild and push the image with a current tool",
            ),
            (
                NotUnderstood::Ambiguous { field: "digest" },
                "has a manifest that container runtimes may read differently (field \"digest\" appears twice or in other letters); rebuild and push the image with a current tool",
            ),
            (
                NotUnderstood::Contradictory { what: "both manifests and config".to_owned() },
                "has a manifest that contradicts itself (both manifests and config); rebuild and push the image with a current tool",
            ),
            (
                NotUnderstood::UnknownType("text/\u{1b}[31m\"".to_owned()),
                r#"has a manifest of media type "text/[31m\"", which this version of ecr-admission does not know; push it as an OCI image or as a Docker schema 2 image"#,
            ),
        ] {
            assert_eq!(reason.to_string(), expected);
        }
    }

    #[test]
    fn foreign_text_is_quoted() {
        let foreign = format!("\"\u{202e}{}", "x".repeat(100));
        for words in [
            Words(|f: &mut fmt::Formatter<'_>| checkpoint(f, &foreign)).to_string(),
            ElsewhereProblem::Never(foreign.clone()).to_string(),
            ElsewhereProblem::Host(foreign.clone()).to_string(),
        ] {
            let (_, after) = words.split_once("\"\\\"x").unwrap();
            assert!(after.contains('…') && !after.contains('\u{202e}'), "{words}");
            assert!(words.contains("; ") && !words.ends_with('.'), "{words}");
        }
        for problem in [ElsewhereProblem::NotWindows, ElsewhereProblem::ForeignLayer] {
            assert!(problem.to_string().starts_with("has a layer "), "{problem}");
        }
    }
}
