import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  FilterPattern,
  type IFilterPattern,
  type LogGroup,
  MetricFilter,
} from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Endpoint } from './endpoint';
import type { AdmissionFunction, AuthorizerFunction } from './functions';
import { badPercent, type DoorSeries, SLOW_MS } from './objective';
import { type RestEndpoint, STAGE } from './rest-endpoint';
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

/** What is measured. */
export interface Measured {
  readonly settings: Settings;
  readonly admission: AdmissionFunction;
  readonly authorizer: AuthorizerFunction;
  readonly endpoint?: Endpoint;
  readonly rest?: RestEndpoint;
  readonly urlKeys?: UrlKeys;
}

export interface DoorMetrics {
  /** All requests, whatever the answer. */
  readonly all: Metric;
  /** Requests that the door rejected: no token, a wrong token, another path, too many. */
  readonly rejected: Metric;
  readonly errors: Metric;
  /** As the apiserver sees it, authorizer included. */
  readonly latency: (percentile: number, label?: string) => Metric;
  /** The percentage of requests whose answer took longer than the objective allows. */
  readonly slow: Metric;
}

/** The percentage above the limit: the lower bound is exclusive, and API Gateway gives up after 30 seconds. */
const SLOW = `PR(${SLOW_MS}:60000)`;

/**
 * Every metric that the dashboard shows and the alarms watch. Those of alarms have no label and no
 * arithmetic, except that of the objective: such an alarm is a plain one, which every tool can read.
 */
export class Metrics extends Construct {
  private readonly namespace: string;

  constructor(
    scope: Construct,
    id: string,
    readonly of: Measured,
  ) {
    super(scope, id);
    const { settings, admission, authorizer, endpoint, rest, urlKeys } = of;
    this.namespace = settings.metricsNamespace;
    // A frozen function sends no metrics, but its log line is written before it answers.
    for (const [metricName, events] of Object.entries(LOGGED_EVENTS)) {
      const patterns = events.map((event) => FilterPattern.stringValue('$.event', '=', event));
      // The objective needs a zero where nothing failed: an alarm on arithmetic with a missing metric is silent.
      const defaultValue = metricName === 'FailedInLog' ? 0 : undefined;
      const filterPattern = FilterPattern.any(...patterns);
      this.filter(this, metricName, metricName, admission.logGroup, filterPattern, defaultValue);
    }
    for (const [name, { logGroup }] of Object.entries({ admission, authorizer })) {
      const pattern = FilterPattern.literal('{ $.record.metrics.initDurationMs > 0 }');
      this.filter(this, `ColdStarts-${name}`, `ColdStarts-${name}`, logGroup, pattern);
    }
    if (endpoint) this.countRequests(endpoint.accessLog, endpoint, urlKeys);
    if (rest?.accessLog) this.countRequests(rest.accessLog, rest, rest);
  }

  /** Whether an access log counts what the metrics of API Gateway do not tell apart. */
  get countsRequests(): boolean {
    return this.of.endpoint !== undefined || this.of.rest?.accessLog !== undefined;
  }

  /** With the filters about keys in `keyScope`. */
  private countRequests(accessLog: LogGroup, scope: Construct, keyScope?: Construct): void {
    const count = (of: Construct, metricName: string, pattern: IFilterPattern) =>
      this.filter(of, `Count${metricName}`, metricName, accessLog, pattern);
    // API Gateway publishes no count of 429: its 4xx also counts stale tokens and strangers. For excessive
    // 429s it may write neither logs nor metrics (its page on monitoring HTTP APIs); the requests of
    // strangers that it still passes on count as 4xx, which RejectedCallers watches.
    count(scope, 'TooManyRequests', FilterPattern.stringValue('$.status', '=', '429'));
    if (!this.of.urlKeys || !keyScope) return;
    // What must be known of clusters that call with a key: under Ignore, they get no other sign.
    const refused = FilterPattern.stringValue('$.status', '!=', '200');
    // The asterisk is the pattern's wildcard, for the part in braces.
    const routes = KEY_PATHS.map((path) =>
      FilterPattern.stringValue('$.route', '=', `POST ${path.replace(/\{.*\}/, '*')}`),
    );
    const rejected = FilterPattern.all(refused, FilterPattern.any(...routes));
    count(keyScope, 'UrlKeyRejected', rejected);
    // Counted in the access log, not by the function: no cluster's name is known here, so no alarm can watch
    // PreviousToken by cluster, and only the authorizer knows when the overlap ends.
    const expiring = FilterPattern.stringValue('$.tokenExpiring', '=', 'true');
    count(keyScope, 'PreviousTokenExpiring', expiring);
  }

  private filter(
    scope: Construct,
    id: string,
    metricName: string,
    logGroup: LogGroup,
    filterPattern: IFilterPattern,
    defaultValue?: number,
  ): void {
    const metricNamespace = this.namespace;
    new MetricFilter(scope, id, {
      logGroup,
      filterPattern,
      metricNamespace,
      metricName,
      defaultValue,
    });
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

  /** What a door publishes, in the names of its kind of API. */
  requestsOf(door: Endpoint | RestEndpoint): DoorMetrics {
    const sum = { period: PERIOD, statistic: Stats.SUM };
    if (!('apiName' in door)) {
      const { api } = door;
      return {
        all: api.metricCount(sum),
        rejected: api.metricClientError(sum),
        errors: api.metricServerError(sum),
        latency: (percentile, label) =>
          api.metricLatency({ statistic: Stats.percentile(percentile), label, period: PERIOD }),
        slow: api.metricLatency({ statistic: SLOW, period: PERIOD }),
      };
    }
    const dimensionsMap = { ApiName: door.apiName, Stage: STAGE };
    const metric = (metricName: string, statistic: string, label?: string) =>
      new Metric({
        namespace: 'AWS/ApiGateway',
        metricName,
        dimensionsMap,
        statistic,
        label,
        period: PERIOD,
      });
    return {
      // API Gateway says that this statistic is the number of requests.
      all: metric('Count', Stats.SAMPLE_COUNT, 'REST requests'),
      rejected: metric('4XXError', Stats.SUM),
      errors: metric('5XXError', Stats.SUM),
      latency: (percentile, label) => metric('Latency', Stats.percentile(percentile), label),
      slow: metric('Latency', SLOW),
    };
  }

  /** The percentage of bad reviews in a window, over all doors: what the objective is about. */
  badReviews(window: Duration): MathExpression {
    const { admission, endpoint, rest } = this.of;
    const reviews = {
      calls: admission.function.metricInvocations({ period: window }),
      // From the log, not the function's own count, which also has reviews that an old policy document decided.
      failed: this.count('FailedInLog'),
    };
    return badPercent(window, reviews, {
      ...(endpoint && { Http: this.seriesOf(endpoint) }),
      ...(rest && { Rest: this.seriesOf(rest) }),
    });
  }

  private seriesOf(door: Endpoint | RestEndpoint): DoorSeries {
    const { all, errors, slow, rejected } = this.requestsOf(door);
    // Strangers reach a public door, and what they are refused is not a review.
    const everyCallerIsOurs = 'isPrivate' in door && door.isPrivate;
    return { requests: all, errors, slow, ...(everyCallerIsOurs && { rejected }) };
  }

  /** Reviews per hour that reached the admission function, so with a valid token. */
  reviewsPerHour(): Metric {
    return this.of.admission.function.metricInvocations({ period: Duration.hours(1) });
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
