import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Metrics } from './metrics';
import { type Burn, FAST, percentAt, SLOW as SLOW_BURN } from './objective';
import type { Settings } from './settings';
import { topicFor, type Urgency } from './topics';
import type { Endpoint } from './endpoint';
import type { RestEndpoint } from './rest-endpoint';

/**
 * The alarms that wake a person. The others can wait: their cause shows here too if it burns the objective, or it
 * may be a stranger's doing, or a quiet night. infra/README.md says why for each.
 */
const PAGES = [
  'FastBurn',
  'BreakGlass',
  'BreakGlassInLog',
  'TooManyRequests',
  'PreviousTokenExpiring',
];

const FAILED =
  'A review could not be evaluated, so its workload was denied. The admission log (event review_failed) ' +
  'says why.';

const BURN =
  'of the reviews failed, got an error or took more than 3 seconds, and at least 10 of them did. The dashboard ' +
  'shows which: Failed (the log says why), endpoint errors, or latency.';

const BREAK_GLASS =
  'A workload was admitted by break-glass, against the rules. The admission log (event break_glass) says ' +
  'who did it, where and why. Afterward, replace the workload with one that passes. If it was not one of ' +
  'your people, delete it and remove the group from breakGlass in the policy document.';

const POLICY_UNREADABLE =
  'The policy document (PolicySecret) could not be read. The last good copy is in use; without one, ' +
  'every review is denied. The admission log says why: an error in the document (deploy/policy check ' +
  'finds it too), or no access to the secret or its key.';

const FLOOD =
  'Reviews of your clusters get 429 too; under failurePolicy Fail no Pod is then created outside the ' +
  'ignored namespaces. What to do: see "A flood of requests" in infra/README.md.';

const KEY_REJECTED =
  'A request with a key in the URL got no decision. If a cluster sent it under failurePolicy Ignore, a ' +
  'workload was admitted unchecked. See status in the access log: 403 is a wrong key (a rotation, or a ' +
  'stranger), 429 a flood, 5xx a function that failed or was throttled. Run deploy/doctor for each cluster ' +
  'that has a key.';

const EXPIRING =
  'A cluster still calls with its previous token or key, which is refused in six hours or less. The ' +
  'access log (tokenExpiring) says which cluster. Install its new token, or replace its webhook ' +
  'configuration with one that has the new key.';

const PRIVATE_REJECTED =
  'The private API rejected a request (4xx). If a cluster sent it under failurePolicy Ignore, a workload was ' +
  'admitted unchecked. 403 is a VPC endpoint that is not in VpcEndpointIds, or a wrong token or key; 401 is a missing ' +
  'token; 429 a flood. The log of the authorizer says which. Run deploy/doctor for each cluster.';

const REGIONAL_REJECTED =
  'The REST API rejected many requests (4xx), or its web ACL did. A control plane with a stale token cannot ' +
  'start Pods; a stranger only costs money. The web ACL and the log of the authorizer say whose they were.';

const REST_ERRORS =
  'The REST API answered 5xx: a function failed or was throttled, or its authorizer did. Under failurePolicy ' +
  'Fail that Pod was not created; under Ignore it was admitted unchecked. The logs of the functions say why.';

const SLOW = {
  threshold: 3000,
  evaluationPeriods: 3,
  alarmDescription:
    'The slowest 1% of reviews take more than 3 seconds, and the apiserver gives up after 5. Look ' +
    'for cold starts and slow calls to ECR on the dashboard.',
};

type Watch = Pick<AlarmProps, 'metric' | 'threshold' | 'alarmDescription'> & Partial<AlarmProps>;

/** An alarm that notifies the topic of its urgency. */
export class NotifyingAlarm extends Alarm {
  constructor(
    scope: Construct,
    id: string,
    props: AlarmProps,
    readonly urgency: Urgency,
    settings: Settings,
  ) {
    super(scope, id, props);
    const alarmActionArn = topicFor(urgency, settings);
    if (alarmActionArn === '') return;
    const notify = { bind: () => ({ alarmActionArn }) };
    this.addAlarmAction(notify);
    this.addOkAction(notify);
  }
}

/** The alarms. Each description says what happened, what follows from it and where to look. */
export class Alarms extends Construct {
  readonly all: NotifyingAlarm[] = [];

