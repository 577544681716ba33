//! One line for the whole run.

use crate::check::report::{CheckResult, Report};

/// How many objects had which result; a Pod of the input is one, even if it is reported with others of its owner.
pub(super) fn line(report: &Report) -> String {
    let count = |of: fn(&CheckResult) -> bool| -> usize {
        report.objects.iter().filter(|object| of(&object.result)).map(|object| object.pods).sum()
    };
    let number =
        |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let denied = count(|result| matches!(result, CheckResult::Denied));
    let unknown = count(|result| matches!(result, CheckResult::Unknown));
    let warned = count(|result| matches!(result, CheckResult::Warned));
    let audited = count(|result| matches!(result, CheckResult::Audited));
    let admitted = count(|result| matches!(result, CheckResult::Admitted));
    let ignored = count(|result| matches!(result, CheckResult::Ignored));
    let others = count(|result| matches!(result, CheckResult::NotEvaluated(_)));
    format!(
        "{}, {}: {admitted} admitted, {warned} warned, {audited} audited, {denied} denied, {unknown} unknown; \
         {ignored} ignored, {others} not evaluated, {} unreadable",
        number(count(|_| true), "object"),
        number(report.images, "image"),
        report.unreadable.len(),
    )
}
