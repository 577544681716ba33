import {
  BootstraplessSynthesizer,
  type CfnCondition,
  type CfnOutput,
  CfnResource,
  Fn,
  Stack,
  Validations,
} from 'aws-cdk-lib';
import {
  type CfnAuthorizer,
  CfnRoute,
  type CfnStage,
  HttpAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { type CfnAlarm, type CfnDashboard, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { Construct, IConstruct } from 'constructs';
import { conditionalMetrics } from './conditional-alarm';
import { namesIn } from './depends-on';
import { EcrAdmission } from './ecr-admission';
import type { Endpoint } from './endpoint';
import { addOutputs } from './outputs';
import { conditionalDashboard } from './conditional-dashboard';
import { TemplateParameters } from './template-parameters';
import type { Parameter } from './parameters';
import type { EcrAdmissionProps } from './props';
import { addRules } from './template-rules';
import type { UrlKeys } from './url-keys';

/** What the template gets the functions from. */
export type CodeProps = Pick<EcrAdmissionProps, 'architecture' | 'code'>;

/** The construct as a template whose parameters are its settings, for accounts without the CDK. */
export abstract class TemplateStack extends Stack {
  protected readonly parameters: TemplateParameters;
  protected readonly admission: EcrAdmission;

  constructor(
    scope: Construct,
    id: string,
    description: string,
    rows: readonly Parameter[],
    codeOf: (stack: Stack) => CodeProps,
  ) {
    super(scope, id, {
      description,
      // The accounts were not bootstrapped for the CDK.
      synthesizer: new BootstraplessSynthesizer(),
      analyticsReporting: false,
    });
    const code = codeOf(this);
    const parameters = new TemplateParameters(this, rows);
    const admission = new EcrAdmission(this, 'EcrAdmission', { ...parameters.props, ...code });
    this.parameters = parameters;
    this.admission = admission;
    addOutputs(this, admission);
    Validations.of(this).acknowledge(
      {
        id: 'CloudFormation-Validate::W1030',
        reason:
          'Conditions remove an empty AlarmTopicArn from the alarm actions, and an empty PolicySecret ' +
          'from the permissions.',
      },
      {
        id: 'CloudFormation-Validate::W8001',
        reason:
          'HasKeepLogs is used once there are two of each log group (conditional-references.ts).',
      },
      {
        id: 'CloudFormation-Validate::W2509',
        reason: 'PolicySecret is the ARN of a secret, not a secret.',
      },
    );
    for (const alarm of admission.alarms) {
      const resource = alarm.node.defaultChild as CfnAlarm;
      resource.alarmActions = parameters.alarmActions(alarm.urgency);
      resource.okActions = parameters.alarmActions(alarm.urgency);
    }
    const role = admission.admission.role.node.defaultChild as CfnRole;
    const policies = parameters.rolePolicies(role.policies as CfnRole.PolicyProperty[]);
    // An override, so that cdk-nag, which does not read conditions, checks every policy there can be.
    role.addPropertyOverride('Policies', policies);
    this.limitEach(admission, parameters);
    this.passFlags(rows);
    addRules(this);
  }

  /** A flag is true for the construct, so that the template has all that there can be; a function gets the parameter. */
  private passFlags(rows: readonly Parameter[]): void {
    for (const { type, parameter, variable, functions = [] } of rows) {
      if (type !== 'flag' || !parameter || !variable) continue;
      for (const name of functions) {
        const { resource } = this.admission[name];
        resource.addPropertyOverride(`Environment.Variables.${variable}`, Fn.ref(parameter));
      }
    }
  }

  /** Puts the conditions on what is in the template only with some parameters. */
  private limitEach(admission: EcrAdmission, parameters: TemplateParameters): void {
    const [endpoint, rest, urlKeys] = [admission.endpoint!, admission.rest!, admission.urlKeys!];
    const publicKeys = parameters.both('HasPublicUrlKeys', 'PublicEndpoint', 'UrlKeys');
    const privateKeys = parameters.both('HasPrivateUrlKeys', 'VpcEndpointIds', 'UrlKeys');
    // The last that names a resource holds.
    limit(endpoint, parameters.given('PublicEndpoint'));
    limit(rest, parameters.given('VpcEndpointIds'));
    limit(rest.keyPermissions, privateKeys);
    limit(urlKeys, publicKeys);
    limit(urlKeys.authorizer, parameters.given('UrlKeys'));
    for (const [id, parameter] of [
      ['Endpoint', 'PublicEndpoint'],
      ['EndpointHost', 'PublicEndpoint'],
      ['AccessLog', 'PublicEndpoint'],
      ['PrivateApiId', 'VpcEndpointIds'],
    ] as const) {
      (this.node.findChild(id) as CfnOutput).condition = parameters.given(parameter);
    }
    for (const flag of ['UrlKeys', 'PublicEndpoint']) {
      (this.node.findChild(`${flag}InForce`) as CfnOutput).value = Fn.ref(flag);
    }
    this.limitRoutes(endpoint, urlKeys, parameters);
    this.limitMetrics(admission);
  }

  private limitRoutes(endpoint: Endpoint, urlKeys: UrlKeys, parameters: TemplateParameters): void {
    const stage = endpoint.stage.node.defaultChild as CfnStage;
    stage.routeSettings = parameters.ifUrlKeys(stage.routeSettings);
    // A DependsOn must not name a resource that may not exist, so this names the routes that the settings
    // need.
    const routes = resourcesIn(urlKeys).filter((resource) => resource instanceof CfnRoute);
    const named = `Routes with a key: ${routes.map(({ ref }) => ref).join(', ')}`;
    stage.addPropertyOverride('Description', parameters.ifUrlKeys(named));
    stage.addDeletionOverride('DependsOn');
    const bearer = endpoint.api.node.findAll().find((child) => child instanceof HttpAuthorizer)!;
    const authorizer = bearer.node.defaultChild as CfnAuthorizer;
    const sources = parameters.identitySources(authorizer.identitySource!);
    authorizer.addPropertyOverride('IdentitySource', sources);
  }

  /** Leaves out of the dashboard and of the alarms what may not exist. */
  private limitMetrics(admission: EcrAdmission): void {
    const conditions: Record<string, string | undefined> = Object.fromEntries(
      resourcesIn(admission).map((resource) => [
        this.resolve(resource.logicalId),
        this.resolve(resource.cfnOptions.condition?.logicalId),
      ]),
    );
    const ofRest = this.resolve(admission.rest!.api.cfnOptions.condition!.logicalId);
    const conditionOf = (part: unknown): string | undefined =>
      // A metric of the REST API has its name, and no reference to it.
      JSON.stringify(part).includes('"ApiName"')
        ? ofRest
        : namesIn(part).flatMap((name) => conditions[name] ?? [])[0];
    const dashboard = admission.node.findAll().find((child) => child instanceof Dashboard)!;
    const body = dashboard.node.defaultChild as CfnDashboard;
    const parts = this.resolve(body.dashboardBody)['Fn::Join'][1];
    body.addPropertyOverride('DashboardBody', conditionalDashboard(parts, conditionOf));
    for (const alarm of admission.alarms) {
      const resource = alarm.node.defaultChild as CfnAlarm;
      const metrics = this.resolve(resource._toCloudFormation()).Resources;
      const [{ Properties }] = Object.values<any>(metrics) as [any];
      if (!Properties.Metrics) continue;
      resource.addPropertyOverride('Metrics', conditionalMetrics(Properties.Metrics, conditionOf));
    }
  }
}

export function resourcesIn(construct: IConstruct): CfnResource[] {
  return construct.node
    .findAll()
    .filter((child): child is CfnResource => CfnResource.isCfnResource(child));
}

export function limit(construct: IConstruct, condition: CfnCondition): void {
  for (const resource of resourcesIn(construct)) resource.cfnOptions.condition = condition;
}
