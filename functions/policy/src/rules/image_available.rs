//! `image-available`: the repository and the image exist, could be inspected, and lie in the repository
//! as a whole.

use super::case::{Case, Evaluation};
use crate::facts::index::{Child, ChildName, Index, MAX_CHILDREN, MAX_DEPTH, MAX_DESCRIPTORS};
use crate::facts::manifest::Elsewhere;
use crate::facts::{ConfigFacts, Content, ImageFacts, Inspection, NoFacts, PlatformFacts};
use crate::reason::{ElsewhereProblem, Reason};

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let Ok(image) = case.allowed else {
        return Evaluation::Skipped;
    };
    Evaluation::Evaluated(match case.inspection {
        Inspection::Inspected(facts) => inspected(case, facts),
        Inspection::RepositoryNotFound | Inspection::ImageNotFound
            if case.policy.is_imported(image) =>
        {
            vec![Reason::NotImportedYet(image.clone())]
        }
        Inspection::RepositoryNotFound => vec![Reason::RepositoryNotFound(image.clone())],
        Inspection::ImageNotFound => vec![Reason::ImageNotFound(image.clone())],
        Inspection::NotImported => vec![Reason::NotImportedYet(image.clone())],
        Inspection::Moved => vec![Reason::TagMoved],
        Inspection::Unavailable(unavailable) => vec![Reason::Unavailable(case.failed(unavailable))],
    })
}

/// What keeps an image that was found from being evaluated as what would run.
fn inspected<'a>(case: &Case<'a>, facts: &'a ImageFacts) -> Vec<Reason> {
    match &facts.content {
        Content::Image(facts) => elsewhere(case, facts, None).into_iter().collect(),
        Content::NotUnderstood(why) => {
            vec![Reason::NotUnderstood { child: None, why: why.clone() }]
        }
        Content::Index(Index::TooDeep) => vec![Reason::IndexTooDeep { limit: MAX_DEPTH }],
        Content::Index(Index::TooManyDescriptors) => {
            vec![Reason::IndexTooManyDescriptors { limit: MAX_DESCRIPTORS }]
        }
        Content::Index(Index::TooManyChildren) => too_many_children(),
        Content::Index(Index::Children(children)) => {
            let children: Vec<&Child> = case.children(children).collect();
            if children.len() > MAX_CHILDREN {
                return too_many_children();
            }
            let mut reasons = vec![];
            for reason in children.into_iter().filter_map(|it| child(case, it)) {
                // What failed for one child fails for most: once is enough.
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
            reasons
        }
    }
}

fn too_many_children() -> Vec<Reason> {
    vec![Reason::IndexTooLarge { limit: MAX_CHILDREN }]
}

fn child(case: &Case<'_>, child: &Child) -> Option<Reason> {
    match &child.facts {
        Ok(facts) => elsewhere(case, facts, Some(child)),
        // The rules that would have evaluated it say so.
        Err(NoFacts::NotInRepository) => None,
        Err(NoFacts::NotUnderstood(why)) => {
            Some(Reason::NotUnderstood { child: Some(child.name().into()), why: why.clone() })
        }
        Err(NoFacts::Unavailable(unavailable)) => {
            Some(Reason::Unavailable(case.failed(unavailable)))
        }
    }
}

/// Layers that a runtime may fetch from elsewhere were not scanned where they would come from. Windows
/// base layers may be, from hosts that the policy lists.
fn elsewhere(case: &Case<'_>, facts: &PlatformFacts, child: Option<&Child>) -> Option<Reason> {
    let Elsewhere { hosts, never } = facts.elsewhere.as_deref()?;
    let denied = |problem| {
        let child: Option<Box<ChildName>> = child.map(|child| child.name().into());
        Some(Reason::LayersElsewhere { child, problem })
    };
    let listed = &case.policy.foreign_layer_hosts;
    if let Some(what) = never {
        return denied(ElsewhereProblem::Never(what.clone()));
    }
    if let Some(host) = hosts.difference(listed).next() {
        return denied(ElsewhereProblem::Host(host.clone()));
    }
    if listed.is_empty() {
        return denied(ElsewhereProblem::ForeignLayer);
    }
    match &facts.config {
        ConfigFacts::Read(config)
            if config.os == "windows" && child.is_some_and(|it| it.windows) =>
        {
            None
        }
        ConfigFacts::Read(_) | ConfigFacts::NotRead => denied(ElsewhereProblem::NotWindows),
        ConfigFacts::Unavailable(unavailable) => {
            Some(Reason::Unavailable(case.failed(unavailable)))
        }
    }
}

#[cfg(test)]
mod tests;
