import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Metrics } from './metrics';
import { questionWidgets } from './questions';

/** What an on-call engineer needs first is at the top. */
export class AdmissionDashboard extends Dashboard {
  constructor(scope: Construct, id: string, metrics: Metrics, alarms: Alarm[]) {
    super(scope, id, {
      defaultInterval: Duration.hours(12),
      periodOverride: PeriodOverride.INHERIT,
    });
    const { admission, authorizer, endpoint, rest, urlKeys } = metrics.of;
    const counted = metrics.countsRequests ? [metrics.count('TooManyRequests')] : [];
    if (counted.length > 0 && urlKeys) counted.push(metrics.count('UrlKeyRejected'));
    const doors = [...(endpoint ? [endpoint] : []), ...(rest ? [rest] : [])];
    const requests = doors.map((door) => metrics.requestsOf(door));
    this.addWidgets(
      new AlarmStatusWidget({ title: 'Alarms', alarms, width: 12, height: 5 }),
      new TextWidget({ width: 12, height: 5, markdown: GUIDE }),
    );
    this.addWidgets(
      graph('Reviews', [
        ...['Admitted', 'Denied', 'Warned', 'Audited', 'Ignored'].map((name) =>
          metrics.count(name),
        ),
        metrics.countOrLog('Failed'),
        metrics.countOrLog('BreakGlass'),
      ]),
      graph('Denials by rule', [metrics.deniedByRule()]),
      graph('Latency (ms)', [
        ...[50, 90, 99].map((percentile) => metrics.reviewLatency(percentile)),
        ...doors.flatMap((door) =>
          [50, 99].map((percentile) =>
            metrics
              .requestsOf(door)
              .latency(percentile, `${door === rest ? 'REST' : 'endpoint'} p${percentile}`),
          ),
        ),
      ]),
    );
    this.addWidgets(
      graph('Requests, rejected callers and endpoint errors', [
        ...counted,
        ...requests.flatMap(({ all, rejected, errors }) => [all, rejected, errors]),
      ]),
      graph('Function errors and throttles', [
        admission.function.metricErrors({ label: 'admission errors' }),
        admission.function.metricThrottles({ label: 'admission throttles' }),
        authorizer.function.metricErrors({ label: 'authorizer errors' }),
        authorizer.function.metricThrottles({ label: 'authorizer throttles' }),
      ]),
      graph('Cold starts', [metrics.coldStarts('admission'), metrics.coldStarts('authorizer')]),
    );
    this.addWidgets(
      graph('Calls to ECR', [metrics.count('RegistryCalls'), metrics.count('Throttled')]),
      graph('Images pinned and rewritten', [metrics.count('Pinned'), metrics.count('Rewritten')]),
      graph('Reviews with the previous token by cluster', [metrics.previousToken()]),
    );
    for (const widget of questionWidgets(admission.logGroup.logGroupName)) this.addWidgets(widget);
    this.addWidgets(
      new LogQueryWidget({
        title: 'Latest denials',
        logGroupNames: [admission.logGroup.logGroupName],
        queryLines: [
          'fields @timestamp, cluster, namespace, kind, name, user, denial',
          'filter decision = "denied"',
          'sort @timestamp desc',
          'limit 20',
        ],
        width: 24,
        height: 6,
      }),
    );
  }
}

const GUIDE = [
  '### ecr-admission',
  '- **Denied**: the policy at work. **Failed**: denied because the review could not be evaluated; this needs fixing.',
  '- **Audited**: a rule in audit mode, or an exempted one, was violated. **BreakGlass**: admitted against the rules; the log (event `break_glass`) says by whom and why.',
  '- **Rejected callers**: a control plane with a stale token file, or a stranger. The access log has the address.',
  '- **TooManyRequests**: the endpoint is flooded (429). **Throttled**: calls that ECR throttled.',
  '- **Previous token**: clusters whose token file a rotation has not reached yet.',
  '- To turn ecr-admission off: `kubectl delete validatingwebhookconfiguration ecr-admission`.',
].join('\n');

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({
    title,
    left,
    width: 8,
    height: 6,
    leftYAxis: { min: 0, showUnits: false },
  });
}
