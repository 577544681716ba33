import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { EcrAdmission } from './ecr-admission';
import type { EcrAdmissionProps } from './props';

const ROOT = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8');

/** infra/prices.json. */
export const PRICES: {
  readonly region: string;
  readonly checked: string;
  readonly prices: Readonly<Record<string, { readonly per: number; readonly price: number }>>;
} = JSON.parse(read('infra/prices.json'));

/** infra/usage.json: what a review uses, and how that was found out. */
export const USAGE: Readonly<Record<string, { readonly value: number; readonly how: string }>> =
  JSON.parse(read('infra/usage.json'));

/** Of a month. */
export const HOURS = 730;
const MINUTES = HOURS * 60;
const SECONDS = MINUTES * 60;
const MILLION = 1_000_000;

/** What `count` of something costs, in USD. */
export function priceOf(id: string, count = 1): number {
  const found = PRICES.prices[id];
  if (!found) throw new Error(`infra/prices.json has no ${id}`);
  return (count * found.price) / found.per;
}

function usage(id: string): number {
  const found = USAGE[id];
  if (!found) throw new Error(`infra/usage.json has no ${id}`);
  return found.value;
}

/** What costs by the month, whether or not anybody calls. */
export interface Fixed {
  /** An alarm on arithmetic pays for each metric in it. */
  readonly alarmMetrics: number;
  readonly alarms: number;
  /** At most: one that counts nothing in an hour costs nothing for it. */
  readonly customMetrics: number;
  readonly dashboards: number;
  readonly secrets: number;
}

/** What is in a template that has no conditions. */
export function fixedIn(template: any): Fixed {
  const of = (type: string): any[] =>
    Object.values<any>(template.Resources).filter(({ Type }) => Type === type);
  const alarms = of('AWS::CloudWatch::Alarm');
  const metricsOf = ({ Properties: { Metrics } }: any): number =>
    Metrics ? Metrics.filter(({ MetricStat }: any) => MetricStat).length : 1;
  return {
    alarmMetrics: alarms.reduce((sum, alarm) => sum + metricsOf(alarm), 0),
    alarms: alarms.length,
    customMetrics: of('AWS::Logs::MetricFilter').length + FUNCTION_METRICS.length + RULES.length,
    dashboards: of('AWS::CloudWatch::Dashboard').length,
    secrets: of('AWS::SecretsManager::Secret').length,
  };
}

export function fixedCost(fixed: Fixed): number {
  return (
    priceOf('alarmMetric', fixed.alarmMetrics) +
    priceOf('customMetric', fixed.customMetrics) +
    priceOf('dashboard', fixed.dashboards) +
    priceOf('secret', fixed.secrets)
  );
}

/** Metrics that exist for a cluster only: the others have no dimension, and one for each cluster with ClusterMetrics. */
const OF_CLUSTERS = ['PreviousToken', 'CurrentUrlKey'];

/** The metrics that the admission function counts without a dimension, as it names them. */
export const FUNCTION_METRICS: readonly string[] = matches(
  'functions/admission/src/metrics/datum.rs',
  /^ +Name::\w+ => "(\w+)",$/gm,
).filter((name) => !OF_CLUSTERS.includes(name));

/** The rules, by each of which denials are counted. */
export const RULES: readonly string[] = matches(
  'functions/policy/src/rule.rs',
  /^ +Self::\w+ => "([a-z-]+)",$/gm,
);

/** How long counts wait for the next review, in seconds. */
const PUT_INTERVAL = Number(
  matches(
    'functions/admission/src/metrics/queue.rs',
    /INTERVAL: Duration = Duration::from_secs\((\d+)\)/g,
  )[0],
);

function matches(file: string, pattern: RegExp): string[] {
  const found = [...read(file).matchAll(pattern)].map(([, text]) => text!);
  if (found.length === 0) throw new Error(`${file} has nothing like ${pattern}`);
  return found;
}

/** One way to call, as the stack is deployed for it. */
export interface Way {
  readonly name: string;
  readonly props: Omit<EcrAdmissionProps, 'code'>;
  /** Whether API Gateway reuses the results of the authorizer. */
  readonly cached: boolean;
}

const PRIVATE = {
  vpcEndpointIds: ['vpce-0123456789abcdef0'],
  vpcEndpointClusters: ['blue'],
  publicEndpoint: false,
};

export const WAYS: readonly Way[] = [
  { name: 'a token, public API (the defaults)', props: {}, cached: true },
  { name: 'a key in the URL, public API', props: { urlKeys: true }, cached: false },
  { name: 'the VPC endpoint, private API', props: PRIVATE, cached: false },
];

/** The template of the stack for a way to call, without conditions. */
export function templateFor({ props }: Way): any {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, 'ecr-admission', { analyticsReporting: false });
  const code = Code.fromBucket(Bucket.fromBucketName(stack, 'Code', 'code'), 'function.zip');
  new EcrAdmission(stack, 'EcrAdmission', {
    ...props,
    code: { admission: code, authorizer: code },
  });
  return app.synth().getStackArtifact(stack.artifactId).template;
}

