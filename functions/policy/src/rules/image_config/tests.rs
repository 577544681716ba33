use super::*;
use crate::facts::index::Platform;
use crate::facts::{Inspection, NoFacts, PlatformFacts};
use crate::policy::Policy;
use crate::rules::testing::case;
use crate::testing::{clean, digest, policy, scan, tagged};

fn evaluate(policy: &Policy, content: Content) -> Option<Vec<String>> {
    let inspection = Inspection::Inspected({
        let mut facts = clean();
        facts.content = content;
        facts.into()
    });
    let image = tagged("1.2");
    match check(&case(&image, &inspection, policy)) {
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
        let messages = evaluate(&switched(&[], true), Content::Image(platform(user, &["22/tcp"])));
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
    let messages = evaluate(&switched(&[], true), Content::Index(Index::Children(index))).unwrap();
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
