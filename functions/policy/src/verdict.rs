//! The verdict on a workload, and its messages.

use std::collections::BTreeSet;
use std::fmt;

use crate::break_glass::Ruling;
use crate::image::EcrImage;
use crate::mode::Mode;
use crate::names::Digest;
use crate::plan::FieldPath;
use crate::policy::denials::Denials;
use crate::policy::excuse::Excuse;
use crate::reason::Reason;
use crate::rule::Rule;
use ecr_admission_text::{QUOTED, cut, quote};

/// The longest denial message, in characters.
pub const MESSAGE: usize = 2_048;

/// The longest warning, in characters: kube-apiserver cuts longer ones once they are many.
pub const WARNING: usize = 256;

/// The maximum number of violations among the warnings; one more warning says how many were left out.
pub const WARNINGS: usize = 15;

/// The longest quoted image in a warning, which has to leave room for the reason.
pub(crate) const WARNING_IMAGE: usize = 72;

/// What was found about a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The images that were evaluated, in field-path order.
    pub images: Vec<EvaluatedImage>,
    /// What is wrong with them, in field-path order and then in the order of the rules.
    pub violations: Vec<Violation>,
    /// The ruling on a request for break-glass, where one was made against a denial.
    pub break_glass: Option<Ruling>,
    /// The images that were looked up and violate a rule, in any mode.
    pub violating: BTreeSet<EcrImage>,
}

/// An image that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluatedImage {
    /// Where it is.
    pub path: FieldPath,
    /// The image string as the workload has it.
    pub image: String,
    /// The digest whose facts were evaluated; `None` when the image could not be inspected.
    pub digest: Option<Digest>,
    /// Whether it was allowed without being looked up, as the policy says.
    pub uninspected: bool,
}

/// One rule that one image violates, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where the image is.
    pub path: FieldPath,
    /// The image string as the workload has it.
    pub image: String,
    /// The rule.
    pub rule: Rule,
    /// Why it is violated.
    pub reason: Reason,
    /// What that does to the workload.
    pub mode: Mode,
    /// The exemption that softens it.
    pub excuse: Option<Excuse>,
}

/// Whether the workload is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is, perhaps with warnings.
    Admit,
    /// It is not.
    Deny,
}

impl Verdict {
    pub(crate) fn new(images: Vec<EvaluatedImage>, violations: Vec<Violation>) -> Self {
        Self { images, violations, break_glass: None, violating: BTreeSet::new() }
    }

    /// Deny when any violation denies.
    pub fn decision(&self) -> Decision {
        if self.of(Mode::Deny).next().is_some() { Decision::Deny } else { Decision::Admit }
    }

    /// Records the ruling on a request for break-glass; when it is honored, what denies only warns. A
    /// verdict that admits anyway stays as it is.
    pub fn apply_break_glass(&mut self, ruling: Ruling) {
        if self.decision() == Decision::Admit {
            return;
        }
        if let Ruling::Honored { .. } = ruling {
            for violation in &mut self.violations {
                violation.mode = violation.mode.min(Mode::Warn);
            }
        }
        self.break_glass = Some(ruling);
    }

    /// Whether the workload is admitted by break-glass.
    pub fn is_broken_glass(&self) -> bool {
        matches!(self.break_glass, Some(Ruling::Honored { .. }))
    }

    /// The rules that are violated with this mode.
    pub fn rules(&self, mode: Mode) -> BTreeSet<Rule> {
        self.of(mode).map(|violation| violation.rule).collect()
    }

    /// Whether a look-up failed, so that something could not be evaluated.
    pub fn has_failed_lookup(&self) -> bool {
        self.violations.iter().any(|violation| violation.reason.is_failed_lookup())
    }

    /// All that denies, in one line of at most [`MESSAGE`] characters; `None` when nothing does.
    pub fn message(&self) -> Option<String> {
        self.denial(Denials::Full)
    }

    /// The same, as much as the author of the workload may read.
    pub fn denial(&self, denials: Denials) -> Option<String> {
        self.line(Mode::Deny, denials)
    }

    /// All that is only audited, in one line, at most as long as a denial; `None` when nothing is.
    pub fn audited(&self) -> Option<String> {
        self.line(Mode::Audit, Denials::Full)
    }

