//! Exemptions: who and what has them, and until when.

use jiff::ToSpan as _;
use serde_json::{Value, json};

use end_to_end::outcome::{MUTABLE, audited, denied, pod};
use end_to_end::policed::{Policed, from_now, lines};
use end_to_end::support::{sum, until_metrics, until_metrics_may_leave};

const DEPLOYER: &str = "system:serviceaccount:ci:deployer";

/// A document with one exemption from `tag-immutability`.
fn exempt(who: &str, expires: &str) -> String {
    format!(
        "exemptions: [{{rules: [tag-immutability], {who}, reason: moves in May, owner: web, expires: '{expires}'}}]"
    )
}

/// A review by somebody, somewhere.
fn by(user: &str, namespace: &str) -> Value {
    let mut review = pod("open:1");
    review["request"]["userInfo"] = json!({"username": user, "groups": ["system:authenticated"]});
    review["request"]["namespace"] = json!(namespace);
    review
}

#[tokio::test]
async fn an_exemption_is_by_who_asks_where_and_for_what() {
    let policed = Policed::open().await;
    let later = "2126-05-01";
    let exempted = audited(
        "open:1",
        &MUTABLE.replace(
            " [tag",
            "; exempt: owner \"web\", until 2126-05-01, reason \"moves in May\" [tag",
        ),
    );
    let denied = denied("open:1", MUTABLE);
    let all = format!("repositories: [open], namespaces: [shop], users: ['{DEPLOYER}']");
    for (who, user, namespace, expected) in [
        (&all, DEPLOYER, "shop", &exempted),
        (&all, DEPLOYER, "other", &denied),
        (&all, "admin", "shop", &denied),
    ] {
        let answer = policed.under(&exempt(who, later), &by(user, namespace)).await;
        assert_eq!(answer, *expected, "{who} {user} {namespace}");
    }
    policed.stop().await;
}

#[tokio::test]
async fn nothing_that_the_author_of_a_pod_writes_exempts() {
    let policed = Policed::open().await;
    let denied = denied("open:1", MUTABLE);
    let mut review = by("dev", "shop");
    let object = &mut review["request"]["object"];
    object["spec"]["serviceAccountName"] = json!("deployer");
    object["spec"]["serviceAccount"] = json!("deployer");
    object["metadata"]["namespace"] = json!("ci");
    object["metadata"]["annotations"] = json!({
        "ecr-admission/exempt": "tag-immutability",
        "ecr-admission/exemption": DEPLOYER,
        "kubernetes.io/service-account.name": DEPLOYER,
    });
    object["metadata"]["labels"] = json!({"ecr-admission/exempt": "true", "user": DEPLOYER});
    review["request"]["userInfo"]["extra"] = json!({"username": [DEPLOYER]});
    for who in [
        format!("users: ['{DEPLOYER}']"),
        "users: [deployer]".to_owned(),
        "users: ['system:serviceaccount:shop:deployer']".to_owned(),
        "namespaces: [ci]".to_owned(),
    ] {
        let answer = policed.under(&exempt(&who, "2126-05-01"), &review).await;
        assert_eq!(answer, denied, "{who}");
    }
    policed.stop().await;
}

#[tokio::test]
async fn an_exemption_that_ended_or_ends_soon_is_logged() {
    let policed = Policed::open().await;
    let denied = denied("open:1", MUTABLE);
    let expired = from_now((-1).seconds());
    let answer = policed.under(&exempt("namespaces: [shop]", &expired), &pod("open:1")).await;
    assert_eq!(answer, denied);

    let soon = from_now((7 * 24).hours());
    let answer = policed.under(&exempt("namespaces: [shop]", &soon), &pod("open:1")).await;
    let shown: Vec<&str> = answer.lines().collect();
    assert!(shown[0].starts_with("warned: spec.containers[0].image"), "{answer}");
    assert!(
        shown[0]
            .contains("passes only by the exemption, which expires soon (owner \"web\", until "),
        "{answer}"
    );
    assert!(shown[1].starts_with("audited: ") && shown.len() == 2, "{answer}");
    // A denial sends what waits: the warning was counted.
    until_metrics_may_leave().await;
    assert_eq!(policed.under("", &pod("open:1")).await, denied);
    let warned = |metrics: &str| sum(metrics, "Warned", &json!([])) > 0.5;
    until_metrics(&policed.stack, warned).await;
    let log = policed.stop().await.log;
    for (event, expires) in
        [("policy_entry_expired", &expired), ("policy_entry_expires_soon", &soon)]
    {
        let line = lines(&log, event).into_iter().next().unwrap();
        assert_eq!(
            (&line["level"], &line["entry"], &line["owner"], &line["expires"]),
            (&json!("WARN"), &json!("exemption 1"), &json!("web"), &json!(expires))
        );
    }
}
