//! Foreign words inside a reason.

use std::fmt;

use ecr_admission_text::quote;

/// The longest foreign word inside a reason, in characters. Names of ECR have limits of their own.
pub(super) const WORD: usize = 64;

pub(super) fn unknown_word(f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
    write!(f, "{}, which this version of ecr-admission does not know", quote(word, WORD))
}
