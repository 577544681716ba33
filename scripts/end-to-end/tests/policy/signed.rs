//! `signed`, which asks Amazon ECR for the signing status of the digest that the Pod names.

use end_to_end::outcome::{ADMITTED, audited, denied, outcome, pod, warned};
use end_to_end::policed::{Keep, Policed};

const RULE: &str = "rules: {signed: {profiles: ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/release']}}";

const TODO: &str =
    "add its repository to the registry's signing configuration and push it again [signed]";

#[tokio::test]
async fn what_amazon_ecr_says_it_signed_is_admitted_and_nothing_else() {
    let policed = Policed::open().await;
    let profile = "\"arn:aws:signer:us-east-1:123456789012:/signing-profiles/release\"";
    let not_signed = "is not signed with a listed signing profile";
    let none = format!("{not_signed} (Amazon ECR reports none); {TODO}");
    let other = format!(
        "{not_signed} (Amazon ECR reports \"arn:aws:signer:us-east-1:123456789012:/signing-profiles/test\" only); {TODO}"
    );
    let in_progress =
        format!("is still being signed with {profile}; try again in a minute [signed]");
    let failed = format!(
        "could not be signed with {profile}: failure code \"AccessDenied\" (\"may not sign\"); correct the cause and push it again [signed]"
    );
    let new_word = format!(
        "is not known to be signed with {profile}: its signing status is \"SIGNED\", which this version of ecr-admission does not know; see the signing status of the image in Amazon ECR [signed]"
    );
    let mode = |mode: &str| RULE.replace("signed: {", &format!("signed: {{mode: {mode}, "));
    policed
        .expect(&[
            ("", "signing:none", ADMITTED.to_owned()),
            (RULE, "signing:complete", ADMITTED.to_owned()),
            (RULE, "signing:index", ADMITTED.to_owned()),
            (RULE, "signing:none", denied("signing:none", &none)),
            (RULE, "signing:children", denied("signing:children", &none)),
            (RULE, "signing:other", denied("signing:other", &other)),
            (RULE, "signing:in-progress", denied("signing:in-progress", &in_progress)),
            (RULE, "signing:failed", denied("signing:failed", &failed)),
            (RULE, "signing:new-word", denied("signing:new-word", &new_word)),
            (&mode("warn"), "signing:none", warned("signing:none", &none)),
            (&mode("audit"), "signing:none", audited("signing:none", &none)),
        ])
        .await;
    policed.stop().await;
}

#[tokio::test]
async fn a_signing_status_that_cannot_be_read_denies_in_the_rules_own_mode() {
    let fault = ["--fault", "DescribeImageSigningStatus=access-denied"];
    let policed = Policed::start(RULE, Keep::Never, &fault).await;
    let answer = outcome(&policed.answer(&pod("signing:complete")).await);
    let expected = "could not be evaluated: ecr:DescribeImageSigningStatus was denied access; allow it for the admission function's role and, for a registry of another account, in the repository policy [signed]";
    assert_eq!(answer, denied("signing:complete", expected));
    // Switched off, nobody asks for it.
    assert_eq!(policed.under("", &pod("signing:complete")).await, ADMITTED);
    policed.stop().await;
}
