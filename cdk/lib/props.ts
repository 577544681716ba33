import type { Architecture, Code } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';

/** The two functions, each a zip that holds one executable named `bootstrap`. */
export interface EcrAdmissionCode {
  /** Judges reviews. */
  readonly admission: Code;
  /** Tells the apiservers of your clusters from everybody else. */
  readonly authorizer: Code;
}

/** What can be set. Everything but the code has a default. */
export interface EcrAdmissionProps {
  /** The executables: `builtCode()` for those that `scripts/build` made. */
  readonly code: EcrAdmissionCode;

  /**
   * Regions whose ECR registries are allowed.
   * @default the stack's own Region
   */
  readonly registryRegions?: string[];

  /**
   * Accounts whose ECR registries are allowed, 12 digits each. An account that is not the stack's own
   * must also allow the admission function's role in its repository policies.
   * @default the stack's own account
   */
  readonly registryIds?: string[];

  /**
   * Namespaces admitted without judgement, compared exactly with the request's own namespace. Render
   * the webhook configuration again after changing it. An empty list ignores none.
   * @default ['kube-system']
   */
  readonly ignoredNamespaces?: string[];

  /**
   * Namespaces in which images named by tag get their digest, and are denied without one; `['*']` for
   * all. The mutating webhook configuration must be applied, too.
   * @default none
   */
  readonly pinNamespaces?: string[];

  /**
   * Which images of other registries become which of yours, each `SOURCE=TARGET`, as in
   * `docker.io/=123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/`. The mutating webhook
   * configuration must be applied, too.
   * @default none
   */
  readonly rewrites?: string[];

  /**
   * Lowest severity of a finding that denies: INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL.
   * @default CRITICAL
   */
  readonly severityLimit?: string;

  /**
   * The full ARN, with the six characters at its end, of the Secrets Manager secret that holds the
   * operator's policy (deploy/policy.md), in the stack's own Region; of a `Secret` that your app makes,
   * its `secretArn`. The admission function may read this secret and no other; if its key is one of
   * yours, let the function's role decrypt with it, too: `key.grantDecrypt(admission.admission.role)`.
   * @default none: the props here are the whole policy
   */
  readonly policySecret?: string;

  /**
   * DEBUG, INFO, WARN or ERROR. At WARN and above there is no line for a review that was judged.
   * @default INFO
   */
  readonly logLevel?: string;

  /**
   * CloudWatch namespace of the functions' metrics. Two stacks in one Region of one account need two
   * of them, or their dashboards and alarms count each other's reviews.
   * @default EcrAdmission
   */
  readonly metricsNamespace?: string;

  /**
   * Seconds for which inspected facts and the policy document may be reused, 0 to 300; 0 is off.
   * @default 60
   */
  readonly cacheSeconds?: number;

  /**
   * How many distinct images of one review are looked up, 1 to 500. A review that names more is denied
   * without a look-up, so that one workload cannot use up what ECR grants all of them.
   * @default 100
   */
  readonly maxImages?: number;

  /**
   * Hours for which the previous token still works after a rotation, 0 to 168.
   * @default 24
   */
  readonly tokenOverlapHours?: number;

  /**
   * Seconds for which API Gateway may reuse an authorizer answer, 0 to 3600. It adds to how long a
   * revoked token still works.
   * @default 60
   */
  readonly authorizerCacheSeconds?: number;

  /**
   * What the executables were built for.
   * @default Architecture.ARM_64, which costs a fifth less
   */
  readonly architecture?: Architecture;

  /**
   * Memory of the admission function, MiB. It needs about 24; the rest buys CPU, which Lambda gives in
   * proportion (1,769 MiB is one core).
   * @default 256
   */
  readonly admissionMemory?: number;

  /**
   * Memory of the authorizer, MiB. It hashes one header and, once a minute, reads one secret.
   * @default 128
   */
  readonly authorizerMemory?: number;

  /**
   * Concurrency reserved for the admission function; 0 reserves nothing. A reservation keeps the other
   * functions of the account from taking what the cluster needs, but it is also a cap: reviews beyond it
   * are throttled, and under failurePolicy Fail their Pods do not start. infra/README.md says which number
   * to choose. Lambda refuses a reservation that leaves the account less than its unreserved minimum: use
   * 0 where the account's quota is small.
   * @default 0
   */
  readonly admissionReservedConcurrency?: number;

  /**
   * The most sandboxes of the authorizer at once; 0 reserves and limits nothing. The limit keeps a
   * flood of wrong tokens from using up the account's concurrency. Lambda refuses a reservation that
   * leaves the account less than its unreserved minimum: use 0 where the account's quota is small.
   * @default 10
   */
  readonly authorizerReservedConcurrency?: number;

  /**
   * Sandboxes of the admission function that are always warm, billed by the hour; 0 is none.
   * @default 0
   */
  readonly provisionedConcurrency?: number;

  /**
   * Requests a second that the endpoint takes, all callers together, the rejected ones too. Requests
   * beyond it get 429. It is never more than API Gateway's quota for the account and Region.
   * @default 2000
   */
  readonly stageThrottleRate?: number;

  /**
   * Requests that the endpoint takes at once, above the steady rate: the size of the token bucket.
   * @default 1000
   */
  readonly stageThrottleBurst?: number;

  /**
   * How long logs are kept. They go when the stack goes.
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;

  /**
   * Who is told when an alarm fires, and when it is over.
   * @default nobody: the alarms still show on the dashboard
   */
  readonly alarmTopic?: ITopic;

  /**
   * Hours without a single review after which the NoTraffic alarm fires, 1 to 24.
   * @default 6
   */
  readonly quietHours?: number;
}
