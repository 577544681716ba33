import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { FAST, LEAST_BAD, OBJECTIVE, percentAt, SLOW } from '../lib/objective';
import { sarTemplate } from '../lib/templates';
import { deployed } from './deployed';
import { resources, templateWith } from './stacks';

const ENDPOINTS = 'vpce-0123456789abcdef0';
const WEB_ACL =
  'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/webhooks/01234567-89ab-cdef-0123-456789abcdef';
const BURNS = ['FastBurn', 'SlowBurn'];

type Metric = { Id: string; Expression?: string; MetricStat?: any; ReturnData?: boolean };

/** The alarms on the objective of a template's resources. */
function burns(all: Record<string, any>): Record<string, any>[] {
  const found = Object.entries(all).filter(([id]) => BURNS.some((name) => id.includes(name)));
  assert.equal(found.length, BURNS.length);
  return found.map(([, { Properties }]) => Properties);
}

function plain(context: Record<string, unknown> = {}): Record<string, any>[] {
  return burns(resources(templateWith(context), 'AWS::CloudWatch::Alarm'));
}

/** What CloudWatch computes of the metrics of an alarm; a metric without a value has no data. */
function computed(metrics: Metric[], values: Record<string, number>): number {
  const { Expression } = metrics.find(({ ReturnData }) => ReturnData !== false)!;
  const FILL = (value: number | undefined, filler: number) => value ?? filler;
  const MAX = (all: number[]) => Math.max(...all);
  const IF = (is: boolean, then: number, otherwise: number) => (is ? then : otherwise);
  const evaluate = (expression: string): number => {
    const named = metrics.filter(({ Id }) => new RegExp(`\\b${Id}\\b`).test(expression));
    const inputs = named.map((one) =>
      one.Expression === undefined ? values[one.Id] : evaluate(one.Expression),
    );
    const ids = named.map(({ Id }) => Id);
    return new Function('FILL', 'MAX', 'IF', ...ids, `return ${expression}`)(
      FILL,
      MAX,
      IF,
      ...inputs,
    );
  };
  return evaluate(Expression!);
}

test('the thresholds are the burn rates of deploy/slo.md', () => {
  assert.deepEqual([percentAt(FAST), percentAt(SLOW)], [1.4, 0.3]);
  const hours = OBJECTIVE.days * 24;
  const spent = [FAST, SLOW].map(({ rate, window }) => (100 * rate * window.toHours()) / hours);
  assert.deepEqual(
    spent.map((percent) => percent.toFixed(1)),
    ['2.1', '10.7'],
  );
  const page = readFileSync(new URL('../../deploy/slo.md', import.meta.url), 'utf8');
  for (const part of [
    `${OBJECTIVE.percent}%`,
    `${OBJECTIVE.days} days`,
    `| \`FastBurn\` | page | 1 hour | ${FAST.rate} | ${percentAt(FAST)}% | ${spent[0]!.toFixed(1)}% |`,
    `| \`SlowBurn\` | ticket | 24 hours | ${SLOW.rate} | ${percentAt(SLOW)}% | ${spent[1]!.toFixed(1)}% |`,
    `${LEAST_BAD} bad reviews`,
  ]) {
    assert.ok(page.includes(part), part);
  }
});

test('the alarms on the objective compute the share of bad reviews', () => {
  const [fast, slow] = plain() as [any, any];
  assert.deepEqual(
    [fast, slow].map(({ Threshold, EvaluationPeriods, TreatMissingData }) => [
      Threshold,
      EvaluationPeriods,
      TreatMissingData,
    ]),
    [
      [1.4, 1, 'notBreaching'],
      [0.3, 1, 'notBreaching'],
    ],
  );
  for (const { Metrics } of [fast, slow]) {
    for (const [values, percent] of [
      // No traffic, and no metric that was ever sent.
      [{}, 0],
      // One of three at night.
      [{ calls: 3, failed: 1, requestsHttp: 3 }, 0],
      [{ calls: 9, failed: 9 }, 0],
      [{ calls: 10, failed: 10 }, 100],
      [{ calls: 1000, failed: 13, requestsHttp: 1000, slowHttp: 0.1 }, 1.4],
      // 2% of the requests took longer than the limit.
      [{ calls: 1000, requestsHttp: 1000, slowHttp: 2 }, 2],
      // Nothing reaches the function.
      [{ errorsHttp: 20, requestsHttp: 20 }, 100],
      // A flood of strangers neither hides nor adds bad reviews.
      [{ calls: 1000, failed: 14, requestsHttp: 9_000_000, slowHttp: 0 }, 1.4],
    ] as const) {
      assert.equal(Number(computed(Metrics, values).toFixed(9)), percent, JSON.stringify(values));
    }
  }
});

