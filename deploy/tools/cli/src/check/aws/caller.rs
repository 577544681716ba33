//! Whose credentials these are, and what that changes.

use std::collections::BTreeSet;

use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use ecr_admission_policy::names::AccountId;

use super::Aws;
use super::problem::{Call, problem};

impl Aws {
    /// The account of the credentials. Every identity may ask for it.
    pub async fn caller(&self) -> Result<AccountId, String> {
        let answer = self.identity().await?;
        let account = answer.account().unwrap_or_default();
        account.parse().map_err(|_invalid| {
            format!("AWS STS: expected the account of the credentials, got \"{account}\"")
        })
    }

    /// The ARN of the user or the session that the credentials belong to.
    pub async fn principal(&self) -> Result<String, String> {
        let answer = self.identity().await?;
        let arn = answer.arn().filter(|arn| !arn.is_empty());
        arn.map(ToOwned::to_owned)
            .ok_or_else(|| "AWS STS: expected the ARN of the credentials, got none".to_owned())
    }

    async fn identity(&self) -> Result<GetCallerIdentityOutput, String> {
        let call = Call { action: "sts:GetCallerIdentity", service: "AWS STS" };
        let answer = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        answer.map_err(|error| problem(error, call, &self.region))
    }
}

/// What the credentials of another account than the stack's do not see. Amazon ECR gives the scanning configuration of
/// a registry to its own account only; others see the old flag of each repository.
pub fn scanning_notice(
    caller: &AccountId,
    own_account: &AccountId,
    registry_ids: Option<&BTreeSet<AccountId>>,
) -> Option<String> {
    let is_allowed = registry_ids.is_none_or(|ids| ids.contains(own_account));
    (caller != own_account && is_allowed).then(|| {
        format!(
            "scanning of repositories in account {own_account} is evaluated by scanOnPush alone: the credentials are \
             of account {caller}, and Amazon ECR shows the scanning configuration of a registry only to its own \
             account; the admission function of account {own_account} sees it, and may decide differently"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_given_where_the_function_sees_more() {
        let account = |digit: char| -> AccountId { digit.to_string().repeat(12).parse().unwrap() };
        let (one, two, three) = (account('1'), account('2'), account('3'));
        let notice = |caller, own, ids: Option<&[&AccountId]>| {
            let ids = ids.map(|ids| ids.iter().map(|id| (*id).clone()).collect());
            scanning_notice(caller, own, ids.as_ref())
        };
        assert_eq!(notice(&one, &one, None), None);
        assert_eq!(notice(&one, &one, Some(&[&two])), None);
        // The function does not see the configuration of account 2 either.
        assert_eq!(notice(&two, &one, Some(&[&two, &three])), None);
        let expected = "scanning of repositories in account 111111111111 is evaluated by scanOnPush alone: the \
                        credentials are of account 222222222222, and Amazon ECR shows the scanning configuration of a \
                        registry only to its own account; the admission function of account 111111111111 sees it, and \
                        may decide differently";
        assert_eq!(notice(&two, &one, None).as_deref(), Some(expected));
        assert_eq!(notice(&two, &one, Some(&[&one, &two])).as_deref(), Some(expected));
    }
}
