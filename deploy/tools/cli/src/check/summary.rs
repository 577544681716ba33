//! How many objects have which result, and the exit code.

use std::fmt;

use ecr_admission_policy::Mode;
use serde::Serialize;

use super::report::{CheckResult, Report};
use crate::Answer;

/// The counts of a report. Pods that are reported together count each; the results make up all objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// All objects.
    pub objects: usize,
    /// Distinct images that were evaluated.
    pub images: usize,
    /// Objects whose Pods would be denied.
    pub denied: usize,
    /// Objects of which something could not be asked.
    pub unknown: usize,
    /// Objects whose Pods would be admitted with a warning.
    pub warned: usize,
    /// Objects whose Pods would be admitted and audited.
    pub audited: usize,
    /// Objects whose Pods would be admitted.
    pub admitted: usize,
    /// Objects in ignored namespaces.
    pub ignored: usize,
    /// Objects that are not evaluated.
    pub not_evaluated: usize,
    /// What could not be read.
    pub unreadable: usize,
}

impl Summary {
    /// The counts.
    pub fn of(report: &Report) -> Self {
        let (images, unreadable) = (report.images, report.unreadable.len());
        let mut summary = Self { images, unreadable, ..Self::default() };
        for object in &report.objects {
            let count = match object.result {
                CheckResult::Denied => &mut summary.denied,
                CheckResult::Unknown => &mut summary.unknown,
                CheckResult::Warned => &mut summary.warned,
                CheckResult::Audited => &mut summary.audited,
                CheckResult::Admitted => &mut summary.admitted,
                CheckResult::Ignored => &mut summary.ignored,
                CheckResult::NotEvaluated(_) => &mut summary.not_evaluated,
            };
            *count += object.pods;
            summary.objects += object.pods;
        }
        summary
    }

    /// The exit code: 1 where something has a result that fails, which counts first; 2 where something could not be
    /// read or asked, or where there is nothing to evaluate.
    pub fn exit_code(&self, fail_on: Mode, allow_empty: bool) -> u8 {
        let failed = match fail_on {
            Mode::Deny => self.denied,
            Mode::Warn => self.denied + self.warned,
            Mode::Audit => self.denied + self.warned + self.audited,
        };
        let is_empty = self.objects == self.not_evaluated;
        if failed > 0 {
            Answer::BAD
        } else if self.unreadable > 0 || self.unknown > 0 || (is_empty && !allow_empty) {
            Answer::UNUSABLE
        } else {
            Answer::GOOD
        }
    }
}

/// `14 objects, 31 images: 1 denied, 2 warned, 8 admitted, 3 not evaluated`. Of the results, those that nothing has are
/// left out, except for what is denied.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        let Self { objects, images, denied, .. } = *self;
        write!(
            f,
            "{objects} object{}, {images} image{}: {denied} denied",
            plural(objects),
            plural(images)
        )?;
        let results = [
            (self.unknown, "unknown"),
            (self.warned, "warned"),
            (self.audited, "audited"),
            (self.admitted, "admitted"),
            (self.ignored, "ignored"),
            (self.not_evaluated, "not evaluated"),
        ];
        for (count, result) in results.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {result}")?;
        }
        match self.unreadable {
            0 => Ok(()),
            count => write!(f, "; {count} not read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_that_of_the_worst_result() {
        use Mode::{Audit, Deny, Warn};
        let of = |denied, unknown, warned, audited, admitted| Summary {
            objects: denied + unknown + warned + audited + admitted,
            denied,
            unknown,
            warned,
            audited,
            admitted,
            ..Summary::default()
        };
        for (summary, on_deny, on_warn, on_audit) in [
            (of(0, 0, 0, 0, 1), 0, 0, 0),
            (of(0, 0, 0, 1, 1), 0, 0, 1),
            (of(0, 0, 1, 0, 1), 0, 1, 1),
            (of(0, 1, 1, 0, 1), 2, 1, 1),
            (of(0, 1, 0, 0, 9), 2, 2, 2),
            (of(1, 1, 0, 0, 9), 1, 1, 1),
            (of(0, 0, 0, 0, 0), 2, 2, 2),
            (Summary { unreadable: 1, ..of(0, 0, 0, 0, 1) }, 2, 2, 2),
            (Summary { unreadable: 1, ..of(1, 0, 0, 0, 1) }, 1, 1, 1),
        ] {
            for (mode, code) in [(Deny, on_deny), (Warn, on_warn), (Audit, on_audit)] {
                assert_eq!(summary.exit_code(mode, false), code, "{summary} {mode}");
            }
        }
        let nothing = Summary { objects: 2, not_evaluated: 2, ..Summary::default() };
        assert_eq!((nothing.exit_code(Deny, false), nothing.exit_code(Deny, true)), (2, 0));
        // What is admitted without evaluation is admitted.
        let ignored = Summary { objects: 2, not_evaluated: 1, ignored: 1, ..Summary::default() };
        assert_eq!(ignored.exit_code(Deny, false), 0);
    }

    #[test]
    fn the_line_names_what_there_is() {
        let summary = Summary {
            objects: 14,
            images: 31,
            warned: 2,
            admitted: 9,
            ignored: 1,
            not_evaluated: 2,
            ..Summary::default()
        };
        assert_eq!(
            summary.to_string(),
            "14 objects, 31 images: 0 denied, 2 warned, 9 admitted, 1 ignored, 2 not evaluated"
        );
        let summary =
            Summary { objects: 1, images: 1, denied: 1, unreadable: 2, ..Summary::default() };
        assert_eq!(summary.to_string(), "1 object, 1 image: 1 denied; 2 not read");
    }
}
