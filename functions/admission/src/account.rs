//! The function's own account: the one in the ARN it was invoked by.

use ecr_admission_policy::names::AccountId;

/// The account of a function ARN (`arn:<partition>:lambda:<region>:<account>:function:<name>`).
pub fn of_function_arn(arn: &str) -> Option<AccountId> {
    let mut parts = arn.split(':');
    let (prefix, _partition, service, _region) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if prefix != "arn" || service != "lambda" {
        return None;
    }
    parts.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_the_fifth_part() {
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let arn = format!("arn:{partition}:lambda:us-east-1:123456789012:function:admission:7");
            assert_eq!(of_function_arn(&arn).unwrap().as_str(), "123456789012");
        }
        for arn in [
            "",
            "arn:aws:lambda:us-east-1",
            "arn:aws:s3:us-east-1:123456789012:x",
            "arn:aws:lambda:us-east-1:12:x",
        ] {
            assert_eq!(of_function_arn(arn), None, "{arn}");
        }
    }
}
