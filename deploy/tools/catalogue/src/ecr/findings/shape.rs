//! The two shapes of a finding: basic (ECR's own) and enhanced (Amazon Inspector's).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::arn;
use crate::catalogue::scan::{Finding, Package};
use crate::ecr::store::Image;

/// A basic finding. It does not say whether a fix exists.
pub(super) fn basic(finding: &Finding) -> Value {
    let attributes: Vec<Value> =
        [("package_name", &finding.package), ("package_version", &finding.version)]
            .into_iter()
            .filter_map(|(key, value)| Some(json!({"key": key, "value": value.as_ref()?})))
            .collect();
    json!({
        "name": finding.name,
        "severity": finding.severity,
        "attributes": attributes,
    })
}

/// Where an enhanced finding was made.
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) repository: &'a str,
    pub(super) image: &'a Image,
}

impl Place<'_> {
    pub(super) fn enhanced(&self, finding: &Finding) -> Value {
        let name = finding.name.as_deref().unwrap_or_default();
        let packages = finding.packages();
        let package = |package: &Package| {
            json!({
                "name": package.name,
                "version": package.version,
                "fixedInVersion": package.fixed_in,
            })
        };
        let first = packages.first().and_then(|package| package.name.as_deref());
        let packages: Vec<Value> = packages.iter().map(package).collect();
        json!({
            "awsAccountId": self.account,
            "findingArn": self.finding_arn(name),
            "type": "PACKAGE_VULNERABILITY",
            "title": match first {
                Some(package) => format!("{name} - {package}"),
                None => name.to_owned(),
            },
            "severity": finding.severity,
            "status": finding.status.or(Some("ACTIVE")),
            "fixAvailable": finding.fix_available(),
            "firstObservedAt": finding.first_observed_at.map(|time| time.as_duration().as_secs_f64()),
            "packageVulnerabilityDetails": {
                "vulnerabilityId": finding.name,
                "vulnerablePackages": if packages.is_empty() { Value::Null } else { json!(packages) },
            },
            "resources": [{
                "type": "AWS_ECR_CONTAINER_IMAGE",
                "id": format!(
                    "{}/{}",
                    arn::repository(self.region, self.account, self.repository),
                    self.image.digest
                ),
            }],
        })
    }

    fn finding_arn(&self, name: &str) -> String {
        let id = Sha256::digest(format!("{} {} {name}", self.repository, self.image.digest));
        let id: String = format!("{id:x}").chars().take(32).collect();
        arn::arn("inspector2", self.region, self.account, &format!("finding/{id}"))
    }
}
