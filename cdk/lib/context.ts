import { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { builtCode } from './code';
import type { EcrAdmissionCode, EcrAdmissionProps } from './props';

const LISTS = [
  'registryRegions',
  'registryIds',
  'ignoredNamespaces',
  'pinNamespaces',
  'rewrites',
] as const;
const WORDS = ['severityLimit', 'policySecret', 'logLevel', 'metricsNamespace'] as const;
const NUMBERS = [
  'cacheSeconds',
  'maxImages',
  'tokenOverlapHours',
  'authorizerCacheSeconds',
  'stageThrottleRate',
  'stageThrottleBurst',
  'admissionMemory',
  'authorizerMemory',
  'admissionReservedConcurrency',
  'authorizerReservedConcurrency',
  'provisionedConcurrency',
  'quietHours',
] as const;
const OTHERS = ['stackName', 'architecture', 'alarmTopicArn', 'logRetentionDays'] as const;
const KNOWN: readonly string[] = [...LISTS, ...WORDS, ...NUMBERS, ...OTHERS];

/**
 * The construct's props as `cdk deploy -c NAME=VALUE` or cdk.json give them; lists are separated by
 * commas. A name that is not ours is refused: a misspelt `severityLimit` must not pass for the default.
 */
export function propsFromContext(
  scope: Construct,
  code: (architecture: Architecture) => EcrAdmissionCode = builtCode,
): EcrAdmissionProps {
  const context: Record<string, unknown> = scope.node.getAllContext();
  for (const name of Object.keys(context)) {
    // The CDK's own names hold a colon or a slash.
    if (!/[:/]/.test(name) && !KNOWN.includes(name)) {
      throw new Error(`unknown context '${name}'; expected one of ${KNOWN.join(', ')}`);
    }
  }
  const given = (name: string): string | undefined => {
    const value = context[name];
    return value === undefined ? undefined : String(value).trim();
  };
  const pick = <K extends string, V>(names: readonly K[], read: (text: string, name: K) => V) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const text = given(name);
        return text === undefined ? [] : [[name, read(text, name)]];
      }),
    ) as Partial<Record<K, V>>;

  const architecture = architectureOf(given('architecture') ?? 'arm64');
  const topic = given('alarmTopicArn');
  const days = given('logRetentionDays');
  return {
    code: code(architecture),
    architecture,
    ...pick(LISTS, list),
    ...pick(WORDS, (text) => text),
    ...pick(NUMBERS, number),
    ...(topic ? { alarmTopic: Topic.fromTopicArn(scope, 'AlarmTopic', topic) } : {}),
    ...(days ? { logRetention: number(days, 'logRetentionDays') as RetentionDays } : {}),
  };
}

function architectureOf(text: string): Architecture {
  switch (text) {
    case 'arm64':
      return Architecture.ARM_64;
    case 'x86_64':
      return Architecture.X86_64;
    default:
      throw new Error(`architecture is '${text}'; expected arm64 or x86_64`);
  }
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function number(text: string, name: string): number {
  if (!/^[0-9]+$/.test(text)) {
    throw new Error(`${name} is '${text}'; expected a whole number`);
  }
  return Number(text);
}
