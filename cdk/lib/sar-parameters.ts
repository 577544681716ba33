import {
  Aws,
  CfnCondition,
  type CfnParameterProps,
  CfnParameter,
  Fn,
  type Stack,
  Token,
} from 'aws-cdk-lib';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { POLICY_SECRET } from './functions';
import { DEFAULTS, LOG_LEVELS, PATTERNS, RANGES, SEVERITIES } from './settings';

/** What can be set in the console of the Serverless Application Repository. */
export class SarParameters {
  private readonly registryRegion: CfnParameter;
  private readonly registryIds: CfnParameter;
  private readonly alarmTopicArn: CfnParameter;
  private readonly hasTopic: CfnCondition;
  private readonly hasPolicySecret: CfnCondition;
  readonly props;

  constructor(private readonly stack: Stack) {
    this.registryRegion = this.list(
      'RegistryRegion',
      'Regions whose ECR registries are allowed, separated by commas. Empty: the Region of this stack.',
      PATTERNS.registryRegion,
      '',
    );
    this.registryIds = this.list(
      'RegistryIds',
      'Accounts whose ECR registries are allowed, 12 digits each, separated by commas. Empty: this account.',
      PATTERNS.registryId,
      '',
    );
    const ignoredNamespaces = this.list(
      'IgnoredNamespaces',
      'Namespaces admitted without judgement, separated by commas. Empty: none. Render the webhook configuration again after changing it.',
      PATTERNS.namespace,
      DEFAULTS.ignoredNamespaces.join(','),
    );
    const pinNamespaces = this.parameter('PinNamespaces', {
      description:
        'Namespaces in which images named by tag get their digest and are denied without one, separated by commas; * for all. Empty: none. Needs the mutating webhook configuration.',
      allowedPattern: `^(\\*|${PATTERNS.namespace}(,${PATTERNS.namespace})*)?$`,
      constraintDescription: 'namespaces with commas and without blanks, or *, or empty',
      default: '',
    });
    const rewrites = this.list(
      'Rewrites',
      'Which images of other registries become which of yours: SOURCE=TARGET, separated by commas. Empty: none. Needs the mutating webhook configuration.',
      PATTERNS.rewrite,
      '',
    );
    const severityLimit = this.word(
      'SeverityLimit',
      'Lowest severity of a finding that denies.',
      SEVERITIES,
      DEFAULTS.severityLimit,
    );
    const policySecret = this.parameter('PolicySecret', {
      description:
        'ARN of the Secrets Manager secret, in this Region, that holds your policy document (deploy/policy.md). Empty: these parameters are the whole policy.',
      allowedPattern: `^(${PATTERNS.policySecret})?$`,
      constraintDescription:
        'the full ARN of a secret of this or another account, with the hyphen and the six characters that Secrets Manager put at its end, or empty',
      default: DEFAULTS.policySecret,
    });
    this.hasPolicySecret = this.given('HasPolicySecret', policySecret);
    const logLevel = this.word(
      'LogLevel',
      'At WARN and above there is no line for a review that was judged.',
      LOG_LEVELS,
      DEFAULTS.logLevel,
    );
    const metricsNamespace = this.parameter('MetricsNamespace', {
      description:
        'CloudWatch namespace of the metrics. Two stacks in one Region of one account need two of them.',
      allowedPattern: `^${PATTERNS.metricsNamespace}$`,
      constraintDescription: 'a CloudWatch namespace, not one that begins with AWS/',
      default: DEFAULTS.metricsNamespace,
    });
    const number = (id: string, name: keyof typeof RANGES, description: string) =>
      this.parameter(id, {
        type: 'Number',
        description: `${description} ${RANGES[name][0]} to ${RANGES[name][1]}.`,
        minValue: RANGES[name][0],
        maxValue: RANGES[name][1],
        default: DEFAULTS[name],
      });
    const cacheSeconds = number(
      'CacheSeconds',
      'cacheSeconds',
      'Seconds for which inspected facts and the policy document may be reused; 0 is off.',
    );
    const maxImages = number(
      'MaxImages',
      'maxImages',
      'How many distinct images of one review are looked up; a review that names more is denied.',
    );
    const tokenOverlapHours = number(
      'TokenOverlapHours',
      'tokenOverlapHours',
      'Hours for which the previous token still works after a rotation.',
    );
    const authorizerCacheSeconds = number(
      'AuthorizerCacheSeconds',
      'authorizerCacheSeconds',
      'Seconds for which API Gateway may reuse an authorizer answer; adds to how long a revoked token works.',
    );
    const authorizerReserved = number(
      'AuthorizerReservedConcurrency',
      'authorizerReservedConcurrency',
      'The most sandboxes of the authorizer at once; 0 reserves none: use it where the concurrency quota of the account is small.',
    );
    const admissionReserved = number(
      'AdmissionReservedConcurrency',
      'admissionReservedConcurrency',
      'Concurrency reserved for the admission function, which is also the most it gets; 0 reserves none. README.md says which number to choose.',
    );
    const stageThrottleRate = number(
      'StageThrottleRate',
      'stageThrottleRate',
      'Requests a second that the endpoint takes from all callers together; more get 429.',
    );
    const stageThrottleBurst = number(
      'StageThrottleBurst',
      'stageThrottleBurst',
      'Requests that the endpoint takes at once, above the steady rate.',
    );
    const quietHours = number(
      'QuietHours',
      'quietHours',
      'Hours without a review after which the NoTraffic alarm fires.',
    );
    const logRetention = this.parameter('LogRetentionDays', {
      type: 'Number',
      description: 'Days for which logs are kept.',
      allowedValues: retentionDays(),
      default: String(DEFAULTS.logRetention),
    });
    this.alarmTopicArn = this.parameter('AlarmTopicArn', {
      description: 'ARN of the SNS topic to tell when an alarm fires. Empty: nobody is told.',
      allowedPattern: '^(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+)?$',
      constraintDescription: 'the ARN of an SNS topic, or empty',
      default: '',
    });
    this.hasTopic = this.given('HasAlarmTopic', this.alarmTopicArn);
    this.props = {
      registryRegions: this.listOr('HasRegistryRegion', this.registryRegion, Aws.REGION),
      registryIds: this.listOr('HasRegistryIds', this.registryIds, Aws.ACCOUNT_ID),
      ignoredNamespaces: this.listOr('HasIgnoredNamespaces', ignoredNamespaces, ''),
      pinNamespaces: this.listOr('HasPinNamespaces', pinNamespaces, ''),
      rewrites: this.listOr('HasRewrites', rewrites, ''),
      severityLimit: severityLimit.valueAsString,
      policySecret: policySecret.valueAsString,
      logLevel: logLevel.valueAsString,
      metricsNamespace: metricsNamespace.valueAsString,
      cacheSeconds: cacheSeconds.valueAsNumber,
      maxImages: maxImages.valueAsNumber,
      tokenOverlapHours: tokenOverlapHours.valueAsNumber,
      authorizerCacheSeconds: authorizerCacheSeconds.valueAsNumber,
      authorizerReservedConcurrency: this.orNone('HasReservedConcurrency', authorizerReserved),
      admissionReservedConcurrency: this.orNone(
        'HasAdmissionReservedConcurrency',
        admissionReserved,
      ),
      stageThrottleRate: stageThrottleRate.valueAsNumber,
      stageThrottleBurst: stageThrottleBurst.valueAsNumber,
      quietHours: quietHours.valueAsNumber,
      logRetention: logRetention.valueAsNumber as RetentionDays,
    };
  }

