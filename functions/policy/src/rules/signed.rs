//! `signed`: Amazon ECR says that it signed the image with a profile that the operator lists.

use super::case::{Case, Evaluation};
use crate::facts::{SigningFacts, SigningState, SigningStatus};
use crate::policy::signed::SignedPolicy;
use crate::reason::{Reason, SigningProblem};

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let policy = &case.policy.signed;
    if !policy.is_on() {
        return Evaluation::NotApplicable;
    }
    // Whatever the image holds: the digest that the workload names is what must be signed.
    let Some((_, facts)) = case.inspected() else { return Evaluation::Skipped };
    let problem = match &facts.signing {
        SigningFacts::Read(statuses) => problem(statuses, policy),
        SigningFacts::NotRead => Some(SigningProblem::NotRead),
        SigningFacts::Unavailable(unavailable) => {
            Some(SigningProblem::Unavailable(case.failed(unavailable)))
        }
    };
    Evaluation::Evaluated(problem.map(Reason::Signing).into_iter().collect())
}

/// One signature of a listed profile is enough. Without one, what a minute may change is named before what
/// somebody must correct.
fn problem(statuses: &[SigningStatus], policy: &SignedPolicy) -> Option<SigningProblem> {
    let mut worst = None;
    for SigningStatus { profile, state } in statuses.iter().filter(|it| policy.lists(&it.profile)) {
        let profile = profile.clone();
        let (rank, problem) = match state {
            SigningState::Complete => return None,
            SigningState::InProgress => (0, SigningProblem::InProgress { profile }),
            SigningState::Failed { code, reason } => {
                let (code, reason) = (code.clone(), reason.clone());
                (1, SigningProblem::Failed { profile, code, reason })
            }
            SigningState::Unknown(word) => {
                (2, SigningProblem::Unknown { profile, word: word.clone() })
            }
        };
        if worst.as_ref().is_none_or(|(known, _)| rank < *known) {
            worst = Some((rank, problem));
        }
    }
    let other = || statuses.first().map(|status| status.profile.clone());
    Some(worst.map_or_else(|| SigningProblem::NotSigned { other: other() }, |(_, it)| it))
}

#[cfg(test)]
mod tests;
