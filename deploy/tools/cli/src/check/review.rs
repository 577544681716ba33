//! One Pod, reviewed as kube-apiserver would have it reviewed: by the mutating webhook, and then, as that left it, by the
//! validating webhook.

use std::collections::HashMap;

use ecr_admission::arrival::Arrival;
use ecr_admission::evaluator::{Evaluation, Evaluator, Validation};
use ecr_admission::inspect::InspectImage;
use ecr_admission::outcome::ReviewDecision;
use ecr_admission::policy_secret::ReadPolicy;
use ecr_admission::review::{Answer, ApiVersion, GroupVersionKind, Request, Review, UserInfo};
use ecr_admission_policy::policy::denials::Denials;
use ecr_admission_policy::{FieldPath, Mode, Reason, Violation};
use serde_json::value::{RawValue, to_raw_value};

use super::object::MadePod;
use super::prefetch::Prefetched;
use super::report::{CheckResult, FoundViolation};

/// Who creates the Pods, and whether the mutating webhook sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// `request.userInfo.username`.
    pub user: String,
    /// `request.userInfo.groups`.
    pub groups: Vec<String>,
    /// Whether the mutating webhook comes first.
    pub mutate: bool,
}

/// What admission says of a Pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// In one word.
    pub result: CheckResult,
    /// See [`super::report::CheckedObject::refusal`].
    pub refusal: Option<String>,
    /// See [`super::report::CheckedObject::break_glass`].
    pub break_glass: Option<String>,
    /// What is wrong with its images.
    pub violations: Vec<FoundViolation>,
    /// The images that were evaluated, as the file has them.
    pub images: Vec<String>,
    /// The policy that was in force; `None` where none was asked for.
    pub policy: Option<String>,
}

/// What the validating webhook says of a Pod, as the mutating webhook left it.
#[derive(Debug)]
pub struct Validated {
    /// All that it says.
    pub validation: Validation,
    /// The images that the mutating webhook replaced, as they were.
    originals: HashMap<FieldPath, String>,
}

/// Has a Pod reviewed in this namespace.
pub async fn review<I: InspectImage, R: ReadPolicy>(
    evaluator: &Evaluator<I, R>,
    pod: &MadePod,
    namespace: &str,
    circumstances: &Circumstances,
    arrival: &Arrival,
) -> Validated {
    let mut originals = HashMap::new();
    let mut mutated = None;
    if circumstances.mutate {
        let review = create(&pod.pod, namespace, circumstances);
        if let Some(replacement) = evaluator.mutate(&review, arrival).await {
            mutated = patched(&pod.pod, &replacement.answer);
            let changes = replacement.outcome.changes.into_iter();
            originals.extend(changes.map(|change| (change.path, change.original)));
        }
    }
    let object = mutated.as_deref().unwrap_or(&pod.pod);
    let validation = evaluator.validate(&create(object, namespace, circumstances), arrival).await;
    Validated { validation, originals }
}

/// The review of the creation of a Pod.
fn create<'a>(pod: &'a RawValue, namespace: &str, circumstances: &Circumstances) -> Review<'a> {
    let kind = GroupVersionKind { group: String::new(), version: "v1".into(), kind: "Pod".into() };
    let Circumstances { user, groups, .. } = circumstances;
    let user_info = UserInfo { username: Some(user.clone()), groups: Some(groups.clone()) };
    let request = Request {
        kind,
        sub_resource: None,
        name: None,
        namespace: Some(namespace.to_owned()),
        operation: "CREATE".to_owned(),
        user_info,
        object: Some(pod),
        old_object: None,
    };
    Review { version: ApiVersion::V1, uid: String::new(), request: Ok(request) }
}

/// The Pod as kube-apiserver hands it on; `None` where the patch changes nothing or does not apply, which fails the
/// request: then the Pod is evaluated as it is, and the webhooks' operator reads why elsewhere.
fn patched(pod: &RawValue, answer: &Answer) -> Option<Box<RawValue>> {
    if answer.patch.is_empty() {
        return None;
    }
    let patch = serde_json::to_value(&answer.patch).ok()?;
    let patch: json_patch::Patch = serde_json::from_value(patch).ok()?;
    let mut object = serde_json::from_str(pod.get()).ok()?;
    json_patch::patch(&mut object, &patch).ok()?;
    to_raw_value(&object).ok()
}

