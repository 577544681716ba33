//! `ecr-admission policy test`: the cases of an operator, evaluated by a document.

use std::collections::{BTreeMap, BTreeSet};

use ecr_admission_policy::break_glass::{Asked, Ruling};
use ecr_admission_policy::document::Document;
use ecr_admission_policy::facts::Inspection;
use ecr_admission_policy::image::EcrImage;
use ecr_admission_policy::policy::exemption::Requester;
use ecr_admission_policy::{Decision, FieldPath, Mode, Rule, Timestamp, decide, plan};

use crate::Answer;
use crate::policy::cases::{self, Case, CaseResult};
use crate::policy::options::{Parameters, PolicyTest};
use crate::read::{self, Unusable};

mod report;

pub(crate) fn run(options: &PolicyTest, now: Timestamp) -> Answer {
    let read = || Ok((read::document(&options.document)?.0, cases::read(&options.cases, now)?));
    let (document, cases) = match read() {
        Ok(read) => read,
        Err(Unusable::Bad(problem) | Unusable::Unreadable(problem)) => {
            return Answer::refused(&problem, Answer::UNUSABLE);
        }
    };
    let results: Vec<(&Case, Outcome)> =
        cases.iter().map(|case| (case, evaluate(case, &document, &options.parameters))).collect();
    let good = results.iter().all(|(case, outcome)| outcome.is_expected(case));
    let out = report::report(&results, &options.parameters);
    Answer { out, err: String::new(), code: if good { Answer::GOOD } else { Answer::BAD } }
}

/// What happened to a Pod.
#[derive(Debug)]
struct Outcome {
    result: CaseResult,
    /// The rules that had that result; of a Pod that is admitted, those that are audited.
    rules: BTreeSet<Rule>,
    /// What its author reads, a line each.
    messages: Vec<String>,
    /// What only logs and metrics show.
    audited: Option<String>,
    /// Whether the image was admitted without being looked up.
    uninspected: bool,
}

impl Outcome {
    fn is_expected(&self, case: &Case) -> bool {
        self.result == case.expect && case.rules.as_ref().is_none_or(|rules| *rules == self.rules)
    }
}

/// Evaluates a Pod with one container, as the admission function does once it has asked ECR.
fn evaluate(case: &Case, document: &Document, parameters: &Parameters) -> Outcome {
    let namespace = Some(case.namespace.as_str());
    let base = parameters.base(document, &case.image, namespace);
    let cluster = Some(case.cluster.as_str());
    let requester = Requester { cluster, namespace, user: case.user.as_deref() };
    let policy = document.policy(base, &requester, case.at);
    let images = [(FieldPath::new("spec.containers[0].image"), case.image.clone())];
    let plan = plan(images, Mode::Deny, &policy);
    let lookups = plan.lookups().into_iter();
    let found: BTreeMap<EcrImage, Inspection> = lookups
        .map(|image| {
            let inspection = case.facts.inspection(&image, &policy.signed, case.at);
            (image, inspection)
        })
        .collect();
    let mut verdict = decide(&plan, &found, &policy, case.at);
    if let Some(reason) = &case.break_glass {
        let asked = Asked::Annotation(reason.clone());
        verdict.apply_break_glass(Ruling::of(
            document.break_glass(),
            cluster,
            &asked,
            &case.groups,
        ));
    }
    let warnings = verdict.warnings_in(policy.denials);
    let (result, mode) = match verdict.decision() {
        Decision::Deny => (CaseResult::Deny, Mode::Deny),
        Decision::Admit if warnings.is_empty() => (CaseResult::Admit, Mode::Audit),
        Decision::Admit => (CaseResult::Warn, Mode::Warn),
    };
    Outcome {
        result,
        rules: verdict.rules(mode),
        messages: verdict.denial(policy.denials).into_iter().chain(warnings).collect(),
        audited: verdict.audited(),
        uninspected: verdict.not_inspected().is_some(),
    }
}
