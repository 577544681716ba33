import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type AdmissionFunction, type AuthorizerFunction, repositories } from './functions';
import type { Settings } from './settings';

/** The construct, as far as the packs find something in it. */
interface Reviewed extends Construct {
  readonly settings: Settings;
  readonly tokens: Construct;
  readonly admission: AdmissionFunction;
  readonly authorizer: AuthorizerFunction;
}

/**
 * What cdk-nag's AwsSolutions and Serverless packs find, and why it stays. Who runs these packs over an
 * app of their own that holds this construct gets the answers with it.
 */
export function acknowledge(admission: Reviewed): void {
  Validations.of(admission.tokens).acknowledge({
    id: 'AwsSolutions::AwsSolutions-SMG4',
    reason:
      'A new token must be written to every control-plane node, which no rotation function can do: ' +
      'deploy/rotate-token rotates, proves the new token and says when the old one is out of use. ' +
      'The Serverless Application Repository does not accept a rotation schedule either.',
  });
  Validations.of(admission.admission.role).acknowledge(
    ...repositoryFindings(admission).map((finding) => ({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${finding}]`,
      reason:
        'Every repository of the allowed accounts, since a Pod may name any of them; the calls only ' +
        'read, and only in the allowed Regions.',
    })),
    {
      id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason:
        'PutMetricData knows no resource; its statement is bound to one namespace instead. ' +
        'inspector2:ListFindings and inspector2:ListCoverage, which ECR needs for enhanced scanning, are ' +
        "granted on every resource by AWS's own policy for it, and only read.",
    },
    {
      id: 'Serverless::Serverless-LambdaStarPermissions',
      reason: 'The same wildcards, for the same reasons.',
    },
  );
  for (const shipped of [admission.admission, admission.authorizer]) {
    Validations.of(shipped.function).acknowledge(
      {
        id: 'Serverless::Serverless-LambdaDLQ',
        reason:
          'API Gateway invokes it synchronously: a failed call is answered with 5xx, and kube-apiserver ' +
          'decides by failurePolicy. There is nothing to queue.',
      },
      {
        id: 'Serverless::Serverless-LambdaTracing',
        reason:
          'The log line of a review holds its calls and times. X-Ray would add a permission on every ' +
          'resource, a cost for each review, and work on the path of every Pod.',
      },
    );
  }
}

// What cdk-nag calls each finding: a reference as <NAME>, a list that only the deployment knows as JSON.
function repositoryFindings(admission: Reviewed): string[] {
  const accounts = admission.settings.registryIds;
  if (Token.isUnresolved(accounts)) {
    return [JSON.stringify(Stack.of(admission).resolve(repositories(admission, accounts)))];
  }
  return accounts.map((account) => {
    const shown = Token.isUnresolved(account) ? '<AWS::AccountId>' : account;
    return `arn:<AWS::Partition>:ecr:*:${shown}:repository/*`;
  });
}
