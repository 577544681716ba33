import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';

/**
 * The service level objective: this share of the reviews of 28 days is answered in time, with an admission or with
 * a denial for a reason of the policy. deploy/slo.md has the arithmetic.
 */
export const OBJECTIVE = { percent: 99.9, days: 28 };

/** A review that took longer is bad: the apiserver gives up after 5 seconds, and the network takes some. */
export const SLOW_MS = 3000;

/** Fewer bad reviews in the window of an alarm never fire it: one of three at night is not a rate. */
export const LEAST_BAD = 10;

/** How fast the budget burns when an alarm fires: 1 is a rate that uses all of it in exactly 28 days. */
export interface Burn {
  readonly rate: number;
  readonly window: Duration;
}

/** 2.1% of the budget in an hour; the whole budget in two days. */
export const FAST: Burn = { rate: 14, window: Duration.hours(1) };
/** 10.7% of the budget in a day; the whole budget in nine days and eight hours. */
export const SLOW: Burn = { rate: 3, window: Duration.days(1) };

/** The share of bad reviews, in percent, at which the budget burns at this rate. */
export function percentAt({ rate }: Burn): number {
  // As a decimal fraction: 100 - 99.9 is not 0.1 in binary.
  return Number((rate * (100 - OBJECTIVE.percent)).toFixed(6));
}

/** What one kind of API says about the requests that it got. */
export interface DoorSeries {
  readonly requests: IMetric;
  readonly errors: IMetric;
  /** The percentage of requests that were slow. */
  readonly slow: IMetric;
  /** Rejected requests, if every caller is a cluster, so that each of them is a review without an answer. */
  readonly rejected?: IMetric;
}

/**
 * The share of bad reviews in percent, or 0 if there are too few of them. `calls` are the calls of the admission
 * function: one for each review that passed the authorizer. A request that never reached the function is bad and in
 * no count of calls, and MAX keeps the share below 100%.
 */
export function badPercent(
  window: Duration,
  reviews: { readonly calls: IMetric; readonly failed: IMetric },
  doors: Readonly<Record<string, DoorSeries>>,
): MathExpression {
  const parts = Object.entries(doors).map(
    ([name, door]) => [`bad${name}`, badAt(window, name, door)] as const,
  );
  const bad = new MathExpression({
    expression: ['FILL(failed, 0)', ...parts.map(([id]) => id)].join(' + '),
    usingMetrics: { failed: reviews.failed, ...Object.fromEntries(parts) },
    period: window,
  });
  return new MathExpression({
    expression: `IF(bad >= ${LEAST_BAD}, 100 * bad / MAX([FILL(calls, 0), bad]), 0)`,
    usingMetrics: { bad, calls: reviews.calls },
    label: 'bad reviews (%)',
    period: window,
  });
}

/** A review that is bad for two reasons counts twice: the alarm fires early rather than late. */
function badAt(window: Duration, name: string, door: DoorSeries): MathExpression {
  const [requests, errors, slow, rejected] = ['requests', 'errors', 'slow', 'rejected'].map(
    (what) => `${what}${name}`,
  ) as [string, string, string, string];
  const counted = door.rejected ? [errors, rejected] : [errors];
  const counts = counted.map((id) => `FILL(${id}, 0)`).join(' + ');
  return new MathExpression({
    expression: `${counts} + FILL(${slow}, 0) * FILL(${requests}, 0) / 100`,
    usingMetrics: {
      [requests]: door.requests,
      [errors]: door.errors,
      [slow]: door.slow,
      ...(door.rejected && { [rejected]: door.rejected }),
    },
    period: window,
  });
}
