//! The mutating webhook: which images are rewritten or pinned, and what they become.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Inspection;
use crate::image::{EcrImage, EcrReference, ImageId, ImageReference};
use crate::plan::FieldPath;
use crate::policy::Policy;
use crate::rewrite::RewriteTable;
use crate::rules::{Case, Evaluation, image_available};
use crate::timestamp::Timestamp;
use crate::verdict::{WARNING, WARNING_IMAGE};
use ecr_admission_text::{cut, quote};

/// What is to be done to the images of a workload. Made by [`mutate`], ended by [`Mutation::finish`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation(Vec<Candidate>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    path: FieldPath,
    original: String,
    rewritten: Option<String>,
    /// What is to get its digest.
    to_pin: Option<EcrReference>,
}

/// An image that is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is.
    pub path: FieldPath,
    /// As its author wrote it.
    pub original: String,
    /// As it will run.
    pub image: String,
    /// Whether the operator's table mapped it.
    pub rewritten: bool,
    /// Whether it got its digest.
    pub pinned: bool,
}

/// The result of a mutation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mutated {
    /// The images to replace.
    pub changes: Vec<Change>,
    /// The images that were to get a digest and could not, for their author.
    pub warnings: Vec<String>,
}

/// What an injector replaces by an image of its own, such as Istio's in a gateway's Pod (`image: auto`).
/// Mapped to a registry, it would no longer be replaced.
const PLACEHOLDER: &str = "auto";

/// Rewrites `images` by the operator's table and, where `pin` is on, chooses those to pin: what is in
/// an allowed registry, inspected, and named by tag.
pub fn mutate(
    images: impl IntoIterator<Item = (FieldPath, String)>,
    table: &RewriteTable,
    pin: bool,
    policy: &Policy,
) -> Mutation {
    let candidate = |(path, original): (FieldPath, String)| {
        let rewritten = table.rewrite(&original);
        let to_pin = match rewritten.as_deref().unwrap_or(&original).parse() {
            Ok(ImageReference::Ecr(reference)) => Some(reference),
            Ok(ImageReference::Other(_)) | Err(_) => None,
        };
        let to_pin = to_pin.filter(|reference| {
            let image = reference.image();
            pin && policy.inspects(&image) && matches!(image.id, ImageId::Tag(_))
        });
        Candidate { path, original, rewritten, to_pin }
    };
    let images = images.into_iter().filter(|(_, image)| image != PLACEHOLDER);
    Mutation(images.map(candidate).collect())
}

impl Mutation {
    /// The images to look up for their digest, each once.
    pub fn lookups(&self) -> BTreeSet<EcrImage> {
        let to_pin = self.0.iter().filter_map(|candidate| candidate.to_pin.as_ref());
        to_pin.map(EcrReference::image).collect()
    }

    /// The changes, with the digests in `inspections`. An image that has none there is left as it is, or
    /// only rewritten: the validating webhook denies it.
    pub fn finish(self, inspections: &BTreeMap<EcrImage, Inspection>, policy: &Policy) -> Mutated {
        let mut mutated = Mutated::default();
        for Candidate { path, original, rewritten, to_pin } in self.0 {
            let pinned = to_pin.and_then(|reference| {
                let image = reference.image();
                let inspection = inspections.get(&image);
                if let Some(Inspection::Inspected(facts)) = inspection {
                    return Some(reference.pin(&facts.digest).to_string());
                }
                mutated.warnings.push(not_pinned(&path, &original, &image, inspection, policy));
                None
            });
            let (is_rewritten, is_pinned) = (rewritten.is_some(), pinned.is_some());
            if let Some(image) = pinned.or(rewritten) {
                mutated.changes.push(Change {
                    path,
                    original,
                    image,
                    rewritten: is_rewritten,
                    pinned: is_pinned,
                });
            }
        }
        mutated
    }
}

