//! `image-config`, which reads the config blob of every platform.

use end_to_end::outcome::{ADMITTED, denied, outcome, pod};
use end_to_end::policed::{Keep, Policed};
use end_to_end::support::image;

const PORTS: &str = "rules: {image-config: {forbiddenPorts: [22, 2375]}}";
const NON_ROOT: &str = "rules: {image-config: {nonRoot: true}}";

#[tokio::test]
async fn forbidden_ports_and_root_deny() {
    let policed = Policed::open().await;
    let ssh = "exposes port \"22/udp\", which is forbidden; remove that EXPOSE from the Dockerfile \
        [image-config]";
    let root = "runs as root (user \"0:0\"); set a non-root USER in its Dockerfile [image-config]";
    let nobody = "runs as root (its config names no user); set a non-root USER in its Dockerfile [image-config]";
    policed
        .expect(&[
            ("", "configs:ssh", ADMITTED.to_owned()),
            ("", "configs:root", ADMITTED.to_owned()),
            (PORTS, "configs:ssh", denied("configs:ssh", ssh)),
            (NON_ROOT, "configs:root", denied("configs:root", root)),
            (NON_ROOT, "configs:nobody", denied("configs:nobody", nobody)),
        ])
        .await;
    // Every platform of an index is evaluated; `clean` runs on the first alone.
    let both = "rules: {image-config: {forbiddenPorts: [22], nonRoot: true}}";
    let answer = policed.under(both, &pod("configs:index")).await;
    let violation = |reason: &str| {
        format!(
            "spec.containers[0].image \"{}\": platform \"linux/arm64\" (sha256:000000000000…) {reason}",
            image("configs:index")
        )
    };
    let expected = format!(
        "denied: {}; {}",
        violation(
            "runs as root (user \"root\"); set a non-root USER in its Dockerfile [image-config]"
        ),
        violation(&ssh.replace("22/udp", "22/tcp"))
    );
    assert_eq!(answer, expected);
    assert_eq!(policed.under(both, &pod("clean:1")).await, ADMITTED);
    policed.stop().await;
}

#[tokio::test]
async fn a_config_that_cannot_be_read_denies_in_the_rules_own_mode() {
    for (fault, operation, what) in [
        ("GetDownloadUrlForLayer=access-denied", "ecr:GetDownloadUrlForLayer", "denied access"),
        ("GetLayerBlob=malformed", "the config blob", "failed"),
    ] {
        let policed = Policed::start(NON_ROOT, Keep::Never, &["--fault", fault]).await;
        let answer = outcome(&policed.answer(&pod("clean:1")).await);
        let start = denied("clean:1", &format!("could not be evaluated: {operation} "));
        assert!(answer.starts_with(&start) && answer.contains(what), "{fault}: {answer}");
        assert!(answer.ends_with(" [image-config]"), "{fault}: {answer}");
        // Switched off, nobody asks for it.
        assert_eq!(policed.under("", &pod("clean:1")).await, ADMITTED);
        let mode = "rules: {image-config: {nonRoot: true, mode: warn}}";
        let answer = policed.under(mode, &pod("clean:1")).await;
        assert!(answer.starts_with("warned: "), "{fault}: {answer}");
        policed.stop().await;
    }
}
