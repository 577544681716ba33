import { Aws, type CfnCondition, Fn, Validations } from 'aws-cdk-lib';
import { CfnAlias, CfnVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { bucketCode } from './bucket-code';
import { deployByCondition } from './conditional-deployments';
import { conditionalBody, conditionalMethodSettings } from './conditional-rest-api';
import { PARAMETERS } from './parameters';
import { SettingsRecord } from './settings-record';
import { limit, resourcesIn, TemplateStack } from './template-stack';

/**
 * The template without a transform: infra/cloudformation.yaml. StackSets of an organization and Terraform take it,
 * since what it says is what is deployed.
 */
export class PlainStack extends TemplateStack {
  constructor(scope: Construct, id: string, version: string) {
    const description = `ecr-admission ${version}: Kubernetes admission for Amazon ECR`;
    super(scope, id, description, PARAMETERS, (stack) => bucketCode(stack, version));
    const { parameters } = this;
    const { rest, settings } = this.admission;
    // The logical ids of deployments have a hash of this body, so a template that changes it deploys it again.
    rest!.api.body = conditionalBody(rest!, settings, parameters);
    // An override, since the names are those of the template already.
    rest!.stage.addPropertyOverride(
      'MethodSettings',
      conditionalMethodSettings(settings, parameters),
    );
    this.limitCanary(version);
    deployByCondition(rest!, parameters.given('VpcEndpointIds'), [
      parameters.given('UrlKeys'),
      parameters.given('VpcEndpointClusters'),
      parameters.given('Canary'),
    ]);
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W1001',
      reason:
        'Without a canary, what refers to an alias refers to its function (conditional-references.ts).',
    });
  }

  private limitCanary(version: string): void {
    const { admission, parameters } = this;
    const urlKeys = admission.urlKeys!;
    const hasCanary = parameters.given('Canary');
    const both = parameters.both('HasUrlKeysCanary', 'UrlKeys', 'Canary');
    const record = new SettingsRecord(this, 'Settings', version);
    limit(record, hasCanary);
    limit(admission.canary!, hasCanary);
    limit(urlKeys.canary!, both);
    for (const [shipped, condition] of [
      [admission.admission, hasCanary],
      [admission.authorizer, hasCanary],
      [urlKeys.authorizer, both],
    ] as const) {
      // An override: the value may be absent.
      const number = Fn.conditionIf(hasCanary.logicalId, record.number, Aws.NO_VALUE);
      shipped.resource.addPropertyOverride('Environment.Variables.SETTINGS_RECORD', number);
      limitVersion(shipped, condition, `ecr-admission ${version}, settings ${record.number}`);
    }
  }
}

/**
 * Versions have a fixed logical id, and CloudFormation makes another one when the description changes. The CDK's
 * logical ids have a hash of the function instead, which no parameter can change.
 */
function limitVersion(shipped: Construct, condition: CfnCondition, description: string): void {
  for (const resource of resourcesIn(shipped)) {
    if (resource instanceof CfnAlias) resource.cfnOptions.condition = condition;
    if (!(resource instanceof CfnVersion)) continue;
    resource.cfnOptions.condition = condition;
    resource.overrideLogicalId(`${shipped.node.path.split('/').slice(1).join('')}Version`);
    resource.description = description;
    // Of a hash in the logical id.
    resource.addDeletionOverride('Metadata');
  }
}