  /** The actions of an alarm: the topic, if there is one. */
  alarmActions(): string[] {
    const actions = [this.alarmTopicArn.valueAsString];
    return Token.asList(Fn.conditionIf(this.hasTopic.logicalId, actions, Aws.NO_VALUE));
  }

  /**
   * A role's policies, as the template spells them, without what only a policy secret makes necessary
   * where none is given: only the deployment knows, and IAM refuses a statement whose resource is empty.
   */
  rolePolicies(policies: CfnRole.PolicyProperty[]): unknown[] {
    return policies.map(({ policyName, policyDocument }) => {
      const policy = { PolicyDocument: policyDocument, PolicyName: policyName };
      if (policyName !== POLICY_SECRET) return policy;
      return Fn.conditionIf(this.hasPolicySecret.logicalId, policy, Aws.NO_VALUE);
    });
  }

  private orNone(condition: string, reserved: CfnParameter): number {
    const some = new CfnCondition(this.stack, condition, {
      expression: Fn.conditionNot(Fn.conditionEquals(reserved.valueAsNumber, 0)),
    });
    return Token.asNumber(Fn.conditionIf(some.logicalId, reserved.valueAsNumber, Aws.NO_VALUE));
  }

  private listOr(condition: string, parameter: CfnParameter, otherwise: string): string[] {
    const items = Fn.split(',', parameter.valueAsString);
    const some = this.given(condition, parameter);
    return Token.asList(Fn.conditionIf(some.logicalId, items, [otherwise]));
  }

  private given(condition: string, parameter: CfnParameter): CfnCondition {
    return new CfnCondition(this.stack, condition, {
      expression: Fn.conditionNot(Fn.conditionEquals(parameter.valueAsString, '')),
    });
  }

  // A text, not a CommaDelimitedList: only a text can be compared with the empty one in every tool, and
  // its pattern sees the whole of it.
  private list(id: string, description: string, item: string, fallback: string): CfnParameter {
    return this.parameter(id, {
      description,
      allowedPattern: `^(${item}(,${item})*)?$`,
      constraintDescription: `a list with commas and without blanks, each item like ${item}`,
      default: fallback,
    });
  }

  private word(id: string, description: string, allowedValues: string[], fallback: string) {
    return this.parameter(id, { description, allowedValues, default: fallback });
  }

  private parameter(id: string, props: CfnParameterProps): CfnParameter {
    return new CfnParameter(this.stack, id, props);
  }
}

function retentionDays(): string[] {
  return Object.values(RetentionDays)
    .filter(
      (days): days is RetentionDays => typeof days === 'number' && days <= RetentionDays.TEN_YEARS,
    )
    .map(String);
}