impl Validated {
    /// The result, where the images of `prefetched` may not be imported or scanned yet.
    pub(super) fn reviewed(self, pod: &MadePod, prefetched: &Prefetched) -> Reviewed {
        let Self { validation, originals } = self;
        let Validation { answer, outcome, evaluation } = validation;
        let is_open = |it: &Violation| {
            it.reason.is_failed_lookup() || prefetched.leaves_open(&it.image, &it.reason)
        };
        let Some(Evaluation { verdict, policy }) = evaluation else {
            let result = match (outcome.decision, &answer.denial) {
                (ReviewDecision::Ignored, _) => CheckResult::Ignored,
                (_, Some(_)) => CheckResult::Denied,
                (_, None) => CheckResult::Admitted,
            };
            return Reviewed { refusal: answer.denial, ..Reviewed::without_evaluation(result) };
        };
        let original =
            |path: &FieldPath, image: &String| originals.get(path).unwrap_or(image).clone();
        let images = verdict.images.iter().map(|it| original(&it.path, &it.image)).collect();
        let mut violations: Vec<FoundViolation> = verdict
            .violations
            .iter()
            .map(|violation| {
                let path = in_object(pod, &violation.path);
                let image = original(&violation.path, &violation.image);
                FoundViolation {
                    span: pod.images.get(&violation.path).copied(),
                    repository: repository(&image).to_owned(),
                    image,
                    rule: violation.rule,
                    mode: violation.mode,
                    unknown: is_unknown(violation, &verdict.violations, is_open),
                    text: text(
                        &Violation { path: path.clone(), ..violation.clone() },
                        policy.denials,
                    ),
                    path,
                }
            })
            .collect();
        // Stable: the paths stay in order.
        violations.sort_by_key(|violation| std::cmp::Reverse(violation.mode));
        let result = result(&violations);
        let break_glass = verdict.break_glass.as_ref().map(ToString::to_string);
        let policy = Some(policy.to_string());
        Reviewed { result, refusal: None, break_glass, violations, images, policy }
    }
}

/// What denies for a reason that is known counts before what could not be asked, and that before what would be admitted.
fn result(violations: &[FoundViolation]) -> CheckResult {
    let known = |mode| violations.iter().any(|it| it.mode == mode && !it.unknown);
    if known(Mode::Deny) {
        CheckResult::Denied
    } else if violations.iter().any(|violation| violation.unknown) {
        CheckResult::Unknown
    } else if known(Mode::Warn) {
        CheckResult::Warned
    } else if known(Mode::Audit) {
        CheckResult::Audited
    } else {
        CheckResult::Admitted
    }
}

/// Whether a violation says that something could not be asked, or that a rule had nothing to evaluate for that reason.
fn is_unknown(
    violation: &Violation,
    all: &[Violation],
    is_open: impl Fn(&Violation) -> bool,
) -> bool {
    match violation.reason {
        Reason::NotEvaluated { earlier } => {
            let earlier = |it: &&Violation| it.path == violation.path && it.rule == earlier;
            let mut before = all.iter().filter(earlier).peekable();
            before.peek().is_some() && before.all(is_open)
        }
        _ => is_open(violation),
    }
}

/// The path of an image of the Pod in the object that makes it.
fn in_object(pod: &MadePod, path: &FieldPath) -> FieldPath {
    match path.as_str().strip_prefix("spec") {
        Some(rest) => FieldPath::new(format!("{}{rest}", pod.path)),
        None => path.clone(),
    }
}

/// What the author reads.
fn text(violation: &Violation, denials: Denials) -> String {
    match denials {
        Denials::Full => violation.to_string(),
        Denials::Short => format!("{violation:#}"),
    }
}

/// The image without tag and digest.
fn repository(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    }
}

impl Reviewed {
    /// An object that is not evaluated.
    pub(super) fn without_evaluation(result: CheckResult) -> Self {
        Self {
            result,
            refusal: None,
            break_glass: None,
            violations: vec![],
            images: vec![],
            policy: None,
        }
    }
}
