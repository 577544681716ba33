import type { Construct } from 'constructs';
import { bucketCode } from './bucket-code';
import { conditionalBody, conditionalMethodSettings } from './conditional-rest-api';
import { TemplateStack } from './template-stack';

/**
 * The template without a transform: infra/cloudformation.yaml. StackSets of an organization and Terraform take it,
 * since what it says is what is deployed.
 */
export class PlainStack extends TemplateStack {
  constructor(scope: Construct, id: string, version: string) {
    super(scope, id, `ecr-admission ${version}: Kubernetes admission for Amazon ECR`, (stack) =>
      bucketCode(stack, version),
    );
    const { parameters } = this;
    const { rest, settings } = this.admission;
    // Of this body, the deployment's logical id has a hash: each version of the template that changes it deploys
    // it again. A parameter cannot change a logical id.
    rest!.api.body = conditionalBody(rest!, settings, parameters);
    // An override, since the names are those of the template already.
    rest!.stage.addPropertyOverride(
      'MethodSettings',
      conditionalMethodSettings(settings, parameters),
    );
  }
}
