//! The rules as GitHub shows them beside an alert.

use ecr_admission_policy::Rule;

use super::format::{Configuration, Help, Level, Message, RuleDescriptor, RuleProperties};

/// The place of a rule in the list of a run.
pub(super) fn index(rule: Rule) -> Option<usize> {
    Rule::ALL.iter().position(|one| *one == rule)
}

/// A rule, declared in every run: GitHub closes an alert when its rule ran and did not find it again.
pub(super) fn descriptor(rule: Rule) -> RuleDescriptor {
    let Text { title, fix, severity } = text(rule);
    let passes_when = rule.passes_when();
    RuleDescriptor {
        id: rule.id(),
        short_description: Message { text: title.to_owned() },
        full_description: Message { text: format!("{title}. The rule passes when {passes_when}.") },
        help: Help {
            text: format!(
                "{title}.\n\nThe rule {rule} passes when {passes_when}.\n\nWhat to do: {fix}"
            ),
            markdown: format!(
                "{title}.\n\nThe rule `{rule}` passes when {passes_when}.\n\n**What to do:** {fix}"
            ),
        },
        // What a rule does unless the policy document says otherwise; a result has the level of its own mode.
        default_configuration: Configuration { level: Level::Error },
        properties: RuleProperties {
            precision: "very-high",
            security_severity: severity,
            tags: ["security"],
        },
    }
}

/// What is not in the documentation of the rules.
struct Text {
    /// What is wrong when it is violated.
    title: &'static str,
    /// What to do about it.
    fix: &'static str,
    /// The score by which GitHub sorts alerts: 7.0 to 8.9 is high, 4.0 to 6.9 medium.
    severity: &'static str,
}

fn text(rule: Rule) -> Text {
    match rule {
        Rule::EcrRegistry => Text {
            title: "The image is not from an allowed Amazon ECR registry",
            fix: "push the image to an allowed registry, and use that reference.",
            severity: "8.8",
        },
        Rule::ImageAvailable => Text {
            title: "The image does not exist in Amazon ECR, or cannot be inspected",
            fix: "push the image, or correct its reference.",
            severity: "7.0",
        },
        Rule::TagImmutability => Text {
            title: "The tag of the image can be overwritten",
            fix: "set image tag mutability of the repository to IMMUTABLE, or pin the image by digest.",
            severity: "6.5",
        },
        Rule::Pinned => Text {
            title: "The image is not pinned by digest",
            fix: "name the digest of the image, or apply the mutating webhook configuration, which pins it.",
            severity: "5.0",
        },
        Rule::ScanOnPush => Text {
            title: "The repository does not scan images when they are pushed",
            fix: "add the repository to a filter of the registry's scanning configuration, then push or scan the image again.",
            severity: "5.5",
        },
        Rule::ScanFindings => Text {
            title: "The image has known vulnerabilities, or its scan is not complete",
            fix: "update the packages that the message names, push the image, and wait for its scan.",
            severity: "8.9",
        },
        Rule::ImageConfig => Text {
            title: "The image runs as root, or exposes a forbidden port",
            fix: "set USER in the image to a user ID other than 0, and remove the forbidden port from EXPOSE.",
            severity: "6.0",
        },
    }
}
