import { Aws, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { EcrAdmission } from './ecr-admission';
import { textOf } from './environment';
import { byPartition } from './partition';
import { workspaceVersion } from './version';

/**
 * The stack's outputs. `deploy/render-config`, `deploy/rotate-token`, `deploy/doctor` and `deploy/check`
 * read most of them, so that nothing has to be copied by hand; people read the others. One that repeats a
 * parameter is named `<Parameter>InForce`: `sam package` would take the bare name for the parameter. Every
 * parameter that can change a verdict has one.
 *
 * CloudFormation documents no limit for a value. The longest, Rewrites, has at most 4,096 bytes: as much as
 * a parameter may have, and as all environment variables of a function together.
 */
export function addOutputs(stack: Stack, admission: EcrAdmission): void {
  const { settings, endpoint, rest } = admission;
  const output = (id: string, value: string, description: string): void => {
    new CfnOutput(stack, id, { value, description });
  };
  if (endpoint) {
    output('Endpoint', endpoint.url, 'URL that the webhook configurations call');
    output('EndpointHost', endpoint.host, 'User in the kubeconfig of the webhook');
  }
  if (rest?.isPrivate) {
    output('PrivateApiId', rest.api.ref, 'Private API that the VPC endpoints call');
  } else if (rest) {
    output(
      'RegionalEndpoint',
      rest.url,
      'URL that the webhook configurations call behind the web ACL',
    );
  }
  output(
    'Version',
    workspaceVersion(),
    'Version of this template; an answer says that of the code',
  );
  output('TokenSecretArn', admission.tokens.secretArn, 'Secret that holds one token per cluster');
  output(
    'AdmissionRoleArn',
    admission.admission.role.roleArn,
    'Role to allow in other registries, a policy secret and its key',
  );
  output(
    'IgnoredNamespacesInForce',
    textOf(settings.ignoredNamespaces),
    'Admitted without evaluation; the webhook configuration must name the same',
  );
  output(
    'MetricsNamespaceInForce',
    settings.metricsNamespace,
    'CloudWatch namespace of the metrics',
  );
  output(
    'AuthorizerCacheSecondsInForce',
    textOf(settings.authorizerCacheSeconds),
    'How long API Gateway may reuse an authorizer result',
  );
  output(
    'RegistryIdsInForce',
    textOf(settings.registryIds),
    'AWS accounts whose registries are allowed',
  );
  output(
    'RegistryRegionInForce',
    textOf(settings.registryRegions),
    'Regions whose registries are allowed',
  );
  output(
    'TokenOverlapHoursInForce',
    textOf(settings.tokenOverlapHours),
    'How long the previous token and key work',
  );
  output('SeverityLimitInForce', settings.severityLimit, 'Lowest severity that denies an image');
  output('PolicySecretInForce', settings.policySecret, 'Secret that holds the policy document');
  output(
    'CacheSecondsInForce',
    textOf(settings.cacheSeconds),
    'How long facts and the policy document may be reused',
  );
  output('PinNamespacesInForce', textOf(settings.pinNamespaces), 'Where images are pinned');
  output('RewritesInForce', textOf(settings.rewrites), 'Which images are rewritten to which');
  output('MaxImagesInForce', textOf(settings.maxImages), 'Most distinct images of one review');
  output(
    'UrlKeysInForce',
    textOf(settings.urlKeys),
    'Whether clusters may call with a key in the URL',
  );
  output(
    'AllowedSourcesInForce',
    textOf(settings.allowedSources),
    'Address ranges that may call; empty: any',
  );
  output(
    'PublicEndpointInForce',
    textOf(settings.publicEndpoint),
    'Whether there is a public HTTP API',
  );
  output(
    'VpcEndpointIdsInForce',
    textOf(settings.vpcEndpointIds),
    'VPC endpoints that may call the private API',
  );
  output(
    'VpcEndpointClustersInForce',
    textOf(settings.vpcEndpointClusters),
    'Clusters that call from these endpoints, in their order; empty: by token or key',
  );
  output('WebAclArnInForce', settings.webAclArn, 'Web ACL of the REST API');
  output('LogLevelInForce', settings.logLevel, 'Least severe log lines that are written');
  output('AdmissionLog', admission.admission.logGroup.logGroupName, 'Log group of the reviews');
  if (endpoint) {
    output('AccessLog', endpoint.accessLog.logGroupName, 'Log group of the requests');
  }
  if (rest?.accessLog) {
    output(
      'RestAccessLog',
      rest.accessLog.logGroupName,
      'Log group of the requests to the REST API',
    );
  }
  output('Dashboard', dashboardUrl(stack, admission.dashboardName), 'CloudWatch dashboard');
  output(
    'NextCommand',
    `deploy/render-config --stack ${Aws.STACK_NAME} --region ${Aws.REGION} --out ecr-admission`,
    'Writes the files for the control plane (deploy/README.md); on Amazon EKS, add --eks',
  );
}

function dashboardUrl(stack: Stack, name: string): string {
  const console = byPartition(stack, {
    aws: 'console.aws.amazon.com',
    china: 'console.amazonaws.cn',
    govCloud: 'console.amazonaws-us-gov.com',
  });
  return `https://${console}/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${name}`;
}
