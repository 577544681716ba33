import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import type { Metrics } from './metrics';
import type { Settings } from './settings';

const FAILED =
  'A review could not be judged, so its Pod was denied. The admission log says which call to ECR ' +
  'failed and why: access denied, throttled, timed out. Or the policy could not be read: see the ' +
  'alarm PolicyUnread.';

const BREAK_GLASS =
  'A Pod was admitted by break-glass, against what the rules say of its images. The line break-glass ' +
  'of the admission log says who did it, where, and for what reason. Ask them; once it is over, ' +
  'replace the Pod by one that passes. Was it nobody of yours: delete it, and take the group out of ' +
  'the breakGlass of the policy.';

const POLICY_UNREAD =
  'The policy document (PolicySecret) could not be read: the last good copy judges, and where there ' +
  'is none every review is denied. The admission log says why: line and column of what is wrong in ' +
  'the document (deploy/policy check finds it, too; put it right with aws secretsmanager ' +
  'put-secret-value), or which access to the secret or its key is missing.';

const FLOOD =
  'The apiservers share this limit with every other caller: beyond it their reviews get 429, too, and ' +
  'under failurePolicy Fail no Pod is created outside the ignored namespaces. The access log says who ' +
  'calls. What ends it: see "A flood of requests" in infra/README.md.';

type Watch = Pick<AlarmProps, 'metric' | 'threshold' | 'alarmDescription'> & Partial<AlarmProps>;

/** What somebody must look at. Each description says what it means and where to look. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];

  constructor(
    scope: Construct,
    id: string,
    metrics: Metrics,
    private readonly settings: Settings,
  ) {
    super(scope, id);
    for (const [id, alarmDescription] of [
      ['Failed', FAILED],
      // The same from the log: a frozen function sends no metrics, but its log has left.
      ['FailedInLog', FAILED],
      ['BreakGlass', BREAK_GLASS],
      ['BreakGlassInLog', BREAK_GLASS],
      ['PolicyUnread', POLICY_UNREAD],
    ] as const) {
      this.watch(id, { metric: metrics.count(id), threshold: 1, alarmDescription });
    }
    for (const [id, shipped] of [
      ['Admission', metrics.admission],
      ['Authorizer', metrics.authorizer],
    ] as const) {
      this.watch(`${id}Errors`, {
        metric: shipped.function.metricErrors(),
        threshold: 1,
        alarmDescription:
          `The ${id.toLowerCase()} function failed; while it does, no Pod starts. Its log says why ` +
          '(of the authorizer: most often the secret cannot be read).',
      });
      this.watch(`${id}Throttles`, {
        metric: shipped.function.metricThrottles(),
        threshold: 1,
        alarmDescription:
          `Lambda refused to start the ${id.toLowerCase()} function; while it does, no Pod starts. See ` +
          'the concurrency quota of the account and the reserved concurrency of the function, and ' +
          'the access log for a flood of requests.',
      });
    }
    this.watch('RejectedCallers', {
      metric: metrics.rejected(),
      threshold: 20,
      alarmDescription:
        'Many requests were refused (401, 403, 404, 429). The access log says whose: a control plane ' +
        'with a stale token file starts no Pods; a stranger only costs money.',
    });
    this.watch('TooManyRequests', {
      metric: metrics.count('TooManyRequests'),
      threshold: 1,
      alarmDescription: `Requests got 429: more came than StageThrottleRate, or the quota of the account, lets through. ${FLOOD}`,
    });
    this.watch('SlowReviews', {
      metric: metrics.endpointLatency(99),
      threshold: 3000,
      evaluationPeriods: 3,
      alarmDescription:
        'One review in a hundred takes more than 3 seconds, and the apiserver gives up after 5. See ' +
        'the dashboard: cold starts, or slow calls to ECR.',
    });
    this.watch('NoTraffic', {
      metric: metrics.reviewsPerHour(),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: settings.quietHours,
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription:
        'No review has come for hours. A deleted webhook configuration is silent: check it with ' +
        'kubectl get validatingwebhookconfiguration ecr-admission, then with deploy/doctor.',
    });
  }

  private watch(id: string, watch: Watch): void {
    const alarm = new Alarm(this, id, {
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...watch,
    });
    if (this.settings.alarmTopic) {
      const tell = new SnsAction(this.settings.alarmTopic);
      alarm.addAlarmAction(tell);
      alarm.addOkAction(tell);
    }
    this.all.push(alarm);
  }
}
