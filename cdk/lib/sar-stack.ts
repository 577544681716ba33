import type { Construct } from 'constructs';
import { LocalZip } from './code';
import { PARAMETERS } from './parameters';
import { toServerlessApi } from './sar-rest-api';
import { TemplateStack } from './template-stack';

/** What the Serverless Application Repository shows: infra/application.json and the version. */
export interface SarApplication {
  readonly name: string;
  readonly author: string;
  readonly description: string;
  readonly labels: string[];
  readonly semanticVersion: string;
}

/** The template for the Serverless Application Repository: infra/template.yaml. */
export class SarStack extends TemplateStack {
  constructor(scope: Construct, id: string, application: SarApplication) {
    const rows = PARAMETERS.filter(({ plainOnly }) => !plainOnly);
    super(scope, id, 'ecr-admission: Kubernetes admission for Amazon ECR', rows, () => ({
      // Relative to infra/template.yaml. arm64 is the construct's default.
      code: {
        admission: new LocalZip('../dist/arm64/admission.zip'),
        authorizer: new LocalZip('../dist/arm64/authorizer.zip'),
      },
    }));
    this.addTransform('AWS::Serverless-2016-10-31');
    toServerlessApi(this.admission.rest!, this.admission.settings, this.parameters);
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
  }
}
