//! The rules, each in a file named after its id.

use crate::rule::Rule;

mod case;
pub(crate) mod ecr_registry;
pub(crate) mod image_available;
mod image_config;
mod pinned;
mod scan_findings;
mod scan_on_push;
mod signed;
mod tag_immutability;
#[cfg(test)]
mod testing;

pub(crate) use case::{Case, Evaluation};

impl Rule {
    /// Evaluates one image by this rule.
    pub(crate) fn check(self, case: &Case<'_>) -> Evaluation {
        if case.uninspected && !matches!(self, Self::EcrRegistry | Self::Pinned) {
            return Evaluation::NotApplicable;
        }
        match self {
            Self::EcrRegistry => ecr_registry::check(case),
            Self::ImageAvailable => image_available::check(case),
            Self::TagImmutability => tag_immutability::check(case),
            Self::Pinned => pinned::check(case),
            Self::ScanOnPush => scan_on_push::check(case),
            Self::ScanFindings => scan_findings::check(case),
            Self::ImageConfig => image_config::check(case),
            Self::Signed => signed::check(case),
        }
    }
}
