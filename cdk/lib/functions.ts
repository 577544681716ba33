import { Aws, Duration, Fn, Token } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  type CfnFunction,
  type ApplicationLogLevel,
  type Code,
  Function,
  type IFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { hasCanary } from './canary-words';
import { environmentOf } from './environment';
import { byPartition } from './partition';
import { Log } from './log';
import type { Settings } from './settings';

interface ShippedFunctionProps {
  /** For people: the `admission` function. */
  readonly name: string;
  readonly settings: Settings;
  readonly code: Code;
  readonly description: string;
  readonly memory: number;
  readonly timeout: Duration;
  readonly reservedConcurrency: number;
  readonly provisionedConcurrency?: number;
  readonly environment: Record<string, string>;
  /** What it may call, besides writing its log. */
  readonly statements: PolicyStatement[];
  /** More policies of the role, by name: those that a stack may leave out. */
  readonly policies?: Record<string, PolicyDocument>;
}

/** The role's policy for what only a policy document needs: to read its secret. */
export const POLICY_SECRET = 'policySecret';

/**
 * Likewise: the actions on repositories that only rules of a policy document need. `signed` reads signing
 * statuses, `image-config` reads image configs.
 */
export const POLICY_ACTIONS: readonly string[] = [
  'ecr:DescribeImageSigningStatus',
  'ecr:GetDownloadUrlForLayer',
];

/** The name of the alias of each function. */
export const ALIAS = 'live';

/** A function with its role and its log group. */
export class ShippedFunction extends Construct {
  readonly function: Function;
  readonly logGroup: Log;
  readonly role: Role;
  /** With a canary, or with provisioned concurrency: what refers to the version that answers. */
  readonly alias?: Alias;
  /** What the endpoint invokes: the alias, or else the function. */
  readonly target: IFunction;