export interface Traffic {
  readonly clusters: number;
  /** In a month, of all clusters, evenly spread. */
  readonly reviews: number;
}

/** What a million reviews cost by themselves, whenever they come. */
export function millionCost(way: Way, template: any): number {
  const memory = memoryOf(template);
  const isHttp = Object.values<any>(template.Resources).some(
    ({ Type }) => Type === 'AWS::ApiGatewayV2::Api',
  );
  // A REST API has no access log by default.
  const accessBytes = isHttp ? usage('accessLogBytes') : 0;
  return (
    priceOf(isHttp ? 'httpRequest' : 'restRequest', MILLION) +
    calls(MILLION, memory.admission, usage('admissionSeconds')) +
    priceOf('logByte', MILLION * (accessBytes + usage('admissionLogBytes'))) +
    priceOf('putMetricData', MILLION * usage('deniedShare')) +
    (way.cached ? 0 : authorizerCost(MILLION, memory.authorizer))
  );
}

/**
 * What a month with reviews costs by the clock, at most: it does not grow with them. The function sends its counts,
 * API Gateway asks about each token once a minute, and the authorizer reads both versions of the secret as often.
 */
export function clockCost(way: Way, template: any, { clusters, reviews }: Traffic): number {
  const authorized = Math.min(reviews, clusters * MINUTES);
  const { authorizer } = memoryOf(template);
  return (
    priceOf('putMetricData', Math.min(reviews, SECONDS / PUT_INTERVAL)) +
    priceOf('secretRead', 2 * Math.min(reviews, MINUTES)) +
    (way.cached ? authorizerCost(authorized, authorizer) : 0)
  );
}

function authorizerCost(count: number, megabytes: number): number {
  const logs = priceOf('logByte', count * usage('authorizerLogBytes'));
  return calls(count, megabytes, usage('authorizerSeconds')) + logs;
}

function calls(count: number, megabytes: number, seconds: number): number {
  return (
    priceOf('functionRequest', count) +
    priceOf('functionSecond', (count * seconds * megabytes) / 1024)
  );
}

function memoryOf(template: any): { admission: number; authorizer: number } {
  const functions = Object.entries<any>(template.Resources).filter(([, { Type }]) =>
    /^AWS::(Serverless|Lambda)::Function$/.test(Type),
  );
  const memory = (isAuthorizer: boolean): number =>
    functions.find(([id]) => /Authorizer/.test(id) === isAuthorizer)![1].Properties.MemorySize;
  return { admission: memory(false), authorizer: memory(true) };
}

/** What a canary adds to the fixed costs of a month. */
export function canaryCost({ props, ...way }: Way): number {
  const [having, lacking] = ['canary-10-percent-5-minutes', 'none'].map((canary) =>
    fixedCost(fixedIn(templateFor({ ...way, props: { ...props, canary } }))),
  ) as [number, number];
  return having - lacking;
}

/** What ClusterMetrics adds in a month, at most. */
export function clusterMetricsCost({ clusters }: Traffic): number {
  return priceOf('customMetric', clusters * FUNCTION_METRICS.length);
}

/** The kinds of requests of a flood, each with what it invokes and logs. */
const FLOODS = [
  { name: 'no token', authorizer: false, admission: false },
  { name: 'wrong tokens', authorizer: true, admission: false },
  { name: 'a leaked token', authorizer: false, admission: true },
] as const;

/** What an hour of a flood costs, by its kind, at a rate of requests. */
export function floodCosts(template: any, perSecond: number): [string, number[]][] {
  const requests = perSecond * 3600;
  const memory = memoryOf(template);
  const rows: [string, (flood: (typeof FLOODS)[number]) => number][] = [
    ['HTTP API', () => priceOf('httpRequest', requests)],
    [
      'function requests',
      ({ authorizer, admission }) =>
        priceOf('functionRequest', authorizer || admission ? requests : 0),
    ],
    [
      'function time',
      ({ authorizer, admission }) => {
        const seconds = authorizer ? usage('authorizerSeconds') : usage('admissionSeconds');
        const megabytes = authorizer ? memory.authorizer : memory.admission;
        const gigabytes = authorizer || admission ? megabytes / 1024 : 0;
        return priceOf('functionSecond', requests * seconds * gigabytes);
      },
    ],
    [
      'logs',
      ({ authorizer, admission }) => {
        const more = authorizer ? usage('authorizerLogBytes') : 0;
        const reviews = admission ? usage('admissionLogBytes') : 0;
        return priceOf('logByte', requests * (usage('accessLogBytes') + more + reviews));
      },
    ],
  ];
  const costs = rows.map(([what, cost]): [string, number[]] => [what, FLOODS.map(cost)]);
  const totals = FLOODS.map((_, at) => costs.reduce((sum, [, row]) => sum + row[at]!, 0));
  return [...costs, ['**total**', totals]];
}

export const FLOOD_NAMES: readonly string[] = FLOODS.map(({ name }) => name);
