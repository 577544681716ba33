import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  canaryCost,
  clockCost,
  clusterMetricsCost,
  fixedCost,
  fixedIn,
  FUNCTION_METRICS,
  millionCost,
  PRICES,
  priceOf,
  RULES,
  templateFor,
  USAGE,
  WAYS,
} from '../lib/cost';
import { costPages, replaced } from '../lib/cost-pages';
import { PARAMETERS } from '../lib/parameters';
import { templateWith } from './stacks';

const [TOKEN, KEY, PRIVATE] = WAYS as [any, any, any];

test('the pages have the costs of the template as it is', () => {
  for (const { file, text } of costPages()) {
    assert.equal(readFileSync(file, 'utf8'), text, `${file}: run scripts/checks/cost`);
  }
});

test('a page without its markers is refused, and a stale one is replaced', () => {
  assert.throws(
    () => replaced('no markers', 'cost', ''),
    /^Error: expected the markers cost:begin/,
  );
  const page = 'a <!-- cost:begin -->$1<!-- cost:end --> b <!-- flood:begin -->2<!-- flood:end -->';
  assert.equal(replaced(page, 'cost', '$2'), page.replace('$1', '$2'));
});

test('each price says what it is for, where it was read and when', () => {
  assert.match(PRICES.checked, /^\d{4}-\d\d-\d\d$/);
  for (const [id, price] of Object.entries<any>(PRICES.prices)) {
    assert.ok(price.price > 0 && price.per >= 1, id);
    assert.match(price.source, /^https:\/\/aws\.amazon\.com\/[a-z-]+\/pricing\/$/, id);
    for (const field of ['service', 'unit', 'readIn']) assert.ok(price[field], `${id}: ${field}`);
  }
  for (const [id, { value, how }] of Object.entries(USAGE)) assert.ok(value > 0 && how, id);
});

test('an alarm on arithmetic pays for each metric in it', () => {
  const alarm = (properties: object) => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: properties,
  });
  const template = {
    Resources: {
      Plain: alarm({ MetricName: 'Failed' }),
      Burn: alarm({ Metrics: [{ Expression: 'a + b' }, { MetricStat: {} }, { MetricStat: {} }] }),
      Filter: { Type: 'AWS::Logs::MetricFilter' },
      Secret: { Type: 'AWS::SecretsManager::Secret' },
    },
  };
  const fixed = fixedIn(template);
  const customMetrics = 1 + FUNCTION_METRICS.length + RULES.length;
  assert.deepEqual(fixed, { alarms: 2, alarmMetrics: 3, customMetrics, dashboards: 0, secrets: 1 });
  assert.equal(fixedCost(fixed).toFixed(2), (0.3 + 0.3 * customMetrics + 0.4).toFixed(2));
});

test('what is counted is what is deployed', () => {
  for (const [way, context] of [
    [TOKEN, {}],
    [KEY, { urlKeys: true }],
  ] as const) {
    assert.deepEqual(fixedIn(templateFor(way)), fixedIn(templateWith(context).toJSON()));
  }
});

test('the function counts what the dashboard shows', () => {
  for (const name of ['Admitted', 'Denied', 'Failed', 'BreakGlass', 'ReviewLatency']) {
    assert.ok(FUNCTION_METRICS.includes(name), name);
  }
  assert.ok(!FUNCTION_METRICS.includes('PreviousToken'));
  const { meaning } = PARAMETERS.find(({ prop }) => prop === 'clusterMetrics')!;
  assert.match(meaning, new RegExp(` up to ${FUNCTION_METRICS.length} metrics for each cluster`));
  assert.equal(RULES.length, new Set(RULES).size);
  assert.equal(
    clusterMetricsCost({ clusters: 40, reviews: 1 }).toFixed(2),
    (40 * 0.3 * FUNCTION_METRICS.length).toFixed(2),
  );
});

test('a canary adds an alarm for each function, and one for failed reviews', () => {
  assert.equal(canaryCost(TOKEN).toFixed(2), priceOf('alarmMetric', 3).toFixed(2));
  assert.equal(canaryCost(KEY).toFixed(2), priceOf('alarmMetric', 4).toFixed(2));
});

test('the clock has a limit, and the reviews have none', () => {
  const template = templateFor(TOKEN);
  const at = (clusters: number, reviews: number) =>
    clockCost(TOKEN, template, { clusters, reviews });
  assert.equal(at(1, 0), 0);
  assert.equal(at(1, 10_000_000), at(1, 20_000_000));
  assert.ok(at(1, 1000) < at(1, 10_000));
  assert.ok(at(40, 10_000_000) > at(1, 10_000_000));
});

test('a way that caches no result pays for the authorizer by the review', () => {
  const cost = (way: any) => millionCost(way, templateFor(way));
  assert.ok(cost(KEY) - cost(TOKEN) > priceOf('functionRequest', 1_000_000));
  assert.ok(cost(PRIVATE) - cost(KEY) > 2);
  const keyed = clockCost(KEY, templateFor(KEY), { clusters: 40, reviews: 10_000_000 });
  const token = clockCost(TOKEN, templateFor(TOKEN), { clusters: 40, reviews: 10_000_000 });
  assert.ok(keyed < token);
});
