import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { propsFromContext } from './context';
import { EcrAdmission } from './ecr-admission';
import { addOutputs } from './outputs';
import type { EcrAdmissionCode } from './props';

/** What `cdk deploy` deploys: the construct with props from the context, and the outputs. */
export class EcrAdmissionStack extends Stack {
  readonly admission: EcrAdmission;

  constructor(
    scope: Construct,
    id: string,
    // `code` is for executables of your own; the default is what `scripts/build` made.
    props: StackProps & { code?: EcrAdmissionCode } = {},
  ) {
    const { code, ...stackProps } = props;
    super(scope, id, {
      description: 'ecr-admission: Kubernetes admission for Amazon ECR',
      ...stackProps,
    });
    const given = propsFromContext(this, code && (() => code));
    this.admission = new EcrAdmission(this, 'EcrAdmission', given);
    addOutputs(this, this.admission);
  }
}
