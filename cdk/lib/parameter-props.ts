// Generated from infra/parameters.json (npm run generate). Do not edit.

/** The settings of infra/parameters.json. Each has a default. */
export interface ParameterProps {
  /**
   * Regions whose ECR registries are allowed.
   * Each like `eu-west-1`.
   * @default the stack's Region
   */
  readonly registryRegions?: string[];

  /**
   * AWS accounts whose ECR registries are allowed. Another account must also allow the admission
   * function's role in its repository policies.
   * Each like `123456789012`.
   * @default the stack's account
   */
  readonly registryIds?: string[];

  /**
   * Namespaces whose workloads are admitted without evaluation. After a change, render the webhook
   * configuration again.
   * Each like `kube-system`.
   * @default kube-system
   */
  readonly ignoredNamespaces?: string[];

  /**
   * Lowest severity of a finding that denies an image.
   * One of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL.
   * @default CRITICAL
   */
  readonly severityLimit?: string;

  /**
   * Full ARN of the Secrets Manager secret that holds the policy document, in the stack's Region.
   * Without one, the parameters are the whole policy.
   * Like `arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-admission/policy-AbCdEf`.
   * @default none
   */
  readonly policySecret?: string;

  /**
   * Namespaces in which an image named by tag gets its digest, and is denied without one. Needs the
   * mutating webhook configuration.
   * Each like `shop`; `['*']` for all.
   * @default none
   */
  readonly pinNamespaces?: string[];

  /**
   * Rewrites images of other registries to yours, each SOURCE=TARGET. Needs the mutating webhook
   * configuration.
   * Each like `docker.io/=123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/`.
   * @default none
   */
  readonly rewrites?: string[];

  /**
   * Lowest level that is logged. At WARN and above, an evaluated review has no log line.
   * One of DEBUG, INFO, WARN, ERROR.
   * @default INFO
   */
  readonly logLevel?: string;

  /**
   * CloudWatch namespace of the metrics. Two stacks in one Region of an account need two, or they
   * count each other's reviews.
   * Like `EcrAdmission`.
   * @default EcrAdmission
   */
  readonly metricsNamespace?: string;

  /**
   * Whether each metric is also counted by cluster, which adds up to 12 metrics for each cluster.
   * True or false.
   * @default false
   */
  readonly clusterMetrics?: boolean;

  /**
   * How long facts about images and the policy document may be reused; 0 turns reuse off.
   * 0 to 300 seconds.
   * @default 60
   */
  readonly cacheSeconds?: number;

  /**
   * How many distinct images are looked up for one review. A workload with more is denied.
   * 1 to 500 images.
   * @default 100
   */
  readonly maxImages?: number;

  /**
   * How long the previous token still works after a rotation.
   * 0 to 168 hours.
   * @default 24
   */
  readonly tokenOverlapHours?: number;

  /**
   * How long API Gateway may reuse an authorizer result. A revoked token works for up to 70 seconds
   * more than this, unless rotate-token --revoke resets the cache.
   * 0 to 3600 seconds.
   * @default 60
   */
  readonly authorizerCacheSeconds?: number;

  /**
   * Whether clusters may call with a key in the URL instead of a token, as Amazon EKS must.
   * True or false.
   * @default false
   */
  readonly urlKeys?: boolean;

  /**
   * Address ranges (CIDR) that may call. A narrower list takes effect after AuthorizerCacheSeconds.
   * Each like `203.0.113.7/32`.
   * @default any
   */
  readonly allowedSources?: string[];

  /**
   * VPC endpoints for execute-api from which clusters may call. With one, there is a private API
   * beside the public one.
   * Each like `vpce-0123456789abcdef0`.
   * @default none
   */
  readonly vpcEndpointIds?: string[];

  /**
   * With VpcEndpointIds: the cluster that calls from each of these endpoints, in the same order.
   * Its calls need neither token nor key.
   * Each like `blue`.
   * @default none
   */
  readonly vpcEndpointClusters?: string[];

  /**
   * Whether there is a public API (an HTTP API). With false, only the REST API remains, so first
   * let every webhook configuration call that one.
   * True or false.
   * @default true
   */
  readonly publicEndpoint?: boolean;