    /// All that warns, in one line, at most as long as a denial; `None` when nothing does.
    pub fn warned(&self) -> Option<String> {
        self.line(Mode::Warn, Denials::Full)
    }

    /// The images that were allowed without being looked up, in one line, at most as long as a denial;
    /// `None` when there is none.
    pub fn not_inspected(&self) -> Option<String> {
        let images = || self.images.iter().filter(|image| image.uninspected);
        let text = |it: &EvaluatedImage| format!("{} {}", it.path, quote(&it.image, QUOTED));
        one_line(images().count(), images().map(text))
    }

    fn line(&self, mode: Mode, denials: Denials) -> Option<String> {
        one_line(self.of(mode).count(), self.of(mode).map(|violation| violation.text(denials)))
    }

    /// The ruling on break-glass, and what is wrong without denying: one line a violation, at most
    /// [`WARNINGS`] lines and then one that counts the rest, each of at most [`WARNING`] characters.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings_in(Denials::Full)
    }

    /// The same, as much as the author of the workload may read.
    pub fn warnings_in(&self, denials: Denials) -> Vec<String> {
        let glass = self.break_glass.iter().map(|request| cut(&request.to_string(), WARNING));
        limit_warnings(glass, self.of(Mode::Warn), |violation| violation.warning(denials))
    }

    fn of(&self, mode: Mode) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(move |violation| violation.mode == mode)
    }
}

/// As many of `count` texts as have room in [`MESSAGE`] characters, and how many more there are; `None` for
/// none. Only what fits is formatted: a Pod may hold thousands of images.
fn one_line(count: usize, texts: impl Iterator<Item = String>) -> Option<String> {
    let (mut message, mut length) = (String::new(), 0);
    for (written, text) in texts.enumerate() {
        let left = count - written;
        let rest = if left > 1 { and_more(left - 1).chars().count() + 2 } else { 0 };
        let separator = if written == 0 { "" } else { "; " };
        length += separator.len() + text.chars().count();
        message.push_str(separator);
        // The first is always written: a single one is far shorter than a message.
        if written > 0 && length + rest > MESSAGE {
            message.push_str(&and_more(left));
            break;
        }
        message.push_str(&text);
    }
    (count > 0).then_some(message)
}

/// What comes first, then `items` in these words: at most [`WARNINGS`] lines, and one more that counts the
/// rest, which is not formatted.
pub fn limit_warnings<T>(
    first: impl IntoIterator<Item = String>,
    items: impl IntoIterator<Item = T>,
    words: impl Fn(T) -> String,
) -> Vec<String> {
    let mut few: Vec<String> = first.into_iter().collect();
    let mut items = items.into_iter();
    few.extend(items.by_ref().take(WARNINGS.saturating_sub(few.len())).map(words));
    let more = items.count();
    if more > 0 {
        few.push(and_more(more));
    }
    few
}

fn and_more(count: usize) -> String {
    format!("… and {count} more")
}

impl Violation {
    fn text(&self, denials: Denials) -> String {
        match denials {
            Denials::Full => self.to_string(),
            Denials::Short => format!("{self:#}"),
        }
    }

    /// The violation in at most [`WARNING`] characters. The image and the reason may be cut; the path
    /// and the rule are whole.
    fn warning(&self, denials: Denials) -> String {
        let Self { path, image, rule, reason, .. } = self;
        let whole = self.text(denials);
        if whole.chars().count() <= WARNING {
            return whole;
        }
        let end = format!(" [{rule}]");
        let reason = match denials {
            Denials::Full => reason.to_string(),
            Denials::Short => format!("{reason:#}"),
        };
        let start = format!("{path} {}: {reason}", quote(image, WARNING_IMAGE));
        format!("{}{end}", cut(&start, WARNING - end.chars().count()))
    }
}

/// The alternate form (`{:#}`) is the short one.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, image, rule, reason, excuse, .. } = self;
        write!(f, "{path} {}: ", quote(image, QUOTED))?;
        reason.fmt(f)?;
        if f.alternate() {
            return write!(f, " [{rule}]");
        }
        if let (Some(excuse), false) = (excuse, matches!(reason, Reason::ExpiresSoon { .. })) {
            write!(f, "; exempt: {excuse}")?;
        }
        write!(f, " [{rule}]")
    }
}

#[cfg(test)]
mod tests;
