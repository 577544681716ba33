import { LogQueryWidget } from 'aws-cdk-lib/aws-cloudwatch';

/**
 * The lines of a query in CloudWatch Logs Insights over the log of the admission function. `jsonParse` reads
 * the whole line: of a line with many images, Insights itself finds the first 200 fields only. A list is
 * taken apart with `unnest`, since a field such as `violations.0.rule` would be the first item alone.
 */
export interface Question {
  readonly title: string;
  readonly queryLines: readonly string[];
}

/** A Pod of a controller has no name yet, but an owner; the controller itself has a name. */
const OWNER = 'coalesce(owner.kind, kind) as ownerKind, coalesce(owner.name, name) as ownerName';

const BY_OWNER = 'by cluster, namespace, ownerKind, ownerName';

const MOST_FIRST = ['sort reviews desc', 'limit 100'];

/** What an operator asks first, before and after the rules deny. */
export const QUESTIONS: readonly Question[] = [
  {
    title: 'Would be denied: warned and audited violations',
    queryLines: [
      'filter event in ["review", "review_failed"]',
      `fields jsonParse(@message) as line, ${OWNER}`,
      'unnest line.violations into violation',
      'filter violation.mode in ["warn", "audit"]',
      `stats count_distinct(uid) as reviews, max(@timestamp) as latest ${BY_OWNER}, violation.rule, violation.mode`,
      ...MOST_FIRST,
    ],
  },
  {
    title: 'Denied, by namespace, owner and rule',
    queryLines: [
      'filter decision = "denied"',
      `fields jsonParse(@message) as line, ${OWNER}`,
      'unnest line.denied_by into rule',
      `stats count_distinct(uid) as reviews, max(@timestamp) as latest ${BY_OWNER}, rule`,
      ...MOST_FIRST,
    ],
  },
  {
    title: 'Could not be evaluated, by cause',
    queryLines: [
      'filter event in ["review_failed", "ecr_call_failed", "scan_unusable", "image_config_unusable", "policy_unavailable", "not_a_review", "event_unreadable"]',
      'stats count(*) as lines, max(@timestamp) as latest by event, operation, coalesce(cause, error, message) as reason',
      'sort lines desc',
      'limit 100',
    ],
  },
];

/** One row of the dashboard for each question. */
export function questionWidgets(logGroupName: string): LogQueryWidget[] {
  return QUESTIONS.map(
    ({ title, queryLines }) =>
      new LogQueryWidget({
        title,
        logGroupNames: [logGroupName],
        queryLines: [...queryLines],
        width: 24,
        height: 6,
      }),
  );
}
