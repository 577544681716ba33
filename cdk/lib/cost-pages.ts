import { readFileSync } from 'node:fs';
import {
  canaryCost,
  clockCost,
  clusterMetricsCost,
  FLOOD_NAMES,
  fixedCost,
  fixedIn,
  floodCosts,
  FUNCTION_METRICS,
  HOURS,
  millionCost,
  PRICES,
  priceOf,
  RULES,
  templateFor,
  type Way,
  WAYS,
} from './cost';
import type { GeneratedFile } from './generated';
import { PARAMETERS } from './parameters';

const ROOT = new URL('../../', import.meta.url);

/** What one cluster sends in a month: 2,000 reviews a day. */
const REVIEWS = 60_000;
const CLUSTERS = [1, 10, 40];

/** The pages with their tables of costs as they are now. */
export function costPages(): GeneratedFile[] {
  const [standard, ...others] = WAYS.map((way) => ({ way, template: templateFor(way) }));
  const { way, template } = standard!;
  const fixed = fixedIn(template);
  const base = fixedCost(fixed);
  const traffic = CLUSTERS.map((clusters) => ({ clusters, reviews: clusters * REVIEWS }));
  const million = millionCost(way, template);
  const byClusters = table(
    [
      'clusters',
      'reviews a month',
      'fixed, a month',
      'by the clock, a month',
      'a million reviews',
      'in all, a month',
      'with `ClusterMetrics`',
    ],
    traffic.map((one) => {
      const clock = clockCost(way, template, one);
      const all = base + clock + (million * one.reviews) / 1_000_000;
      return [
        String(one.clusters),
        one.reviews.toLocaleString('en-US'),
        usd(base),
        usd(clock),
        usd(million),
        usd(all),
        usd(all + clusterMetricsCost(one)),
      ];
    }),
  );
  const parts = table(
    ['fixed, a month', 'USD'],
    [
      [
        `${fixed.alarms} alarms, which read ${fixed.alarmMetrics} metrics`,
        usd(priceOf('alarmMetric', fixed.alarmMetrics)),
      ],
      [
        `${fixed.customMetrics} custom metrics at most: ${FUNCTION_METRICS.length} that the function counts, denials by ` +
          `${RULES.length} rules, ${fixed.customMetrics - FUNCTION_METRICS.length - RULES.length} of the logs`,
        usd(priceOf('customMetric', fixed.customMetrics)),
      ],
      [`${fixed.dashboards} dashboard`, usd(priceOf('dashboard', fixed.dashboards))],
      [`${fixed.secrets} secret`, usd(priceOf('secret', fixed.secrets))],
    ],
  );
  const ways = table(
    ['way to call', 'fixed, a month', 'a million reviews'],
    [standard!, ...others].map(({ way: one, template: its }) => [
      one.name,
      usd(fixedCost(fixedIn(its))),
      usd(millionCost(one, its)),
    ]),
  );
  const rate = PARAMETERS.find(({ prop }) => prop === 'stageThrottleRate')!.default as number;
  const flood = table(
    ['one hour of flood', ...FLOOD_NAMES],
    floodCosts(template, rate).map(([what, costs]) => [what, ...costs.map(usd)]),
  );
  const [least, most] = [traffic[0]!, traffic.at(-1)!].map((one) =>
    Math.round(base + clockCost(way, template, one)),
  );
  const line = `About $${least} to $${most} a month for 1 to ${CLUSTERS.at(-1)} clusters, and $${Math.round(million)} more for each million reviews`;
  return [
    {
      file: new URL('infra/README.md', ROOT),
      text: [
        ['cost', `${note()}\n\n${byClusters}\n\n${parts}\n\n${ways}\n\n${extras(WAYS)}\n`],
        ['flood', `${note()}\n\n${flood}\n`],
      ].reduce((page, [name, text]) => replaced(page, name!, `\n${text}`), page('infra/README.md')),
    },
    {
      file: new URL('README.md', ROOT),
      text: replaced(page('README.md'), 'cost', line),
    },
  ];
}

/** What only some stacks have. */
function extras([token, key]: readonly Way[]): string {
  return table(
    ['only if you have it', 'USD'],
    [
      ['a policy secret, a month', usd(priceOf('secret'))],
      [
        '10,000 reads of it: one for each sandbox with reviews per `CacheSeconds`; at 0, one for each review',
        usd(priceOf('secretRead', 10_000)),
      ],
      [
        'the metric of a cluster that calls with a key, or that a rotation has not reached, a month',
        usd(priceOf('customMetric')),
      ],
      ['the alarms of a canary, a month', usd(canaryCost(token!))],
      ['the same with `UrlKeys`', usd(canaryCost(key!))],
      [
        'a VPC endpoint for a private API, in two Availability Zones, a month',
        usd(priceOf('endpointHour', 2 * HOURS)),
      ],
      ['1 GB through a VPC endpoint', usd(priceOf('endpointByte', 1_000_000_000))],
    ],
  );
}

function note(): string {
  const { region, checked } = PRICES;
  return `<!-- Written by scripts/checks/cost from infra/prices.json (${region}, ${checked}), infra/usage.json and the template. -->`;
}

function page(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}

/** The page with the text between its markers replaced. */
export function replaced(text: string, name: string, by: string): string {
  const between = new RegExp(`(?<=<!-- ${name}:begin -->).*?(?=<!-- ${name}:end -->)`, 's');
  if (!between.test(text)) throw new Error(`expected the markers ${name}:begin and ${name}:end`);
  return text.replace(between, () => by);
}

function usd(amount: number): string {
  return amount.toFixed(2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
