import { Aws, Duration, Fn, RemovalPolicy, Token, Tokenization } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  type ApplicationLogLevel,
  type Code,
  Function,
  type IFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { byPartition } from './partition';
import type { Settings } from './settings';

interface ShippedFunctionProps {
  readonly settings: Settings;
  readonly code: Code;
  readonly description: string;
  readonly memory: number;
  readonly timeout: Duration;
  readonly reservedConcurrency: number;
  readonly environment: Record<string, string>;
  /** What it may call besides writing its own log. */
  readonly statements: PolicyStatement[];
  /** Further policies of the role, by name: those that a stack may take out again. */
  readonly policies?: Record<string, PolicyDocument>;
}

/**
 * The name of the role's policy that holds what only a policy document makes necessary: reading its secret,
 * and the image configs that its rule image-config looks at.
 */
export const POLICY_SECRET = 'policySecret';

/** One function with a role and a log group of its own. */
class ShippedFunction extends Construct {
  readonly function: Function;
  readonly logGroup: LogGroup;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: ShippedFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.settings.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Written out instead of AWSLambdaBasicExecutionRole, which may write to every log group.
    const log = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logGroup.logGroupArn],
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Runs the ${id.toLowerCase()} function of ecr-admission`,
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
      // Lambda filters by the lines' level as well, and would drop DEBUG by default.
      applicationLogLevelV2: props.settings.logLevel as ApplicationLogLevel,
      ...(props.reservedConcurrency === 0
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
  }
}

/** Judges reviews. */
export class AdmissionFunction extends ShippedFunction {
  /** What the endpoint invokes: the function, or its alias when there is provisioned concurrency. */
  readonly target: IFunction;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      settings,
      code: settings.code.admission,
      description: 'ecr-admission: judges the images of an AdmissionReview',
      memory: settings.admissionMemory,
      // A backstop only: the function answers before the deadline that the apiserver sends with each
      // review (the webhook's timeoutSeconds, 5 here and 10 by Kubernetes' default).
      timeout: Duration.seconds(10),
      reservedConcurrency: settings.admissionReservedConcurrency,
      environment: {
        REGISTRY_REGION: commaSeparated(settings.registryRegions),
        REGISTRY_IDS: commaSeparated(settings.registryIds),
        IGNORED_NAMESPACES: commaSeparated(settings.ignoredNamespaces),
        PIN_NAMESPACES: commaSeparated(settings.pinNamespaces),
        REWRITES: commaSeparated(settings.rewrites),
        SEVERITY_LIMIT: settings.severityLimit,
        POLICY_SECRET: settings.policySecret,
        LOG_LEVEL: settings.logLevel,
        METRICS_NAMESPACE: settings.metricsNamespace,
        CACHE_SECONDS: Tokenization.stringifyNumber(settings.cacheSeconds),
        MAX_IMAGES: Tokenization.stringifyNumber(settings.maxImages),
      },
      statements: [inspectImages(scope, settings), readEnhancedFindings(), putMetrics(settings)],
      policies:
        settings.policySecret === '' ? {} : { [POLICY_SECRET]: followPolicy(scope, settings) },
    });
    this.target =
      settings.provisionedConcurrency === 0
        ? this.function
        : new Alias(this, 'Warm', {
            aliasName: 'warm',
            version: this.function.currentVersion,
            provisionedConcurrentExecutions: settings.provisionedConcurrency,
          });
  }
}

/** Tells the apiservers of your clusters from everybody else. */
export class AuthorizerFunction extends ShippedFunction {
  constructor(scope: Construct, id: string, settings: Settings, secret: ISecret) {
    super(scope, id, {
      settings,
      code: settings.code.authorizer,
      description: 'ecr-admission: authorizes callers by bearer token',
      memory: settings.authorizerMemory,
      // What the webhook's timeoutSeconds leaves: later, nobody waits for the answer any more.
      timeout: Duration.seconds(5),
      reservedConcurrency: settings.authorizerReservedConcurrency,
      environment: {
        TOKEN_SECRET_ARN: secret.secretArn,
        TOKEN_OVERLAP_HOURS: Tokenization.stringifyNumber(settings.tokenOverlapHours),
        LOG_LEVEL: settings.logLevel,
      },
      statements: [read(secret.secretArn)],
    });
  }
}

/** Reads in the allowed registries: their accounts by ARN, their Regions by the Region that is called. */
function inspectImages(scope: Construct, settings: Settings): PolicyStatement {
  return inRegistries(scope, settings, [
    'ecr:BatchGetImage',
    'ecr:BatchGetRepositoryScanningConfiguration',
    'ecr:DescribeImageScanFindings',
    'ecr:DescribeRepositories',
  ]);
}

function inRegistries(scope: Construct, settings: Settings, actions: string[]): PolicyStatement {
  return new PolicyStatement({
    actions,
    resources: repositories(scope, settings.registryIds),
    conditions: { StringEquals: { 'aws:RequestedRegion': settings.registryRegions } },
  });
}

/**
 * Never called by the function itself: ECR asks Amazon Inspector in the caller's name, and without these
 * DescribeImageScanFindings is denied for every image of a registry with enhanced scanning (Amazon ECR User
 * Guide, "IAM permissions required for enhanced scanning"). Its policy names no resource but `*`, and no
 * condition.
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
  // The accounts are a list that only the deployment knows (a SAR parameter): join them with what lies
  // between two of them, and split the text into ARNs again. The delimiter of Fn::Join must be a plain
  // text, so that there is one Join a partition.
  const joined = (partition: string): string =>
    `arn:${partition}:ecr:*:${Fn.join(`:repository/*,arn:${partition}:ecr:*:`, accounts)}:repository/*`;
  const arns = byPartition(scope, {
    aws: joined('aws'),
    china: joined('aws-cn'),
    govCloud: joined('aws-us-gov'),
  });
  return Fn.split(',', arns);
}

function followPolicy(scope: Construct, settings: Settings): PolicyDocument {
  return new PolicyDocument({
    statements: [
      read(settings.policySecret),
      inRegistries(scope, settings, ['ecr:GetDownloadUrlForLayer']),
    ],
  });
}

/** Reads the one secret that has this ARN. */
function read(secretArn: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secretArn],
  });
}

function putMetrics(settings: Settings): PolicyStatement {
  return new PolicyStatement({
    actions: ['cloudwatch:PutMetricData'],
    // CloudWatch knows no resource for it; the namespace is the only bound there is.
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': settings.metricsNamespace } },
  });
}

function commaSeparated(values: string[]): string {
  return values.length === 0 ? '' : Fn.join(',', values);
}