test('each part of the objective is a metric that exists', () => {
  const [{ Metrics }] = plain({ vpcEndpointIds: ENDPOINTS }) as [any];
  const of = Object.fromEntries(
    Metrics.filter(({ MetricStat }: Metric) => MetricStat).map(({ Id, MetricStat }: Metric) => {
      const { Namespace, MetricName, Dimensions } = MetricStat.Metric;
      const dimensions = (Dimensions ?? []).map(({ Name }: any) => Name);
      return [Id, [Namespace, MetricName, ...dimensions, MetricStat.Stat].join(' ')];
    }),
  );
  assert.deepEqual(of, {
    calls: 'AWS/Lambda Invocations FunctionName Sum',
    failed: 'EcrAdmission FailedInLog Sum',
    requestsHttp: 'AWS/ApiGateway Count ApiId Sum',
    errorsHttp: 'AWS/ApiGateway 5xx ApiId Sum',
    slowHttp: 'AWS/ApiGateway Latency ApiId PR(3000:60000)',
    requestsRest: 'AWS/ApiGateway Count ApiName Stage SampleCount',
    errorsRest: 'AWS/ApiGateway 5XXError ApiName Stage Sum',
    rejectedRest: 'AWS/ApiGateway 4XXError ApiName Stage Sum',
    slowRest: 'AWS/ApiGateway Latency ApiName Stage PR(3000:60000)',
  });
  for (const { MetricStat } of Metrics) if (MetricStat) assert.equal(MetricStat.Period, 3600);
});

test('both doors count, and a rejection only where no stranger calls', () => {
  const [{ Metrics }] = plain({ vpcEndpointIds: ENDPOINTS }) as [any];
  const values = { calls: 970, errorsHttp: 10, errorsRest: 10, rejectedRest: 10 };
  assert.equal(Number(computed(Metrics, values).toFixed(3)), 3.093);
  const [regional] = plain({ webAclArn: WEB_ACL }) as [any];
  const ids = regional.Metrics.map(({ Id }: Metric) => Id);
  assert.ok(ids.includes('errorsRest') && !ids.includes('rejectedRest'), ids);
});

test('the template has the parts of the doors that its parameters open', () => {
  const template = parse(sarTemplate());
  const privately = { VpcEndpointIds: ENDPOINTS, PublicEndpoint: 'false' };
  for (const [parameters, doors] of [
    [{}, ['Http']],
    [{ VpcEndpointIds: ENDPOINTS }, ['Http', 'Rest']],
    [privately, ['Rest']],
  ] as const) {
    for (const { Metrics } of burns(deployed(template, parameters).resources)) {
      const ids: string[] = Metrics.map(({ Id }: Metric) => Id);
      for (const door of ['Http', 'Rest'] as const) {
        const open = doors.some((one) => one === door);
        assert.equal(ids.includes(`bad${door}`), open, ids.join());
        assert.equal(ids.includes(`slow${door}`), open, ids.join());
        const values = { calls: 1000, [`errors${door}`]: 20 };
        assert.equal(computed(Metrics, values), open ? 2 : 0);
      }
      // The limit of PutMetricAlarm.
      assert.ok(Metrics.filter(({ MetricStat }: Metric) => MetricStat).length <= 10);
    }
  }
});
