import { CfnCondition, CfnParameter, Fn, type Stack } from 'aws-cdk-lib';
import { Architecture, Code, type CodeConfig } from 'aws-cdk-lib/aws-lambda';
import type { EcrAdmissionCode } from './props';

/** The functions from a bucket that the parameters name, as a release is uploaded. */
export function bucketCode(
  stack: Stack,
  version: string,
): { code: EcrAdmissionCode; architecture: Architecture } {
  const bucket = new CfnParameter(stack, 'CodeBucket', {
    description: 'S3 bucket that holds the release.',
    allowedPattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    constraintDescription: 'expected the name of a bucket, like my-packages',
  }).valueAsString;
  const perRegion = new CfnParameter(stack, 'CodeBucketPerRegion', {
    description:
      'Whether each Region has a bucket, named CodeBucket-REGION. Lambda reads code only from a bucket in its Region.',
    allowedValues: ['true', 'false'],
    default: 'false',
  }).valueAsString;
  const prefix = new CfnParameter(stack, 'CodeKeyPrefix', {
    description: 'What the keys in the bucket begin with: empty, or with a slash at the end.',
    allowedPattern: "^([0-9A-Za-z!_.*'()-]+/)*$",
    constraintDescription: 'expected nothing, or a value like releases/',
    default: '',
  }).valueAsString;
  const architecture = new CfnParameter(stack, 'Architecture', {
    description: 'Processors that run the functions. arm64 costs a fifth less.',
    allowedValues: ['arm64', 'x86_64'],
    default: 'arm64',
  }).valueAsString;
  const inEach = new CfnCondition(stack, 'HasCodeBucketPerRegion', {
    expression: Fn.conditionEquals(perRegion, 'true'),
  });
  const bucketName = Fn.conditionIf(
    inEach.logicalId,
    `${bucket}-${stack.region}`,
    bucket,
  ).toString();
  const zip = (name: string): Code =>
    // The version is in the key: a stack that is updated with the template of another version and its previous
    // parameters gets the code of that version.
    new BucketZip(bucketName, `${prefix}ecr-admission/${version}/${name}-${architecture}.zip`);
  return {
    code: { admission: zip('admission'), authorizer: zip('authorizer') },
    architecture: Architecture.custom(architecture),
  };
}

/** An object of a bucket that only the deployment knows, so not Code.fromBucket, which checks the name. */
class BucketZip extends Code {
  constructor(
    private readonly bucketName: string,
    private readonly objectKey: string,
  ) {
    super();
  }

  override bind(): CodeConfig {
    const { bucketName, objectKey } = this;
    return { s3Location: { bucketName, objectKey } };
  }
}
