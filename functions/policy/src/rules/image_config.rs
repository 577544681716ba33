//! `image-config`: the image exposes no forbidden port and does not run as root.

use super::case::{Case, Evaluation};
use crate::facts::index::{Child, ChildName, Index};
use crate::facts::{ConfigFacts, Content, ImageConfig};
use crate::policy::image_config::ImageConfigPolicy;
use crate::reason::{ConfigProblem, Reason};

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    if !case.policy.image_config.is_on() {
        return Evaluation::NotApplicable;
    }
    let Some((_, facts)) = case.inspected() else { return Evaluation::Skipped };
    Evaluation::Evaluated(match &facts.content {
        Content::Image(facts) => reasons(case, &facts.config, None),
        Content::Index(Index::Children(children)) => case
            .children(children)
            .flat_map(|child| match &child.facts {
                Ok(facts) => reasons(case, &facts.config, Some(child)),
                Err(missing) => vec![Reason::of_missing(child, missing)],
            })
            .collect(),
        Content::Index(Index::TooDeep | Index::TooManyChildren | Index::TooManyDescriptors)
        | Content::NotUnderstood(_) => return Evaluation::Skipped,
    })
}

fn reasons(case: &Case<'_>, config: &ConfigFacts, child: Option<&Child>) -> Vec<Reason> {
    let problems = match config {
        ConfigFacts::Read(config) => problems(config, &case.policy.image_config),
        ConfigFacts::NotRead => vec![ConfigProblem::NotRead],
        ConfigFacts::Unavailable(unavailable) => {
            vec![ConfigProblem::Unavailable(case.failed(unavailable))]
        }
    };
    let child: Option<ChildName> = child.map(Child::name);
    let reason = |problem| Reason::Config { child: child.clone().map(Box::new), problem };
    problems.into_iter().map(reason).collect()
}

fn problems(config: &ImageConfig, policy: &ImageConfigPolicy) -> Vec<ConfigProblem> {
    let root = (policy.non_root && is_root(&config.user))
        .then(|| ConfigProblem::Root { user: config.user.clone() });
    let ports = config.exposed_ports.iter().filter_map(|port| {
        let readable = match number(port) {
            _ if policy.forbidden_ports.is_empty() => return None,
            Some(number) if !policy.forbidden_ports.contains(&number) => return None,
            number => number.is_some(),
        };
        Some(ConfigProblem::Port { port: port.clone(), readable })
    });
    root.into_iter().chain(ports).collect()
}

/// Whether a runtime may start the container as user 0: `User` is a name or a number, and after a colon
/// the group (OCI image specification, image configuration). Names other than `root` are trusted. A
/// number outside 1…2³¹−1 is not a user that a runtime starts a container as: some refuse it, and where
/// it is cut to 32 bits, 4294967296 is 0.
fn is_root(user: &str) -> bool {
    let user = user.split(':').next().unwrap_or_default().trim();
    let digits = user.strip_prefix(['+', '-']).unwrap_or(user);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let in_range = || user.parse::<i32>().is_ok_and(|id| id > 0);
    user.is_empty() || user == "root" || is_number && !in_range()
}

/// The port of `22/tcp`, `53/udp` or `80`.
fn number(port: &str) -> Option<u16> {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    let number = number.parse().ok().filter(|number| digits && *number > 0)?;
    (!protocol.is_empty() && protocol.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(number)
}

#[cfg(test)]
mod tests;
