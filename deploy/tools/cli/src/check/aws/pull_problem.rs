//! Why an image was not pulled, in one line that says what to do.

use std::fmt;

use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::{Digest, Tag};
use ecr_admission_policy::text::{QUOTED, cut, printable};
use serde::Deserialize;

/// Why the manifest of an image was not pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullProblem {
    /// Neither Amazon ECR nor the upstream registry has it, by this tag.
    NotFound(String),
    /// Amazon ECR did not create the repository, which is also its answer to credentials that may not.
    NoRepository(String),
    /// The cache does not hold this digest, and Amazon ECR imports nothing by digest.
    NotImported,
    /// Upstream, the tag that is written beside the digest is another image by now.
    TagMoved {
        /// The tag.
        tag: Tag,
        /// What it is now.
        to: Digest,
    },
    /// Amazon ECR does not let the credentials import images.
    NotAllowed(String),
    /// The upstream registry, or the cache rule, does not let Amazon ECR have it.
    Forbidden(String),
    /// Too many requests, for Amazon ECR or for the upstream registry.
    TooManyRequests(String),
    /// There is no password for the registry.
    NoPassword(String),
    /// The registry could not be reached.
    Unreachable(String),
    /// It took longer than there was time for.
    TimedOut,
    /// Another answer than any of these.
    Failed(String),
}

/// The body of an error (OCI distribution specification).
#[derive(Deserialize)]
struct Errors {
    errors: Vec<RegistryError>,
}

#[derive(Deserialize)]
struct RegistryError {
    code: String,
    #[serde(default)]
    message: String,
}

impl PullProblem {
    /// What an answer with this status says about the image with this id.
    pub(super) fn of(status: u16, body: &[u8], id: &ImageId) -> Self {
        let errors = serde_json::from_slice(body).map_or(vec![], |it: Errors| it.errors);
        let of_first = |part: fn(&RegistryError) -> &str| errors.first().map(part);
        let message = of_first(|error| &error.message).unwrap_or_default();
        let is_repository = of_first(|error| &error.code) == Some("NAME_UNKNOWN");
        let said = match cut(&printable(message), QUOTED) {
            message if message.is_empty() => format!("HTTP {status}"),
            message => format!("HTTP {status}: {message}"),
        };
        match (status, id) {
            (404, ImageId::Tag(_)) if is_repository => Self::NoRepository(said),
            (404, ImageId::Tag(_)) => Self::NotFound(said),
            (404, ImageId::Digest(_)) => Self::NotImported,
            (401 | 403, _) if message.contains("not authorized to perform") => {
                Self::NotAllowed(said)
            }
            (401 | 403, _) => Self::Forbidden(said),
            (429, _) => Self::TooManyRequests(said),
            (500..=599, _) => Self::Unreachable(format!("the registry failed ({said})")),
            _ => Self::Failed(format!("the registry gave no manifest ({said}); try again")),
        }
    }

    /// Whether it says what a node would find, too, so that a denial for the missing image is right.
    pub fn is_about_image(&self) -> bool {
        matches!(self, Self::NotFound(_) | Self::NotImported | Self::TagMoved { .. })
    }

    /// Whether another try may have another result.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::TooManyRequests(_) | Self::Unreachable(_))
    }
}

impl fmt::Display for PullProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(said) => write!(
                f,
                "Amazon ECR did not get it from the upstream registry ({said}); check its name and tag, and the upstream registry of the pull-through cache rule"
            ),
            Self::NoRepository(said) => write!(
                f,
                "Amazon ECR did not create its repository ({said}); allow ecr:CreateRepository and ecr:BatchImportUpstreamImage, and check the prefix of the pull-through cache rule"
            ),
            Self::NotImported => f.write_str(
                "the pull-through cache does not hold this digest, and Amazon ECR imports nothing by digest; write the tag before the digest, or pull it once by its tag",
            ),
            Self::TagMoved { tag, to } => write!(
                f,
                "the pull-through cache does not hold this digest, and the tag {tag} is {} now; update the digest",
                to.short()
            ),
            Self::NotAllowed(said) => write!(
                f,
                "the AWS credentials may not import it; allow ecr:BatchImportUpstreamImage, and ecr:CreateRepository for a repository that does not exist yet ({said})"
            ),
            Self::Forbidden(said) => write!(
                f,
                "the pull was refused ({said}); check the credentials that the pull-through cache rule has for the upstream registry"
            ),
            Self::TooManyRequests(said) => write!(
                f,
                "there were too many requests for Amazon ECR or the upstream registry ({said}); try again later"
            ),
            Self::Unreachable(problem) => {
                write!(f, "{problem}; check the network and the proxy, and try again")
            }
            Self::TimedOut => {
                f.write_str("it was not pulled in time; try again, or raise --prefetch-timeout")
            }
            Self::NoPassword(problem) | Self::Failed(problem) => f.write_str(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> String {
        PullProblem::of(status, body.as_bytes(), &ImageId::Tag(Tag::latest())).to_string()
    }

    fn error(message: &str) -> String {
        serde_json::json!({"errors": [{"code": "X", "message": message}]}).to_string()
    }

    #[test]
    fn each_answer_says_what_to_do() {
        let not_allowed = "User: arn:aws:iam::1:user/a is not authorized to perform: ecr:BatchImportUpstreamImage";
        for (status, body, expected) in [
            (
                404,
                error("Requested image not found"),
                "Amazon ECR did not get it from the upstream registry (HTTP 404: Requested image not found); check its name and tag, and the upstream registry of the pull-through cache rule",
            ),
            (
                403,
                error(not_allowed),
                "the AWS credentials may not import it; allow ecr:BatchImportUpstreamImage, and ecr:CreateRepository for a repository that does not exist yet (HTTP 403: User: arn:aws:iam::1:user/a is not authorized to perform: ecr:BatchImportUpstreamImage)",
            ),
            (
                403,
                error("denied\u{1b}[31m"),
                "the pull was refused (HTTP 403: denied[31m); check the credentials that the pull-through cache rule has for the upstream registry",
            ),
            (
                429,
                error("toomanyrequests: pull rate limit"),
                "there were too many requests for Amazon ECR or the upstream registry (HTTP 429: toomanyrequests: pull rate limit); try again later",
            ),
            (
                502,
                "<html>".to_owned(),
                "the registry failed (HTTP 502); check the network and the proxy, and try again",
            ),
            (307, String::new(), "the registry gave no manifest (HTTP 307); try again"),
        ] {
            assert_eq!(of(status, &body), expected);
        }
    }

    #[test]
    fn only_what_is_known_of_the_image_is_a_reason_to_deny_it() {
        let id = ImageId::Tag(Tag::latest());
        for (status, is_about_image, may_pass) in [
            (404, true, false),
            (403, false, false),
            (429, false, true),
            (503, false, true),
            (307, false, false),
        ] {
            let problem = PullProblem::of(status, b"", &id);
            assert_eq!((problem.is_about_image(), problem.may_pass()), (is_about_image, may_pass));
        }
    }
}
