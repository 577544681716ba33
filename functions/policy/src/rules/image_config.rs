//! `image-config`: the image exposes no forbidden port and does not run as root.

use super::case::{Case, Evaluation};
use crate::facts::index::{Child, ChildName, Index};
use crate::facts::{ConfigFacts, Content, ImageConfig};
use crate::policy::image_config::ImageConfigPolicy;
use crate::reason::{ConfigProblem, Reason};

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let policy = &case.policy.image_config;
    if !policy.is_on() {
        return Evaluation::NotApplicable;
    }
    let Some((_, facts)) = case.inspected() else { return Evaluation::Skipped };
    Evaluation::Evaluated(match &facts.content {
        Content::Image(facts) => reasons(&facts.config, policy, None),
        Content::Index(Index::Children(children)) => case
            .children(children)
            .flat_map(|child| match &child.facts {
                Ok(facts) => reasons(&facts.config, policy, Some(child)),
                Err(missing) => vec![Reason::of_missing(child, missing)],
            })
            .collect(),
        Content::Index(Index::TooDeep | Index::TooManyChildren | Index::TooManyDescriptors)
        | Content::NotUnderstood(_) => return Evaluation::Skipped,
    })
}

fn reasons(config: &ConfigFacts, policy: &ImageConfigPolicy, child: Option<&Child>) -> Vec<Reason> {
    let problems = match config {
        ConfigFacts::Read(config) => problems(config, policy),
        ConfigFacts::NotRead => vec![ConfigProblem::NotRead],
        ConfigFacts::Unavailable(unavailable) => {
            vec![ConfigProblem::Unavailable(unavailable.clone())]
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
mod tests {
    use super::*;
    use crate::facts::index::Platform;
    use crate::facts::{Inspection, NoFacts, PlatformFacts};
    use crate::policy::Policy;
    use crate::testing::{NOW, clean, digest, policy, scan, tagged};

    fn evaluate(policy: &Policy, content: Content) -> Option<Vec<String>> {
        let inspection = Inspection::Inspected({
            let mut facts = clean();
            facts.content = content;
            facts.into()
        });
        let lookup = tagged("1.2");
        let case =
            Case { lookup: Ok(&lookup), inspection: &inspection, policy, now: NOW, volume: false };
        match check(&case) {
            Evaluation::Evaluated(reasons) => Some(reasons.iter().map(Reason::to_string).collect()),
            Evaluation::NotApplicable => None,
            Evaluation::Skipped => panic!("an inspected image is evaluated"),
        }
    }

    fn switched(forbidden_ports: &[u16], non_root: bool) -> Policy {
        let forbidden_ports = forbidden_ports.iter().copied().collect();
        Policy { image_config: ImageConfigPolicy { forbidden_ports, non_root }.into(), ..policy() }
    }

    fn platform(user: &str, ports: &[&str]) -> PlatformFacts {
        let exposed_ports = ports.iter().map(ToString::to_string).collect();
        let (user, os) = (user.to_owned(), "linux".to_owned());
        let config = ConfigFacts::Read(ImageConfig { user, exposed_ports, os });
        PlatformFacts::new(scan("COMPLETE", &[]), config)
    }

    #[test]
    fn root_is_0_root_or_nobody_in_particular() {
        for (user, denied) in [
            ("", true),
            ("0", true),
            ("00", true),
            ("root", true),
            ("0:0", true),
            ("root:staff", true),
            (":1000", true),
            ("+0", true),
            ("-0", true),
            ("-1", true),
            ("-1000:1000", true),
            ("2147483648", true),
            ("4294967295", true),
            ("4294967296", true),
            ("4294967296:1000", true),
            ("18446744073709551616", true),
            ("-18446744073709551616", true),
            ("99999999999999999999999999999999999999999", true),
            ("1", false),
            ("2147483647", false),
            ("0002147483647", false),
            ("+1000", false),
            ("0x0", false),
            ("-", false),
            ("1000", false),
            ("1000:0", false),
            ("app", false),
            ("rootless", false),
        ] {
            let messages =
                evaluate(&switched(&[], true), Content::Image(platform(user, &["22/tcp"])));
            let messages = messages.unwrap();
            assert_eq!(messages.len(), usize::from(denied), "{user:?}: {messages:?}");
            assert!(messages.iter().all(|text| text.starts_with("runs as root")), "{messages:?}");
        }
    }

    #[test]
    fn a_forbidden_port_is_denied_whatever_the_protocol() {
        for (ports, denied) in [
            (&["8080/tcp"][..], &[][..]),
            (&["22/tcp", "8080"], &["\"22/tcp\""]),
            (&["22/udp", "22", "220/tcp"], &["\"22/udp\"", "\"22\""]),
            (&["0/tcp", "x", "22-24/tcp", "+22", "22/"], &["not a port number"; 5]),
        ] {
            let messages =
                evaluate(&switched(&[22], false), Content::Image(platform("", ports))).unwrap();
            assert_eq!(messages.len(), denied.len(), "{messages:?}");
            assert!(
                messages.iter().zip(denied).all(|(text, part)| text.contains(part)),
                "{messages:?}"
            );
        }
    }

    #[test]
    fn every_platform_is_evaluated_and_what_was_not_read_denies() {
        let child = |facts| Child {
            platform: Platform::default(),
            digest: digest('b'),
            windows: false,
            artifact: false,
            facts,
        };
        let index = vec![
            child(Ok(platform("1000", &[]))),
            child(Ok(platform("root", &[]))),
            child(Ok(PlatformFacts { config: ConfigFacts::NotRead, ..platform("", &[]) })),
            child(Err(NoFacts::NotInRepository)),
        ];
        let messages =
            evaluate(&switched(&[], true), Content::Index(Index::Children(index))).unwrap();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(
            messages[0].contains("(sha256:bbbbbbbbbbbb…) runs as root (user \"root\")"),
            "{messages:?}"
        );
        assert!(messages[1].contains("its config was not read"), "{messages:?}");
        assert!(messages[2].contains("is not in the repository"), "{messages:?}");
    }

    #[test]
    fn it_is_off_until_a_switch_is_on() {
        assert_eq!(evaluate(&policy(), Content::Image(platform("", &["22/tcp"]))), None);
    }
}