  constructor(
    scope: Construct,
    id: string,
    metrics: Metrics,
    private readonly settings: Settings,
  ) {
    super(scope, id);
    for (const [id, alarmDescription] of [
      ['Failed', FAILED],
      // The same from the log: a frozen function sends no metrics, but its log is already written.
      ['FailedInLog', FAILED],
      ['BreakGlass', BREAK_GLASS],
      ['BreakGlassInLog', BREAK_GLASS],
      ['PolicyUnreadable', POLICY_UNREADABLE],
    ] as const) {
      this.watch(id, { metric: metrics.count(id), threshold: 1, alarmDescription });
    }
    this.watchBurn('FastBurn', metrics, FAST, 'last hour', 'two days');
    this.watchBurn('SlowBurn', metrics, SLOW_BURN, 'last day', 'nine days');
    for (const [id, shipped] of [
      ['Admission', metrics.of.admission],
      ['Authorizer', metrics.of.authorizer],
    ] as const) {
      this.watch(`${id}Errors`, {
        metric: shipped.function.metricErrors(),
        threshold: 1,
        alarmDescription:
          `The ${id.toLowerCase()} function failed. While it does, no Pod starts. Its log says why` +
          (id === 'Authorizer' ? ': usually it cannot read the token secret.' : '.'),
      });
      this.watch(`${id}Throttles`, {
        metric: shipped.function.metricThrottles(),
        threshold: 1,
        alarmDescription:
          `Lambda throttled the ${id.toLowerCase()} function. While it does, no Pod starts. Check the ` +
          "account's concurrency quota, the reserved concurrency, and the access log for a flood.",
      });
    }
    this.watch('NoTraffic', {
      metric: metrics.reviewsPerHour(),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: settings.quietHours,
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription:
        'No review arrived for QuietHours. Nothing else reports a deleted webhook configuration: check it ' +
        'with kubectl get validatingwebhookconfiguration ecr-admission, then with deploy/doctor.',
    });
    const { endpoint, rest } = metrics.of;
    if (endpoint) this.watchPublic(metrics, endpoint);
    if (metrics.countsRequests) this.watchCounted(metrics);
    if (rest) this.watchRest(metrics, rest);
  }

  private watchBurn(id: string, metrics: Metrics, burn: Burn, when: string, left: string): void {
    const percent = percentAt(burn);
    this.watch(id, {
      metric: metrics.badReviews(burn.window),
      threshold: percent,
      alarmDescription:
        `In the ${when}, ${percent}% or more ${BURN} At this rate, ${left} use up what the objective allows for ` +
        '28 days (deploy/slo.md).',
    });
  }

  private watchPublic(metrics: Metrics, endpoint: Endpoint): void {
    const { rejected, latency } = metrics.requestsOf(endpoint);
    const watch = (id: string, watched: Watch) => this.watch(id, watched, endpoint);
    watch('RejectedCallers', {
      metric: rejected,
      threshold: 20,
      alarmDescription:
        'Many requests were rejected (401, 403, 404, 429). The access log says whose: a control plane ' +
        'with a stale token file cannot start Pods; a stranger only costs money.',
    });
    watch('SlowReviews', { ...SLOW, metric: latency(99) });
  }

  /**
   * What an access log counts. UrlKeyRejected counts errors and throttles of the key authorizer too: they are
   * 500s of its routes.
   */
  private watchCounted(metrics: Metrics): void {
    const { endpoint, rest, urlKeys } = metrics.of;
    this.watch(
      'TooManyRequests',
      {
        metric: metrics.count('TooManyRequests'),
        threshold: 1,
        // A burst of a moment wakes nobody: the apiserver's callers try again.
        evaluationPeriods: 3,
        datapointsToAlarm: 2,
        alarmDescription: `Requests get 429: more come than StageThrottleRate or the account's quota allows. ${FLOOD}`,
      },
      endpoint ?? rest,
    );
    if (!urlKeys) return;
    for (const [id, alarmDescription] of [
      ['UrlKeyRejected', KEY_REJECTED],
      ['PreviousTokenExpiring', EXPIRING],
    ] as const) {
      this.watch(id, { metric: metrics.count(id), threshold: 1, alarmDescription }, urlKeys);
    }
  }

  /** By the metrics of API Gateway, which a REST API without an access log has too. */
  private watchRest(metrics: Metrics, rest: RestEndpoint): void {
    const { rejected, errors, latency } = metrics.requestsOf(rest);
    const watch = (id: string, watched: Watch) => this.watch(id, watched, rest);
    watch('RestRejected', {
      metric: rejected,
      // A private API has no strangers.
      threshold: rest.isPrivate ? 1 : 20,
      alarmDescription: rest.isPrivate ? PRIVATE_REJECTED : REGIONAL_REJECTED,
    });
    watch('RestErrors', { metric: errors, threshold: 1, alarmDescription: REST_ERRORS });
    watch('RestSlowReviews', { ...SLOW, metric: latency(99) });
  }

  private watch(id: string, watch: Watch, scope: Construct = this): void {
    // What is counted twice, by the function and in its log, is one chapter of the runbook.
    const see = `See "${id.replace(/InLog$/, '')}" in deploy/runbook.md.`;
    const props = {
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...watch,
      alarmDescription: `${watch.alarmDescription} ${see}`,
    };
    const urgency = PAGES.includes(id) ? 'page' : 'ticket';
    this.all.push(new NotifyingAlarm(scope, id, props, urgency, this.settings));
  }
}
