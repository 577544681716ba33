//! Who may break the glass.

use ecr_admission_policy::break_glass::{ANNOTATION, VARIABLE};
use ecr_admission_policy::document::Document;
use ecr_admission_policy::text::quote;

use crate::page::{Page, list};

pub(super) fn explain(page: &mut Page, document: &Document) {
    page.title("Break-glass");
    let Some(allowed) = document.break_glass() else {
        page.note(&format!(
            "nobody: the annotation {ANNOTATION} is ignored, and its author told so"
        ));
        return;
    };
    let groups: Vec<String> = allowed.groups().map(|group| quote(group, 256)).collect();
    if groups.is_empty() {
        page.row("groups", "none, so nobody");
        return;
    }
    page.row("groups", &list(groups));
    page.note(&format!(
        "A Pod that one of them creates with the annotation {ANNOTATION}: <reason> is admitted whatever its images, counted, logged and alarmed. This works for Pods that are created directly only: the Pods of a Deployment, a Job or any other controller carry the controller's groups. Of an update, the annotation counts only where the update changes it. For ephemeral containers it never counts: there the reason is the value of the variable {VARIABLE} in every one that is added (kubectl debug --env)."
    ));
}