fn not_pinned(
    path: &FieldPath,
    original: &str,
    image: &EcrImage,
    inspection: Option<&Inspection>,
    policy: &Policy,
) -> String {
    let why = inspection.map(|inspection| {
        // Whether an image is available does not depend on the time.
        let now = Timestamp::from_seconds(0);
        let volume = path.is_volume();
        let case = Case { allowed: Ok(image), uninspected: false, inspection, policy, now, volume };
        match image_available::check(&case) {
            Evaluation::Evaluated(reasons) => reasons.iter().map(ToString::to_string).collect(),
            Evaluation::NotApplicable | Evaluation::Skipped => String::new(),
        }
    });
    let why = why.unwrap_or_else(|| "was not looked up".to_owned());
    cut(&format!("{path} {}: not pinned: {why}", quote(original, WARNING_IMAGE)), WARNING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Cause, Unavailable};
    use crate::testing::{clean, digest, policy};

    const OURS: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

    fn run(pin: bool, image: &str, inspection: Option<&Inspection>) -> Mutated {
        let table = RewriteTable::parse(&format!("docker.io/={OURS}/hub/"), &policy()).unwrap();
        let mutation = mutate([(FieldPath::new("p"), image.to_owned())], &table, pin, &policy());
        let found =
            mutation.lookups().into_iter().filter_map(|image| Some((image, inspection?.clone())));
        let found = found.collect();
        mutation.finish(&found, &policy())
    }

    #[test]
    fn what_was_evaluated_is_what_runs() {
        let inspected = Inspection::Inspected(clean().into());
        let found = || Some(&inspected);
        let a = digest('a');
        let elsewhere = "210987654321.dkr.ecr.us-east-1.amazonaws.com/pay:1";
        let pinned_already = format!("{OURS}/pay:1@{a}");
        for (pin, image, expected) in [
            (true, format!("{OURS}/pay:1"), Some(format!("{OURS}/pay:1@{a}"))),
            (true, format!("{OURS}/pay"), Some(format!("{OURS}/pay:latest@{a}"))),
            (true, "nginx:1".to_owned(), Some(format!("{OURS}/hub/library/nginx:1@{a}"))),
            (true, pinned_already.clone(), None),
            (true, elsewhere.to_owned(), None),
            (true, "quay.io/team/app:1".to_owned(), None),
            (true, "ngi nx".to_owned(), None),
            (true, "auto".to_owned(), None),
            (false, "auto".to_owned(), None),
            (false, "auto:1".to_owned(), Some(format!("{OURS}/hub/library/auto:1"))),
            (false, "library/auto".to_owned(), Some(format!("{OURS}/hub/library/auto:latest"))),
            (true, String::new(), None),
            (false, format!("{OURS}/pay:1"), None),
            (false, "nginx:1".to_owned(), Some(format!("{OURS}/hub/library/nginx:1"))),
        ] {
            let mutated = run(pin, &image, found());
            let changed: Vec<&String> =
                mutated.changes.iter().map(|change| &change.image).collect();
            assert_eq!(changed, expected.iter().collect::<Vec<_>>(), "{pin} {image}");
            assert_eq!(mutated.warnings, [] as [&str; 0]);
            // A second time changes nothing.
            if let (true, Some(image)) = (pin, expected) {
                assert_eq!(run(true, &image, found()), Mutated::default(), "{image}");
            }
        }
    }

    #[test]
    fn what_cannot_be_looked_up_is_left_alone_with_a_warning() {
        let unavailable =
            Unavailable { operation: "ecr:DescribeRepositories", cause: Cause::TimedOut };
        for (inspection, warning) in [
            (
                Some(Inspection::Unavailable(unavailable)),
                "not pinned: could not be evaluated: ecr:DescribeRepositories timed out",
            ),
            (
                Some(Inspection::ImageNotFound),
                "not pinned: repository \"pay\" holds no image with tag \"1\"",
            ),
            (None, "not pinned: was not looked up"),
        ] {
            let mutated = run(true, &format!("{OURS}/pay:1"), inspection.as_ref());
            assert_eq!(mutated.changes, []);
            assert!(mutated.warnings[0].contains(warning), "{:?}", mutated.warnings);
            let mutated = run(true, "nginx:1", inspection.as_ref());
            assert_eq!(mutated.changes[0].image, format!("{OURS}/hub/library/nginx:1"));
            assert!((mutated.changes[0].rewritten, mutated.changes[0].pinned) == (true, false));
        }
    }
}
