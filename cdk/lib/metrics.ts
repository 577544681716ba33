import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Endpoint } from './endpoint';
import type { AdmissionFunction, AuthorizerFunction } from './functions';
import type { Settings } from './settings';
import { KEY_PATHS, type UrlKeys } from './url-keys';

/**
 * The metrics that count lines of the admission function's log, with the event codes that they match:
 * consts of functions/admission/src/events.rs.
 */
export const LOGGED_EVENTS = {
  FailedInLog: ['review_failed'],
  BreakGlassInLog: ['break_glass'],
  // With a good copy, and without one.
  PolicyUnreadable: ['policy_unreadable', 'policy_unavailable'],
};

const PERIOD = Duration.minutes(5);

/**
 * Every metric that the dashboard shows and the alarms watch. Those of alarms have no label and no
 * arithmetic: such an alarm is a plain one, which every tool can read.
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
    readonly urlKeys?: UrlKeys,
  ) {
    super(scope, id);
    const namespace = settings.metricsNamespace;
    this.namespace = namespace;
    // A frozen function sends no metrics, but its log line is written before it answers.
    for (const [metricName, events] of Object.entries(LOGGED_EVENTS)) {
      const patterns = events.map((event) => FilterPattern.stringValue('$.event', '=', event));
      new MetricFilter(this, metricName, {
        logGroup: admission.logGroup,
        filterPattern: FilterPattern.any(...patterns),
        metricNamespace: namespace,
        metricName,
      });
    }
    // HTTP APIs publish no count of 429: their 4xx also counts stale tokens and strangers. For excessive
    // 429s API Gateway may write neither logs nor metrics (its page on monitoring HTTP APIs); the requests
    // of strangers that it still passes on count as 4xx, which RejectedCallers watches.
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
    if (urlKeys) this.countKeys(urlKeys);
  }

  /** What must be known of clusters that call with a key: under Ignore, they get no other sign. */
  private countKeys(urlKeys: UrlKeys): void {
    const { namespace, endpoint } = this;
    const count = (metricName: string, filterPattern: IFilterPattern) =>
      new MetricFilter(urlKeys, `Count${metricName}`, {
        logGroup: endpoint.accessLog,
        filterPattern,
        metricNamespace: namespace,
        metricName,
      });
    const refused = FilterPattern.stringValue('$.status', '!=', '200');
    // The asterisk is the pattern's wildcard, for the part in braces.
    const routes = KEY_PATHS.map((path) =>
      FilterPattern.stringValue('$.route', '=', `POST ${path.replace(/\{.*\}/, '*')}`),
    );
    count('UrlKeyRejected', FilterPattern.all(refused, FilterPattern.any(...routes)));
    // Counted in the access log, not by the function: no cluster's name is known here, so no alarm can watch
    // PreviousToken by cluster, and only the authorizer knows when the overlap ends.
    count('PreviousTokenExpiring', FilterPattern.stringValue('$.tokenExpiring', '=', 'true'));
  }

  /** A count of the admission function or of its log, over all clusters. */
  count(metricName: string): Metric {
    return this.own(metricName, undefined, Stats.SUM);
  }

  /** Denials, one line per rule: whatever rules the function has. */
  deniedByRule(): MathExpression {
    return this.search('Denied', 'Rule');
  }

  reviewLatency(percentile: number): Metric {
    return this.own('ReviewLatency', `review p${percentile}`, Stats.percentile(percentile));
  }

  coldStarts(name: 'admission' | 'authorizer'): Metric {
    return this.own(`ColdStarts-${name}`, name, Stats.SUM);
  }

  /** What also has a log line, as the function counted it or as its log did. */
  countOrLog(metricName: 'BreakGlass' | 'Failed'): MathExpression {
    // An id must be unique in its graph.
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

  /** Reviews with the previous token, one line per cluster: which ones a rotation has not reached yet. */
  previousToken(): MathExpression {
    return this.search('PreviousToken', 'Cluster');
  }

  /** The endpoint's latency as the apiserver sees it, authorizer included. */
  endpointLatency(percentile: number, label?: string): Metric {
    const statistic = Stats.percentile(percentile);
    return this.endpoint.api.metricLatency({ statistic, label, period: PERIOD });
  }

  /** Requests that the endpoint rejected: no token, a wrong token, another path, too many. */
  rejected(): Metric {
    return this.endpoint.api.metricClientError({ period: PERIOD, statistic: Stats.SUM });
  }

  /** All requests, whatever the answer. */
  requests(): Metric {
    return this.endpoint.api.metricCount({ period: PERIOD, statistic: Stats.SUM });
  }

  serverErrors(): Metric {
    return this.endpoint.api.metricServerError({ period: PERIOD, statistic: Stats.SUM });
  }

  /** Reviews per hour that reached the admission function, so with a valid token. */
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
