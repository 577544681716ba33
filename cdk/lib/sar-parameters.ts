import {
  Aws,
  CfnCondition,
  type CfnParameterProps,
  CfnParameter,
  Fn,
  type Stack,
  Token,
} from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DEFAULTS, LOG_LEVELS, PATTERNS, RANGES, SEVERITIES } from './settings';

/** What can be set in the console of the Serverless Application Repository. */
export class SarParameters {
  private readonly registryRegion: CfnParameter;
  private readonly registryIds: CfnParameter;
  private readonly alarmTopicArn: CfnParameter;
  private readonly reserved: CfnParameter;
  private readonly hasTopic: CfnCondition;
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
      'Seconds for which inspected facts may be reused; 0 is off.',
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
    this.reserved = number(
      'AuthorizerReservedConcurrency',
      'authorizerReservedConcurrency',
      'The most sandboxes of the authorizer at once; 0 reserves none: use it where the concurrency quota of the account is small.',
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
    this.hasTopic = new CfnCondition(stack, 'HasAlarmTopic', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.alarmTopicArn.valueAsString, '')),
    });
    this.props = {
      registryRegions: this.listOr('HasRegistryRegion', this.registryRegion, Aws.REGION),
      registryIds: this.listOr('HasRegistryIds', this.registryIds, Aws.ACCOUNT_ID),
      ignoredNamespaces: this.listOr('HasIgnoredNamespaces', ignoredNamespaces, ''),
      pinNamespaces: this.listOr('HasPinNamespaces', pinNamespaces, ''),
      rewrites: this.listOr('HasRewrites', rewrites, ''),
      severityLimit: severityLimit.valueAsString,
      logLevel: logLevel.valueAsString,
      metricsNamespace: metricsNamespace.valueAsString,
      cacheSeconds: cacheSeconds.valueAsNumber,
      tokenOverlapHours: tokenOverlapHours.valueAsNumber,
      authorizerCacheSeconds: authorizerCacheSeconds.valueAsNumber,
      authorizerReservedConcurrency: this.reservedOrNone(),
      quietHours: quietHours.valueAsNumber,
      logRetention: logRetention.valueAsNumber as RetentionDays,
    };
  }

  /** The actions of an alarm: the topic, if there is one. */
  alarmActions(): string[] {
    const actions = [this.alarmTopicArn.valueAsString];
    return Token.asList(Fn.conditionIf(this.hasTopic.logicalId, actions, Aws.NO_VALUE));
  }

  private reservedOrNone(): number {
    const some = new CfnCondition(this.stack, 'HasReservedConcurrency', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.reserved.valueAsNumber, 0)),
    });
    return Token.asNumber(
      Fn.conditionIf(some.logicalId, this.reserved.valueAsNumber, Aws.NO_VALUE),
    );
  }

  private listOr(condition: string, parameter: CfnParameter, otherwise: string): string[] {
    const text = parameter.valueAsString;
    const some = new CfnCondition(this.stack, condition, {
      expression: Fn.conditionNot(Fn.conditionEquals(text, '')),
    });
    return Token.asList(Fn.conditionIf(some.logicalId, Fn.split(',', text), [otherwise]));
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
