import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Endpoint } from './endpoint';
import type { AdmissionFunction, AuthorizerFunction } from './functions';
import type { Settings } from './settings';

/** The message of the admission function's log line for a review that could not be judged. */
export const FAILED_LINE = 'review could not be judged';
/** The message of its line for a Pod that was admitted by break-glass. */
export const BREAK_GLASS_LINE = 'break-glass';
/** The messages of its lines for a policy document that it could not read: with a good copy, without. */
export const POLICY_UNREAD_LINES = [
  'policy could not be read; the last good copy judges',
  'policy unavailable; every review is denied',
];

const PERIOD = Duration.minutes(5);

/**
 * Every figure that the dashboard shows and the alarms watch, in one place. Those of alarms have no
 * label and no arithmetic: such an alarm is a plain one, that every tool can read.
 */
export class Metrics extends Construct {
  private readonly namespace: string;

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    private readonly endpoint: Endpoint,
    readonly admission: AdmissionFunction,
    readonly authorizer: AuthorizerFunction,
  ) {
    super(scope, id);
    const namespace = settings.metricsNamespace;
    this.namespace = namespace;
    // A frozen function sends no metrics, but its log line has left with the answer.
    for (const [metricName, lines] of [
      ['FailedInLog', [FAILED_LINE]],
      ['BreakGlassInLog', [BREAK_GLASS_LINE]],
      ['PolicyUnread', POLICY_UNREAD_LINES],
    ] as const) {
      const patterns = lines.map((line) => FilterPattern.stringValue('$.message', '=', line));
      new MetricFilter(this, metricName, {
        logGroup: admission.logGroup,
        filterPattern: FilterPattern.any(...patterns),
        metricNamespace: namespace,
        metricName,
      });
    }
    // HTTP APIs publish no count of 429 of their own: their 4xx counts stale tokens and strangers, too. Of
    // excessive 429 API Gateway may write neither log nor metric (its page on monitoring HTTP APIs); what
    // it lets through of a flood of strangers it still counts as 4xx, which RejectedCallers watches.
    new MetricFilter(this, 'TooManyRequests', {
      logGroup: endpoint.accessLog,
      filterPattern: FilterPattern.stringValue('$.status', '=', '429'),
      metricNamespace: namespace,
      metricName: 'TooManyRequests',
    });
    for (const [name, { logGroup }] of Object.entries({ admission, authorizer })) {
      new MetricFilter(this, `ColdStarts-${name}`, {
        logGroup,
        filterPattern: FilterPattern.literal('{ $.record.metrics.initDurationMs > 0 }'),
        metricNamespace: namespace,
        metricName: `ColdStarts-${name}`,
      });
    }
  }

  /** One of the admission function's own counts, over all clusters. */
  count(metricName: string): Metric {
    return this.own(metricName, undefined, Stats.SUM);
  }

  /** Denials, one line a rule: whatever rules the function has. */
  deniedByRule(): MathExpression {
    return this.search('Denied', 'Rule');
  }

  reviewLatency(percentile: number): Metric {
    return this.own('ReviewLatency', `review p${percentile}`, Stats.percentile(percentile));
  }

  coldStarts(name: 'admission' | 'authorizer'): Metric {
    return this.own(`ColdStarts-${name}`, name, Stats.SUM);
  }

  /** What has a log line of its own, as the function counted it or as its log did. */
  countOrLog(metricName: 'BreakGlass' | 'Failed'): MathExpression {
    // A graph takes every id once.
    const [sent, logged] = [`sent${metricName}`, `logged${metricName}`];
    return new MathExpression({
      expression: `MAX([FILL(${sent}, 0), FILL(${logged}, 0)])`,
      usingMetrics: {
        [sent]: this.count(metricName),
        [logged]: this.count(`${metricName}InLog`),
      },
      label: metricName,
      period: PERIOD,
    });
  }

  /** Reviews admitted with the previous token, one line a cluster: who has not been rotated yet. */
  previousToken(): MathExpression {
    return this.search('PreviousToken', 'Cluster');
  }

  /** The endpoint's latency as the apiserver sees it, authorizer included. */
  endpointLatency(percentile: number, label?: string): Metric {
    const statistic = Stats.percentile(percentile);
    return this.endpoint.api.metricLatency({ statistic, label, period: PERIOD });
  }

  /** Requests that the endpoint refused: no token, a wrong token, another path, too many. */
  rejected(): Metric {
    return this.endpoint.api.metricClientError({ period: PERIOD, statistic: Stats.SUM });
  }

  /** Requests that the endpoint took, whatever it answered. */
  requests(): Metric {
    return this.endpoint.api.metricCount({ period: PERIOD, statistic: Stats.SUM });
  }

  serverErrors(): Metric {
    return this.endpoint.api.metricServerError({ period: PERIOD, statistic: Stats.SUM });
  }

  /** Reviews that reached the admission function, so with a right token, in an hour. */
  reviewsPerHour(): Metric {
    return this.admission.function.metricInvocations({ period: Duration.hours(1) });
  }

  private search(metricName: string, dimension: string): MathExpression {
    const metrics = `{"${this.namespace}",${dimension}} MetricName="${metricName}"`;
    return new MathExpression({
      expression: `SEARCH('${metrics}', 'Sum', 300)`,
      label: `\${PROP('Dim.${dimension}')}`,
      period: PERIOD,
    });
  }

  private own(metricName: string, label: string | undefined, statistic: string): Metric {
    const { namespace } = this;
    return new Metric({ namespace, metricName, label, statistic, period: PERIOD });
  }
}
