//! Nothing that softens `scan-findings` softens what is wrong with a manifest.

use crate::asked::{catalogue, over, rules};
use end_to_end::outcome::pod;

#[tokio::test]
async fn neither_mode_nor_exemption_nor_acceptance_of_scan_findings_lets_a_manifest_pass() {
    let images = [
        "{tags: [checkpoint], scan: *critical, manifestAnnotations: {org.criu.checkpoint.container.name: web}}",
        "{tags: [text], scan: *critical, manifest: 'not JSON'}",
        "{tags: [urls], scan: *critical, layers: [{urls: ['https://blobs.example.com/1']}]}",
        "{tags: [found], scan: *critical}",
    ];
    let observed = "fixedIn: 1.3.2, firstObservedAt: 1 day ago";
    let catalogue = catalogue("field", &images.map(ToOwned::to_owned));
    let policed = over(&catalogue.replace("fixedIn: 1.3.2", observed)).await;
    let end = "reason: r, owner: o, expires: '2126-05-01'";
    let documents = [
        "rules: {scan-findings: {mode: warn}}".to_owned(),
        "rules: {scan-findings: {mode: audit}}".to_owned(),
        "namespaces: [{names: [shop], rules: {scan-findings: audit}}]".to_owned(),
        format!("exemptions: [{{rules: [scan-findings], repositories: [field], {end}}}]"),
        format!("exemptions: [{{rules: [scan-findings], namespaces: ['*'], {end}}}]"),
        format!("rules: {{scan-findings: {{accepted: [{{cve: CVE-2026-1, {end}}}]}}}}"),
        "rules: {scan-findings: {graceDays: 90}}".to_owned(),
    ];
    let mut wrong = vec![];
    for document in &documents {
        let said = policed.under(document, &pod("field:found")).await;
        assert!(!said.contains("denied: "), "the document softens nothing\n{document}\n{said}");
        for (name, rule) in [
            ("field:checkpoint", "ecr-registry"),
            ("field:text", "image-available"),
            ("field:urls", "image-available"),
        ] {
            let said = policed.under(document, &pod(name)).await;
            let denial = said.lines().find(|line| line.starts_with("denied: ")).unwrap_or_default();
            if rules(denial) != [rule] {
                wrong.push(format!("{document}\n  {name}: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    policed.stop().await;
}
