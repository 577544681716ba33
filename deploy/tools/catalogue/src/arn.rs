//! Names as AWS forms them: partitions, ARNs, repository URIs.

/// A Region's partition and the DNS suffix of its ECR registries (ECR user guide, "registry hosts").
const PARTITIONS: &[(&str, &str, &str)] = &[
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
];

fn partition(region: &str) -> (&'static str, &'static str) {
    PARTITIONS
        .iter()
        .find(|(prefix, ..)| region.starts_with(prefix))
        .map_or(("aws", "amazonaws.com"), |(_, name, suffix)| (name, suffix))
}

/// `arn:<partition>:<api>:<region>:<account>:<resource>`.
pub fn arn(api: &str, region: &str, account: &str, resource: &str) -> String {
    let (name, _) = partition(region);
    format!("arn:{name}:{api}:{region}:{account}:{resource}")
}

/// The ARN of an ECR repository.
pub fn repository(region: &str, account: &str, name: &str) -> String {
    arn("ecr", region, account, &format!("repository/{name}"))
}

/// What `docker pull` takes, without a tag.
pub fn repository_uri(region: &str, account: &str, name: &str) -> String {
    let (_, suffix) = partition(region);
    format!("{account}.dkr.ecr.{region}.{suffix}/{name}")
}

/// The ARN under which the caller is known: the role of a Lambda function.
pub fn caller(region: &str, account: &str) -> String {
    let (name, _) = partition(region);
    format!("arn:{name}:sts::{account}:assumed-role/local-cloud/function")
}

#[cfg(test)]
mod tests {
    use super::{repository, repository_uri};

    #[test]
    fn a_partition_follows_from_its_region() {
        for (region, partition, suffix) in [
            ("us-east-1", "aws", "amazonaws.com"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ] {
            assert_eq!(
                repository(region, "123456789012", "a/b"),
                format!("arn:{partition}:ecr:{region}:123456789012:repository/a/b")
            );
            assert_eq!(
                repository_uri(region, "123456789012", "a/b"),
                format!("123456789012.dkr.ecr.{region}.{suffix}/a/b")
            );
        }
    }
}
