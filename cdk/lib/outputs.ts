import { Aws, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { EcrAdmission } from './ecr-admission';
import { textOf } from './environment';
import { byPartition } from './partition';

/**
 * The stack's outputs. `deploy/render-config`, `deploy/rotate-token` and `deploy/doctor` read most of
 * them, so that nothing has to be copied by hand; people read the others. One that repeats a parameter
 * is named `<Parameter>InForce`: `sam package` would take the bare name for the parameter.
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
  output('PolicySecretInForce', settings.policySecret, 'Secret that holds the policy document');
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
