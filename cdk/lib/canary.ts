import { Duration, Validations } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { CfnApplication, CfnDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnAlias } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { configurationOf } from './canary-words';
import { ALIAS, type ShippedFunction } from './functions';
import type { Metrics } from './metrics';

/** The shortest step of a deployment is a minute, so an alarm of five would fire after the last. */
const PERIOD = Duration.minutes(1);

/**
 * What only the setting canary makes necessary: CloudFormation changes the alias of each function by a deployment of
 * CodeDeploy, which shifts requests to the new version step by step, and back if an alarm fires. CloudFormation then
 * rolls the whole stack back.
 *
 * Its alarms wake nobody: who deploys sees the failed update.
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, metrics: Metrics) {
    super(scope, id);
    const { settings, admission, authorizer, urlKeys } = metrics.of;
    const application = new CfnApplication(this, 'Application', { computePlatform: 'Lambda' });
    const failed = this.alarm(this, 'Failed', {
      metric: metrics.count('FailedInLog').with({ period: PERIOD }),
      alarmDescription: 'While a new version took over, a review could not be evaluated.',
    });
    const of = { application, failed, configuration: configurationOf(this, settings) };
    this.shift(new Construct(this, 'Admission'), admission, of);
    this.shift(new Construct(this, 'Authorizer'), authorizer, of);
    if (!urlKeys) return;
    urlKeys.canary = new Construct(urlKeys, 'Canary');
    this.shift(urlKeys.canary, urlKeys.authorizer, of);
  }

  private shift(
    scope: Construct,
    shipped: ShippedFunction,
    of: { application: CfnApplication; configuration: string; failed: Alarm },
  ): void {
    const { function: called } = shipped;
    const alias = shipped.alias!.node.defaultChild as CfnAlias;
    // Of the new version alone: the old one may be what the deployment fixes.
    const errors = this.alarm(scope, 'Errors', {
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Errors',
        dimensionsMap: {
          FunctionName: called.functionName,
          Resource: `${called.functionName}:${ALIAS}`,
          ExecutedVersion: called.currentVersion.version,
        },
        statistic: Stats.SUM,
        period: PERIOD,
      }),
      alarmDescription: 'The new version of the function failed.',
    });
    const group = new CfnDeploymentGroup(scope, 'Group', {
      applicationName: of.application.ref,
      deploymentConfigName: of.configuration,
      serviceRoleArn: roleFor(scope, shipped).roleArn,
      deploymentStyle: {
        deploymentType: 'BLUE_GREEN',
        deploymentOption: 'WITH_TRAFFIC_CONTROL',
      },
      alarmConfiguration: {
        enabled: true,
        alarms: [errors, of.failed].map(({ alarmName }) => ({ name: alarmName })),
      },
      autoRollbackConfiguration: {
        enabled: true,
        events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      },
    });
    alias.cfnOptions.updatePolicy = {
      codeDeployLambdaAliasUpdate: {
        applicationName: of.application.ref,
        deploymentGroupName: group.ref,
      },
    };
    // A reference in an update policy is not documented to be an order.
    alias.addResourceDependency(group);
  }

  private alarm(
    scope: Construct,
    id: string,
    props: { metric: IMetric; alarmDescription: string },
  ): Alarm {
    return new Alarm(scope, id, {
      ...props,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** What AWSCodeDeployRoleForLambdaLimited allows, for one function and without hooks and buckets. */
function roleFor(scope: Construct, { function: called }: ShippedFunction): Role {
  const shift = new PolicyStatement({
    actions: ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'],
    resources: [called.functionArn, `${called.functionArn}:${ALIAS}`],
  });
  const look = new PolicyStatement({
    actions: ['cloudwatch:DescribeAlarms'],
    resources: ['*'],
  });
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
    description: 'Shifts requests to a new version of a function of ecr-admission',
    inlinePolicies: { shift: new PolicyDocument({ statements: [shift, look] }) },
  });
  Validations.of(role).acknowledge({
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
    reason: 'DescribeAlarms only reads, and it is what the policy that AWS documents grants.',
  });
  return role;
}
