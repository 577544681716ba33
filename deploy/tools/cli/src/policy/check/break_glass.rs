//! Who may use break-glass.

use ecr_admission_policy::break_glass::{ANNOTATION, VARIABLE};
use ecr_admission_policy::document::Document;
use ecr_admission_policy::text::quote;

use crate::policy::page::{Page, list};

pub(super) fn explain(page: &mut Page, document: &Document) {
    page.title("Break-glass");
    let Some(allowed) = document.break_glass() else {
        page.note(&format!(
            "nobody: the annotation {ANNOTATION} is ignored, and its author gets a warning"
        ));
        return;
    };
    let groups: Vec<String> = allowed.groups().map(|group| quote(group, 256)).collect();
    if groups.is_empty() {
        page.row("groups", "none, so nobody");
        return;
    }
    page.row("groups", &list(groups));
    if !allowed.clusters().is_all() {
        page.row("clusters", &format!("only {}", allowed.clusters()));
    }
    page.note(&format!(
        "A Pod that a member creates with the annotation {ANNOTATION}: <reason> is admitted whatever its images; it is counted, logged and raises an alarm. This works only for Pods that are created directly: the Pods of a Deployment, a Job or any other controller carry the groups of the controller. In an update, the annotation counts only if the update changes it. For ephemeral containers it never counts: there, set the variable {VARIABLE} to the reason in every one that you add (kubectl debug --env)."
    ));
}
