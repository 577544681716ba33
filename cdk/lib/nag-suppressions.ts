import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type AdmissionFunction, type AuthorizerFunction, repositories } from './functions';
import type { RestEndpoint } from './rest-endpoint';
import type { Settings } from './settings';
import type { UrlKeys } from './url-keys';

/** The parts of the construct that have findings. */
interface Reviewed extends Construct {
  readonly settings: Settings;
  readonly tokens: Construct;
  readonly admission: AdmissionFunction;
  readonly authorizer: AuthorizerFunction;
  readonly urlKeys?: UrlKeys;
  readonly rest?: RestEndpoint;
}

/**
 * Suppresses what cdk-nag's AwsSolutions and Serverless packs find, with the reason. They come with the
 * construct, for every app that runs these packs.
 */
export function suppressNagFindings(admission: Reviewed): void {
  Validations.of(admission.tokens).acknowledge({
    id: 'AwsSolutions::AwsSolutions-SMG4',
    reason:
      'A new token must be written to every control-plane node, which no rotation function can do: ' +
      'deploy/rotate-token rotates, checks the new token and says when the old one is no longer used. ' +
      'The Serverless Application Repository does not accept a rotation schedule either.',
  });
  Validations.of(admission.admission.role).acknowledge(
    ...repositoryFindings(admission).map((finding) => ({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${finding}]`,
      reason:
        'Every repository of the allowed accounts, since a Pod may name any of them. The calls only ' +
        'read, and only in the allowed Regions.',
    })),
    {
      id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason:
        'PutMetricData has no resource; its statement is limited to one namespace instead. ' +
        'inspector2:ListFindings and inspector2:ListCoverage, which ECR needs for enhanced scanning, only ' +
        'read, and the policy that AWS documents for them grants every resource.',
    },
    {
      id: 'Serverless::Serverless-LambdaStarPermissions',
      reason: 'The same wildcards, for the same reasons.',
    },
  );
  const { urlKeys, rest } = admission;
  if (rest) suppressRestFindings(rest);
  const authorizers = urlKeys ? [admission.authorizer, urlKeys.authorizer] : [admission.authorizer];
  for (const shipped of [admission.admission, ...authorizers]) {
    Validations.of(shipped.function).acknowledge(
      {
        id: 'Serverless::Serverless-LambdaDLQ',
        reason:
          'API Gateway invokes it synchronously: it answers a failed call with 5xx, and kube-apiserver ' +
          'decides by failurePolicy. There is nothing to queue.',
      },
      {
        id: 'Serverless::Serverless-LambdaTracing',
        reason:
          'The log line of a review has its calls and times. X-Ray would add a permission on every ' +
          'resource, a cost per review, and latency to every Pod.',
      },
    );
  }
}

function suppressRestFindings({ api, stage, isPrivate }: RestEndpoint): void {
  Validations.of(api).acknowledge({
    id: 'AwsSolutions::AwsSolutions-APIG2',
    reason:
      'The function reads the body and says in its answer what is wrong with it, which the author of a Pod ' +
      'then reads. A validator of API Gateway would answer 400 with no such text.',
  });
  const noLogs =
    'The logs of REST APIs need a role in the account settings of API Gateway, which all APIs of the account ' +
    'and Region share, so an application must not set it. The setting restAccessLog turns the access log on. ' +
    'Execution logs would hold paths, and so keys.';
  Validations.of(stage).acknowledge(
    ...[
      'AwsSolutions::AwsSolutions-APIG1',
      'AwsSolutions::AwsSolutions-APIG6',
      'Serverless::Serverless-APIGWAccessLogging',
      'Serverless::Serverless-APIGWStructuredLogging',
    ].map((id) => ({ id, reason: noLogs })),
    {
      id: 'Serverless::Serverless-APIGWXrayEnabled',
      reason: 'As for the functions: the log line of a review has its calls and times.',
    },
    {
      id: 'AwsSolutions::AwsSolutions-APIG3',
      reason: isPrivate
        ? 'Only the VPC endpoints that its policy lists reach a private API.'
        : 'The setting webAclArn is its web ACL.',
    },
  );
}

// How cdk-nag writes each finding: a reference as <NAME>, a list that only the deployment knows as JSON.
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
