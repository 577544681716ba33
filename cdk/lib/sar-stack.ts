import {
  BootstraplessSynthesizer,
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
import type { Construct } from 'constructs';
import { LocalZip } from './code';
import { EcrAdmission } from './ecr-admission';
import { addOutputs } from './outputs';
import { SarParameters } from './sar-parameters';

/** What the Serverless Application Repository shows: infra/application.json and the version. */
export interface SarApplication {
  readonly name: string;
  readonly author: string;
  readonly description: string;
  readonly labels: string[];
  readonly semanticVersion: string;
}

/** The same construct as a template for the Serverless Application Repository. */
export class SarStack extends Stack {
  constructor(scope: Construct, id: string, application: SarApplication) {
    super(scope, id, {
      description: 'ecr-admission: Kubernetes admission for Amazon ECR',
      // The template is deployed to accounts that were not bootstrapped for the CDK.
      synthesizer: new BootstraplessSynthesizer(),
      analyticsReporting: false,
    });
    this.addTransform('AWS::Serverless-2016-10-31');
    const parameters = new SarParameters(this);
    const admission = new EcrAdmission(this, 'EcrAdmission', {
      ...parameters.props,
      // Relative to infra/template.yaml. arm64 is the construct's default.
      code: {
        admission: new LocalZip('../dist/arm64/admission.zip'),
        authorizer: new LocalZip('../dist/arm64/authorizer.zip'),
      },
    });
    addOutputs(this, admission);
    Validations.of(this).acknowledge(
      {
        id: 'CloudFormation-Validate::W1030',
        reason:
          'Conditions remove an empty AlarmTopicArn from the alarm actions, and an empty PolicySecret ' +
          'from the permissions.',
      },
      {
        id: 'CloudFormation-Validate::W2509',
        reason: 'PolicySecret is the ARN of a secret, not a secret.',
      },
    );
    for (const alarm of admission.alarms) {
      const resource = alarm.node.defaultChild as CfnAlarm;
      resource.alarmActions = parameters.alarmActions();
      resource.okActions = parameters.alarmActions();
    }
    const role = admission.admission.role.node.defaultChild as CfnRole;
    const policies = parameters.rolePolicies(role.policies as CfnRole.PolicyProperty[]);
    // An override, so that cdk-nag, which does not read conditions, checks every policy there can be.
    role.addPropertyOverride('Policies', policies);
    this.limitToUrlKeys(admission, parameters);
    this.templateOptions.metadata = {
      'AWS::ServerlessRepo::Application': {
        Name: application.name,
        Description: application.description,
        Author: application.author,
        SpdxLicenseId: 'Apache-2.0',
        LicenseUrl: 'LICENSE',
        ReadmeUrl: 'README.md',
        Labels: application.labels,
        SemanticVersion: application.semanticVersion,
      },
    };
    // The references between the resources imply these (cfn-lint W3005).
    for (const child of this.node.findAll()) {
      if (child instanceof CfnResource) child.addDeletionOverride('DependsOn');
    }
  }

  /** Puts the conditions on what is in the template only for UrlKeys and AllowedSources. */
  private limitToUrlKeys(admission: EcrAdmission, parameters: SarParameters): void {
    const limited = admission
      .urlKeys!.node.findAll()
      .filter((child): child is CfnResource => child instanceof CfnResource);
    for (const resource of limited) resource.cfnOptions.condition = parameters.urlKeys;

    const { endpoint } = admission;
    const stage = endpoint.stage.node.defaultChild as CfnStage;
    stage.routeSettings = parameters.ifUrlKeys(stage.routeSettings);
    // A DependsOn must not name a resource that may not exist, so this names the routes that the settings
    // need.
    const routes = limited.filter((resource) => resource instanceof CfnRoute).map(({ ref }) => ref);
    const description = parameters.ifUrlKeys(`Routes with a key: ${routes.join(', ')}`);
    stage.addPropertyOverride('Description', description);
    const bearer = endpoint.api.node.findAll().find((child) => child instanceof HttpAuthorizer)!;
    const authorizer = bearer.node.defaultChild as CfnAuthorizer;
    const sources = parameters.identitySources(authorizer.identitySource!);
    authorizer.addPropertyOverride('IdentitySource', sources);
    const inForce = this.node.findChild('UrlKeysInForce') as CfnOutput;
    inForce.value = Fn.ref('UrlKeys');

    // The dashboard names the alarms in one list; those that may not exist are its last.
    const dashboard = admission.node.findAll().find((child) => child instanceof Dashboard)!;
    const body = dashboard.node.defaultChild as CfnDashboard;
    const ids = limited.map((resource) => this.resolve(resource.logicalId));
    const parts: any[] = this.resolve(body.dashboardBody)['Fn::Join'][1];
    const names = (part: any) => ids.includes(part['Fn::GetAtt']?.[0]);
    // With the comma before the first.
    const from = parts.findIndex(names) - 1;
    const to = parts.findLastIndex(names) + 1;
    const alarms = { 'Fn::Join': ['', parts.slice(from, to)] };
    parts.splice(from, to - from, this.resolve(parameters.ifUrlKeys(alarms, '')));
    body.addPropertyOverride('DashboardBody', { 'Fn::Join': ['', parts] });
  }
}
