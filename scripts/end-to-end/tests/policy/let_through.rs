//! The switches of `scan-findings` that let a finding through for a while: `accepted` and `graceDays`.

use jiff::ToSpan as _;

use end_to_end::outcome::{ADMITTED, denied, findings, pod, violation, warned};
use end_to_end::policed::{Policed, from_now, lines, observed};

/// A document with these switches of `scan-findings`.
fn switch(text: &str) -> String {
    format!("rules: {{scan-findings: {{{text}}}}}")
}

#[tokio::test]
async fn an_accepted_vulnerability_lets_its_findings_pass_while_it_is_accepted() {
    let policed = Policed::open().await;
    let accepted = |expires: &str, rest: &str| {
        let entry = format!(
            "cve: CVE-2026-3001, reason: never called, owner: payments, expires: {expires}{rest}"
        );
        switch(&format!("accepted: [{{{entry}}}]"))
    };
    let later = from_now((24 * 30).hours());
    let everywhere = accepted(&later, "");
    let expired = accepted(&from_now((-1).seconds()), "");
    let soon_at = from_now(72.hours());
    let soon = accepted(&soon_at, "");
    let zlib = findings(
        "1 CRITICAL finding (severity limit CRITICAL): CVE-2026-3001 in zlib, fixed in 1.3.2",
    );
    let ends = format!(
        "passes only by the acceptance of CVE-2026-3001, which expires soon (owner \"payments\", until \
         {soon_at}, reason \"never called\"); fix the image or renew the exception [scan-findings]"
    );
    policed
        .expect(&[
            (&everywhere, "payments/api:1", ADMITTED.to_owned()),
            (&expired, "payments/api:1", denied("payments/api:1", &zlib)),
        ])
        .await;
    // Longer than a warning may be: the image and the reason give way, the rule does not.
    let answer = policed.under(&soon, &pod("payments/api:1")).await;
    let whole = violation("payments/api:1", &ends);
    assert!(whole.chars().count() > 256 && answer.starts_with("warned: "), "{answer}");
    assert!(answer.contains(", which expires soon (owner "), "{answer}");
    assert!(answer.ends_with("… [scan-findings]"), "{answer}");
    let log = policed.stop().await.log;
    for (event, expires) in
        [("policy_entry_expires_soon", soon_at.as_str()), ("policy_entry_expired", "20")]
    {
        let lines = lines(&log, event);
        assert_eq!(lines.len(), 1, "{event}\n{log}");
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(
            (&lines[0]["entry"], &lines[0]["owner"]),
            (&"accepted CVE-2026-3001".into(), &"payments".into())
        );
        assert!(lines[0]["expires"].as_str().unwrap().starts_with(expires), "{lines:?}");
    }
}

#[tokio::test]
async fn a_finding_only_warns_in_its_grace() {
    let policed = Policed::open().await;
    let days = |days: u16| switch(&format!("graceDays: {days}"));
    let first: jiff::Timestamp = observed().parse().unwrap();
    let until = first.checked_add((24 * 14).hours()).unwrap();
    let until = until.strftime("%Y-%m-%dT%H:%M:%SZ");
    let in_grace = format!(
        "has 2 CRITICAL findings whose grace period ends, the first at {until}; rebuild it with fixed packages \
         by then [scan-findings]"
    );
    let old = findings(
        "1 CRITICAL finding (severity limit CRITICAL): CVE-2026-4003 in zlib, fixed in 1.3.2",
    );
    policed
        .expect(&[
            (&days(14), "grace:new", warned("grace:new", &in_grace)),
            (&days(14), "grace:old", denied("grace:old", &old)),
        ])
        .await;
    policed.stop().await;
}
