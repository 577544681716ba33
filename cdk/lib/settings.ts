import { Aws, Token } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { EcrAdmissionProps } from './props';

/** The props with their defaults filled in. */
export type Settings = Required<Omit<EcrAdmissionProps, 'alarmTopic'>> &
  Pick<EcrAdmissionProps, 'alarmTopic'>;

/** The defaults that the SAR parameters share. The functions have the same ones of their own. */
export const DEFAULTS = {
  ignoredNamespaces: ['kube-system'],
  pinNamespaces: [] as string[],
  rewrites: [] as string[],
  severityLimit: 'CRITICAL',
  policySecret: '',
  logLevel: 'INFO',
  metricsNamespace: 'EcrAdmission',
  cacheSeconds: 60,
  maxImages: 100,
  tokenOverlapHours: 24,
  authorizerCacheSeconds: 60,
  stageThrottleRate: 2000,
  // Below the burst that API Gateway gives an account in its smaller Regions: 1,250.
  stageThrottleBurst: 1000,
  admissionMemory: 256,
  authorizerMemory: 128,
  admissionReservedConcurrency: 0,
  authorizerReservedConcurrency: 10,
  provisionedConcurrency: 0,
  logRetention: RetentionDays.THREE_MONTHS,
  quietHours: 6,
};

/** The accepted words, in the order in which a person reads them. */
export const SEVERITIES = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** The accepted shapes, which the SAR parameters check too. */
export const PATTERNS = {
  registryRegion: '[a-z]{2,}(-[a-z]+)+-[0-9]+',
  registryId: '[0-9]{12}',
  namespace: '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?',
  // The function reads the table closer, and does not start with a bad one.
  rewrite: '[^,=\\s]+=[^,=\\s]*',
  // A full ARN, of any partition and account. Its name, and the six characters that Secrets Manager adds,
  // hold no wildcard: IAM takes the ARN for this secret alone.
  policySecret:
    'arn:aws(-[a-z]+)*:secretsmanager:[a-z]{2,}(-[a-z]+)+-[0-9]+:[0-9]{12}:secret:[0-9A-Za-z/_+=.@-]{1,512}-[0-9A-Za-z]{6}',
  // CloudWatch's own characters, without the names that only AWS may write to (AWS/…).
  metricsNamespace: '(?!AWS/)[0-9A-Za-z._/#:-]{1,255}',
};

/** The accepted whole numbers, ends included. */
export const RANGES = {
  cacheSeconds: [0, 300],
  maxImages: [1, 500],
  tokenOverlapHours: [0, 168],
  authorizerCacheSeconds: [0, 3600],
  stageThrottleRate: [1, 100000],
  stageThrottleBurst: [1, 100000],
  admissionMemory: [128, 10240],
  authorizerMemory: [128, 10240],
  admissionReservedConcurrency: [0, 10000],
  authorizerReservedConcurrency: [0, 10000],
  provisionedConcurrency: [0, 10000],
  quietHours: [1, 24],
} satisfies Record<string, [number, number]>;

/** Fills in the defaults; throws with the prop, what was got and what is accepted. */
export function settingsOf(props: EcrAdmissionProps): Settings {
  const settings: Settings = {
    architecture: Architecture.ARM_64,
    registryRegions: [Aws.REGION],
    registryIds: [Aws.ACCOUNT_ID],
    ...DEFAULTS,
    ...given(props),
  };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = settings[name as keyof typeof RANGES];
    if (Token.isUnresolved(value)) continue;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new Error(`${name} is ${value}; expected a whole number from ${least} to ${most}`);
    }
  }
  oneOf('severityLimit', settings.severityLimit, SEVERITIES);
  oneOf('logLevel', settings.logLevel, LOG_LEVELS);
  eachMatches('registryRegions', settings.registryRegions, PATTERNS.registryRegion, 'eu-west-1');
  eachMatches('registryIds', settings.registryIds, PATTERNS.registryId, '123456789012');
  eachMatches('ignoredNamespaces', settings.ignoredNamespaces, PATTERNS.namespace, 'kube-system');
  const pinned = settings.pinNamespaces;
  if (Token.isUnresolved(pinned) || pinned.join() !== '*') {
    eachMatches('pinNamespaces', pinned, PATTERNS.namespace, "shop, or only '*'");
  }
  eachMatches('rewrites', settings.rewrites, PATTERNS.rewrite, 'docker.io/=REGISTRY/docker-hub/');
  if (settings.policySecret !== '') {
    const full = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-admission/policy-AbCdEf';
    eachMatches('policySecret', [settings.policySecret], PATTERNS.policySecret, full);
  }
  const name = [settings.metricsNamespace];
  eachMatches('metricsNamespace', name, PATTERNS.metricsNamespace, 'EcrAdmission');
  for (const list of ['registryRegions', 'registryIds'] as const) {
    if (settings[list].length === 0) {
      throw new Error(`${list} is empty; name at least one, or leave it out for the stack's own`);
    }
  }
  return settings;
}

// A prop that is present but undefined means its default, as it does everywhere in the CDK.
function given(props: EcrAdmissionProps): EcrAdmissionProps {
  const entries = Object.entries(props).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as EcrAdmissionProps;
}

function oneOf(name: string, value: string, accepted: string[]): void {
  if (!Token.isUnresolved(value) && !accepted.includes(value)) {
    throw new Error(`${name} is '${value}'; expected ${accepted.join(', ')}`);
  }
}

function eachMatches(name: string, values: string[], pattern: string, example: string): void {
  if (Token.isUnresolved(values)) return;
  for (const value of values) {
    if (!Token.isUnresolved(value) && !new RegExp(`^(?:${pattern})$`).test(value)) {
      throw new Error(`${name} has '${value}'; expected something like ${example}`);
    }
  }
}
