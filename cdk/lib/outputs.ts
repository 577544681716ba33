import { Aws, CfnOutput, Fn, type Stack, Tokenization } from 'aws-cdk-lib';
import type { EcrAdmission } from './ecr-admission';
import { byPartition } from './partition';

/**
 * The stack's outputs. `deploy/render-config`, `deploy/rotate-token` and `deploy/doctor` read most of
 * them, so that nothing has to be copied by hand; people read the others. None has the name of a SAR
 * parameter: `sam package` would take it for that one.
 */
export function addOutputs(stack: Stack, admission: EcrAdmission): void {
  const { settings, endpoint } = admission;
  const output = (id: string, value: string, description: string): void => {
    new CfnOutput(stack, id, { value, description });
  };
  output('Endpoint', endpoint.url, 'What the webhook configurations call');
  output('EndpointHost', endpoint.host, 'The user of the webhook kubeconfig');
  output('TokenSecretArn', admission.tokens.secretArn, 'The tokens, one a cluster');
  output(
    'AdmissionRoleArn',
    admission.admission.role.roleArn,
    'Whom the owners of other registries, of a policy secret and of its key let in',
  );
  output(
    'NamespacesIgnored',
    settings.ignoredNamespaces.length === 0 ? '' : Fn.join(',', settings.ignoredNamespaces),
    'Admitted without judgement; the webhook configuration must have the same',
  );
  output('MetricsIn', settings.metricsNamespace, 'Where the metrics are');
  output(
    'AuthorizerCachedSeconds',
    Tokenization.stringifyNumber(settings.authorizerCacheSeconds),
    'How long API Gateway may reuse an authorizer answer',
  );
  output('Dashboard', dashboardUrl(stack, admission.dashboardName), 'What the clusters are up to');
  output(
    'NextCommand',
    `deploy/render-config --stack ${Aws.STACK_NAME} --region ${Aws.REGION} --out ecr-admission`,
    'Writes the files for the control plane (deploy/README.md)',
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