  constructor(scope: Construct, id: string, props: ShippedFunctionProps) {
    super(scope, id);
    this.logGroup = new Log(this, 'Log', props.settings);
    // Not AWSLambdaBasicExecutionRole, which may write to every log group.
    const log = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logGroup.logGroupArn],
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Runs the ${props.name} function of ecr-admission`,
      inlinePolicies: {
        calls: new PolicyDocument({ statements: [log, ...props.statements] }),
        ...props.policies,
      },
    });
    this.function = new Function(this, 'Function', {
      description: props.description,
      runtime: Runtime.PROVIDED_AL2023,
      architecture: props.settings.architecture,
      handler: 'bootstrap',
      code: props.code,
      role: this.role,
      memorySize: props.memory,
      timeout: props.timeout,
      environment: props.environment,
      logGroup: this.logGroup,
      // JSON for Lambda's own lines too, so that the dashboard can count cold starts.
      loggingFormat: LoggingFormat.JSON,
      // Lambda filters lines by level too, and would drop DEBUG by default.
      applicationLogLevelV2: props.settings.logLevel as ApplicationLogLevel,
      ...(props.reservedConcurrency === 0
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    const { provisionedConcurrency = 0 } = props;
    if (provisionedConcurrency > 0 || hasCanary(props.settings)) {
      this.alias = new Alias(this, 'Live', {
        aliasName: ALIAS,
        version: this.function.currentVersion,
        ...(provisionedConcurrency > 0 && {
          provisionedConcurrentExecutions: provisionedConcurrency,
        }),
      });
    }
    this.target = this.alias ?? this.function;
  }

  get resource(): CfnFunction {
    return this.function.node.defaultChild as CfnFunction;
  }
}

/** Evaluates reviews. */
export class AdmissionFunction extends ShippedFunction {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      settings,
      name: 'admission',
      code: settings.code.admission,
      description: 'ecr-admission: evaluates the images of an AdmissionReview',
      memory: settings.admissionMemory,
      // A backstop: the function answers before the deadline that the apiserver sends with each review
      // (the webhook's timeoutSeconds: 5 as rendered, 10 by default in Kubernetes).
      timeout: Duration.seconds(10),
      reservedConcurrency: settings.admissionReservedConcurrency,
      provisionedConcurrency: settings.provisionedConcurrency,
      environment: environmentOf('admission', settings),
      statements: [inspectImages(scope, settings), readEnhancedFindings(), putMetrics(settings)],
      policies:
        settings.policySecret === ''
          ? {}
          : { [POLICY_SECRET]: new PolicyDocument({ statements: [read(settings.policySecret)] }) },
    });
  }
}

/** Authenticates the apiservers of your clusters by bearer token. */
export class AuthorizerFunction extends ShippedFunction {
  constructor(scope: Construct, id: string, settings: Settings, secret: ISecret) {
    super(scope, id, {
      name: 'authorizer',
      description: 'ecr-admission: authorizes callers by bearer token',
      reservedConcurrency: settings.authorizerReservedConcurrency,
      ...authorizing(settings, secret),
    });
  }
}

/** The same executable: authenticates the apiservers of your clusters by the key in the URL. */
export class KeyAuthorizerFunction extends ShippedFunction {
  constructor(scope: Construct, id: string, settings: Settings, secret: ISecret) {
    const { environment, ...same } = authorizing(settings, secret);
    super(scope, id, {
      name: 'key authorizer',
      description: 'ecr-admission: authorizes callers by key in the URL',
      reservedConcurrency: settings.urlKeyAuthorizerReservedConcurrency,
      environment: { ...environment, CALLER_KEY: 'url' },
      ...same,
    });
  }
}

/** What the two authorizers have in common. */
function authorizing(settings: Settings, secret: ISecret) {
  return {
    settings,
    code: settings.code.authorizer,
    memory: settings.authorizerMemory,
    // The webhook's timeoutSeconds: after that, the apiserver no longer waits.
    timeout: Duration.seconds(5),
    environment: {
      TOKEN_SECRET_ARN: secret.secretArn,
      ...environmentOf('authorizer', settings),
    },
    statements: [read(secret.secretArn)],
  };
}

/** Reads the allowed registries: the ARN limits the accounts, the condition the Regions. */
function inspectImages(scope: Construct, settings: Settings): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ecr:BatchGetImage',
      'ecr:BatchGetRepositoryScanningConfiguration',
      'ecr:DescribeImageScanFindings',
      'ecr:DescribeRepositories',
      ...(settings.policySecret === '' ? [] : POLICY_ACTIONS),
    ],
    resources: repositories(scope, settings.registryIds),
    conditions: { StringEquals: { 'aws:RequestedRegion': settings.registryRegions } },
  });
}

/**
 * The function does not call these. ECR calls Amazon Inspector on behalf of the caller, and without these
 * permissions DescribeImageScanFindings is denied for every image of a registry with enhanced scanning
 * (Amazon ECR User Guide, "IAM permissions required for enhanced scanning"). The policy documented there
 * has the resource `*` and no condition.
 */
function readEnhancedFindings(): PolicyStatement {
  return new PolicyStatement({
    actions: ['inspector2:ListCoverage', 'inspector2:ListFindings'],
    resources: ['*'],
  });
}

/** The repositories of `accounts`, as ARNs. */
export function repositories(scope: Construct, accounts: string[]): string[] {
  if (!Token.isUnresolved(accounts)) {
    return accounts.map((account) => `arn:${Aws.PARTITION}:ecr:*:${account}:repository/*`);
  }
  // Only the deployment knows the accounts (a parameter of a template): join them with the text between two of
  // them, and split the result into ARNs. The delimiter of Fn::Join must be a literal string, so there is
  // one Join per partition.
  const joined = (partition: string): string =>
    `arn:${partition}:ecr:*:${Fn.join(`:repository/*,arn:${partition}:ecr:*:`, accounts)}:repository/*`;
  const arns = byPartition(scope, {
    aws: joined('aws'),
    china: joined('aws-cn'),
    govCloud: joined('aws-us-gov'),
  });
  return Fn.split(',', arns);
}

/** Reads the secret with this ARN. */
function read(secretArn: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secretArn],
  });
}

function putMetrics(settings: Settings): PolicyStatement {
  return new PolicyStatement({
    actions: ['cloudwatch:PutMetricData'],
    // This action has no resource; the namespace is the only limit there is.
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': settings.metricsNamespace } },
  });
}
