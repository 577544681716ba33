//! The switches of the rules that have any: `scan-findings`, `image-config`, `signed`, `pinned`.

use ecr_admission_policy::policy::image_config::ImageConfigPolicy;
use ecr_admission_policy::policy::pinning::Pinning;
use ecr_admission_policy::policy::scan_findings::{ScanPolicy, Statuses};
use ecr_admission_policy::policy::signed::SignedPolicy;

use super::Explained;
use crate::policy::page::{Page, list};
use crate::policy::parameters::SEVERITY_LIMIT;

pub(super) fn explain(page: &mut Page, explained: &Explained<'_>) {
    page.title("scan-findings");
    page.row("severity limit", &severity_limit(explained));
    scan(page, &explained.policy.scan_findings);
    page.title("image-config");
    config(page, &explained.policy.image_config);
    page.title("signed");
    signed(page, &explained.policy.signed);
    page.title("pinned");
    page.note(&pinned(explained));
}

fn scan(page: &mut Page, policy: &ScanPolicy) {
    page.row("without a fix", without_a_fix(policy));
    page.row("grace", &grace(policy.grace_days));
    page.row("age of the scan", &age(policy.max_scan_age_days));
    page.row("age of its feed", &age(policy.max_feed_age_days));
    page.row("without a result", &statuses(policy.statuses));
}

fn config(page: &mut Page, policy: &ImageConfigPolicy) {
    if !policy.is_on() {
        page.note("off: neither forbiddenPorts nor nonRoot is set");
        return;
    }
    let ports = Some(list(&policy.forbidden_ports)).filter(|ports| !ports.is_empty());
    page.row("forbidden ports", &ports.unwrap_or("none".to_owned()));
    let named = "must not be root, empty or a number outside 1 to 2147483647; runAsUser of the Pod does not count";
    page.row("user", if policy.non_root { named } else { "any" });
}

fn signed(page: &mut Page, policy: &SignedPolicy) {
    if !policy.is_on() {
        page.note("off: rules.signed is not set");
        return;
    }
    page.row("profiles", &list(&policy.profiles));
    page.note("One of them is enough. This is what Amazon ECR reports; no signature is verified, and no revocation is noticed.");
}

fn severity_limit(explained: &Explained<'_>) -> String {
    let (document, given) =
        (explained.document.severity_limit(), explained.parameters.severity_limit);
    match (document, given) {
        (Some(limit), _) => format!("{limit}, as the document says"),
        (None, Some(limit)) => format!("{limit}, as the parameter SeverityLimit says"),
        (None, None) => format!(
            "as the parameter SeverityLimit says, which is {SEVERITY_LIMIT} if nobody set it"
        ),
    }
}

fn without_a_fix(scan: &ScanPolicy) -> &'static str {
    if scan.fixable_only {
        "ignored if fixAvailable is exactly NO; basic scanning never says so"
    } else {
        "counted like every finding"
    }
}

fn grace(limit: u16) -> String {
    match limit {
        0 => "none".to_owned(),
        limit => format!(
            "{} from firstObservedAt, in which a finding only warns; basic scanning has none",
            days(limit)
        ),
    }
}

fn days(days: u16) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn age(limit: Option<u16>) -> String {
    limit.map_or("any".to_owned(), |limit| {
        format!("at most {}; violated if ECR does not say", days(limit))
    })
}

fn statuses(statuses: Statuses) -> String {
    let Statuses { pending, in_progress, failed, unsupported_image, scan_eligibility_expired } =
        statuses;
    format!(
        "PENDING {pending}, IN_PROGRESS {in_progress}, FAILED {failed}, UNSUPPORTED_IMAGE {unsupported_image}, SCAN_ELIGIBILITY_EXPIRED {scan_eligibility_expired}, any other deny; never stricter than the mode of the rule"
    )
}

fn pinned(explained: &Explained<'_>) -> String {
    if explained.policy.pinning != Pinning::Off {
        return "evaluated everywhere".to_owned();
    }
    match explained.document.pin() {
        Some([]) => "off: pin names no namespace".to_owned(),
        Some(names) => format!("evaluated where pin applies: {}", list(names)),
        None => match &explained.parameters.pin_namespaces {
            Some(names) => format!("evaluated where PinNamespaces applies: {}", list(names)),
            None => "evaluated where the parameter PinNamespaces applies".to_owned(),
        },
    }
}
