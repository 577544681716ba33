//! The words for what a manifest says against an image.

use std::fmt;

use super::{WORD, unknown_word};
use crate::facts::manifest::NotUnderstood;
use crate::text::quote;

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(
                f,
                "has a manifest of more than {} KiB, the most that is evaluated; push an image with fewer layers, platforms or annotations",
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
#[cfg_attr(not(test), expect(dead_code, reason = "no rule asks for the manifest yet"))]
pub(super) fn checkpoint(f: &mut fmt::Formatter<'_>, annotation: &str) -> fmt::Result {
    write!(
        f,
        "is a checkpoint of a container (annotation {}), which nodes may restore on a base image from any registry; deploy the image that the container was started from",
        quote(annotation, WORD)
    )
}

/// Content that is fetched from elsewhere in a way that no policy allows: `never` of
/// [`Elsewhere`](crate::facts::manifest::Elsewhere).
#[cfg_attr(not(test), expect(dead_code, reason = "no rule asks for the manifest yet"))]
pub(super) fn elsewhere(f: &mut fmt::Formatter<'_>, never: &str) -> fmt::Result {
    write!(
        f,
        "has a config or a layer that container runtimes may fetch from outside its repository ({}), which no policy allows; push the image with all of its content",
        quote(never, WORD)
    )
}

/// A foreign or nondistributable layer that is fetched from a host that the policy does not list, or in
/// an image that is not one for Windows.
#[cfg_attr(not(test), expect(dead_code, reason = "no rule asks for the manifest yet"))]
pub(super) fn foreign_host(f: &mut fmt::Formatter<'_>, host: &str) -> fmt::Result {
    write!(
        f,
        "has a layer that container runtimes fetch from {}; push the image with that layer or, if it is a Windows image, list the host in foreignLayerHosts",
        quote(host, WORD)
    )
}

/// A foreign or nondistributable layer without a URL.
#[cfg_attr(not(test), expect(dead_code, reason = "no rule asks for the manifest yet"))]
pub(super) fn foreign_layer(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(
        "has a layer of a foreign or nondistributable media type, which container runtimes may fetch from outside its repository; push the image with that layer as an ordinary one",
    )
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
                "has a manifest of more than 256 KiB, the most that is evaluated; push an image with fewer layers, platforms or annotations",
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
            Words(|f: &mut fmt::Formatter<'_>| elsewhere(f, &foreign)).to_string(),
            Words(|f: &mut fmt::Formatter<'_>| foreign_host(f, &foreign)).to_string(),
        ] {
            let (_, after) = words.split_once("\"\\\"x").unwrap();
            assert!(after.contains('…') && !after.contains('\u{202e}'), "{words}");
            assert!(words.contains("; ") && !words.ends_with('.'), "{words}");
        }
        let words = Words(foreign_layer).to_string();
        assert!(words.starts_with("has a layer of a foreign or nondistributable media type"));
    }
}
