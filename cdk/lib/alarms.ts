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
    for (const [id, metricName] of [
      ['Failed', 'Failed'],
      // The same from the log: a frozen function sends no metrics, but its log has left.
      ['FailedInLog', 'FailedInLog'],
    ] as const) {
      this.watch(id, {
        metric: metrics.count(metricName),
        threshold: 1,
        alarmDescription:
          'A review could not be judged, so its Pod was denied. The admission log says which call to ' +
          'ECR failed and why: access denied, throttled, timed out.',
      });
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
        'kubectl get validatingwebhookconfiguration ecr-admission, then with scripts/doctor.',
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