  /**
   * ARN of a regional web ACL of AWS WAF. With one, there is a REST API that it protects, beside
   * the HTTP API or instead of it. Not together with vpcEndpointIds.
   * Like
   * `arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/webhooks/01234567-89ab-cdef-0123-456789abcdef`.
   * @default none
   */
  readonly webAclArn?: string;

  /**
   * Whether the REST API (private or with a web ACL) writes an access log. API Gateway first needs
   * a role for logs in its account settings, which all REST APIs of the account and Region share.
   * True or false.
   * @default false
   */
  readonly restAccessLog?: boolean;

  /**
   * Requests per second that the endpoint accepts from all callers together. More get 429.
   * 1 to 100000 requests per second.
   * @default 2000
   */
  readonly stageThrottleRate?: number;

  /**
   * Requests that the endpoint accepts at once, above that rate: the size of the token bucket.
   * 1 to 100000 requests.
   * @default 1000
   */
  readonly stageThrottleBurst?: number;

  /**
   * With UrlKeys: requests per second that each of the two routes with a key accepts. More get 429.
   * 1 to 100000 requests per second.
   * @default 2000
   */
  readonly urlKeyThrottleRate?: number;

  /**
   * With UrlKeys: requests that each of these routes accepts at once, above that rate.
   * 1 to 100000 requests.
   * @default 1000
   */
  readonly urlKeyThrottleBurst?: number;

  /**
   * Concurrency reserved for the admission function, which is also its maximum; 0 reserves none.
   * 0 to 10000 sandboxes.
   * @default 0
   */
  readonly admissionReservedConcurrency?: number;

  /**
   * Concurrency reserved for the authorizer, which is also its maximum; 0 reserves none. Use 0 if
   * the account's concurrency quota is small (new accounts: 10), or the deployment fails.
   * 0 to 10000 sandboxes.
   * @default 10
   */
  readonly authorizerReservedConcurrency?: number;

  /**
   * With UrlKeys: the same for the key authorizer, which runs for every request with a key.
   * 0 to 10000 sandboxes.
   * @default 10
   */
  readonly urlKeyAuthorizerReservedConcurrency?: number;

  /**
   * Sandboxes of the admission function that are always warm, billed by the hour; 0 is none.
   * 0 to 10000 sandboxes.
   * @default 0
   */
  readonly provisionedConcurrency?: number;

  /**
   * How a new version of a function takes over: none at once; the others first for a part of the
   * requests, and not at all if it fails.
   * One of none, canary-10-percent-5-minutes, canary-10-percent-10-minutes,
   * canary-10-percent-15-minutes, canary-10-percent-30-minutes, linear-10-percent-every-minute,
   * linear-10-percent-every-2-minutes, linear-10-percent-every-3-minutes,
   * linear-10-percent-every-10-minutes.
   * @default none
   */
  readonly canary?: string;

  /**
   * Memory of the admission function. It may use 64 MiB for the largest Pods; the rest buys CPU in
   * proportion (1,769 MiB is one vCPU).
   * 128 to 10240 MiB.
   * @default 256
   */
  readonly admissionMemory?: number;

  /**
   * Memory of the authorizer. It hashes one header and, once a minute, reads one secret.
   * 128 to 10240 MiB.
   * @default 128
   */
  readonly authorizerMemory?: number;

  /**
   * How long there may be no review before the alarm NoTraffic fires.
   * 1 to 24 hours.
   * @default 6
   */
  readonly quietHours?: number;

  /**
   * How long log lines are kept. For audits, 400 covers a year and the weeks until someone looks.
   * In days: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
   * 2922, 3288, 3653.
   * @default 90
   */
  readonly logRetentionDays?: number;

  /**
   * Whether the logs stay when the stack is deleted. In a template, choose it at the start: a
   * change begins new logs, and a change to true deletes the old ones.
   * True or false.
   * @default false
   */
  readonly keepLogs?: boolean;

  /**
   * ARN of the SNS topic that wakes a person: it is notified when such an alarm fires, and when it
   * is over. Without one, the alarms show on the dashboard only.
   * Like `arn:aws:sns:eu-west-1:123456789012:on-call`.
   * @default none
   */
  readonly alarmTopicArn?: string;

  /**
   * ARN of the SNS topic for alarms that can wait until working hours. Without one, they notify
   * AlarmTopicArn too.
   * Like `arn:aws:sns:eu-west-1:123456789012:tickets`.
   * @default none
   */
  readonly ticketTopicArn?: string;
}
