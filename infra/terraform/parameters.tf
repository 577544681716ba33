# Generated from infra/parameters.json (npm run generate); do not edit.

variable "registry_regions" {
  description = "Regions whose ECR registries are allowed. Empty: the stack's Region."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for item in var.registry_regions : can(regex("^([a-z]{2,}(-[a-z]+)+-[0-9]+)$", item))])
    error_message = "registry_regions: expected items like eu-west-1"
  }
}

variable "registry_ids" {
  description = "AWS accounts whose ECR registries are allowed. Another account must also allow the admission function's role in its repository policies. Empty: the stack's account."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for item in var.registry_ids : can(regex("^([0-9]{12})$", item))])
    error_message = "registry_ids: expected items like 123456789012"
  }
}

variable "ignored_namespaces" {
  description = "Namespaces whose workloads are admitted without evaluation. After a change, render the webhook configuration again. Empty: none."
  type        = list(string)
  default     = ["kube-system"]
  nullable    = false

  validation {
    condition     = alltrue([for item in var.ignored_namespaces : can(regex("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$", item))])
    error_message = "ignored_namespaces: expected items like kube-system"
  }
}

variable "severity_limit" {
  description = "Lowest severity of a finding that denies an image."
  type        = string
  default     = "CRITICAL"
  nullable    = false

  validation {
    condition     = contains(["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"], var.severity_limit)
    error_message = "severity_limit: expected INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL"
  }
}

variable "policy_secret" {
  description = "Full ARN of the Secrets Manager secret that holds the policy document, in the stack's Region. Without one, the parameters are the whole policy."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.policy_secret == "" || can(regex("^(arn:aws(-[a-z]+)*:secretsmanager:[a-z]{2,}(-[a-z]+)+-[0-9]+:[0-9]{12}:secret:[0-9A-Za-z/_+=.@-]{1,512}-[0-9A-Za-z]{6})$", var.policy_secret))
    error_message = "policy_secret: expected nothing, or a value like arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-admission/policy-AbCdEf"
  }
}

variable "pin_namespaces" {
  description = "Namespaces in which an image named by tag gets its digest, and is denied without one. Needs the mutating webhook configuration. [\"*\"] for all. Empty: none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = var.pin_namespaces == tolist(["*"]) || alltrue([for item in var.pin_namespaces : can(regex("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$", item))])
    error_message = "pin_namespaces: expected items like shop, or * alone"
  }
}

variable "rewrites" {
  description = "Rewrites images of other registries to yours, each SOURCE=TARGET. Needs the mutating webhook configuration. Empty: none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for item in var.rewrites : can(regex("^([^,=\\s]+=[^,=\\s]*)$", item))])
    error_message = "rewrites: expected items like docker.io/=123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/"
  }
}

variable "log_level" {
  description = "Lowest level that is logged. At WARN and above, an evaluated review has no log line."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level: expected DEBUG, INFO, WARN or ERROR"
  }
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the metrics. Two stacks in one Region of an account need two, or they count each other's reviews."
  type        = string
  default     = "EcrAdmission"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9A-Za-z._/#:-]{1,255})$", var.metrics_namespace)) && !can(regex("^(AWS/|:)", var.metrics_namespace))
    error_message = "metrics_namespace: expected a value like EcrAdmission"
  }
}

variable "cluster_metrics" {
  description = "Whether each metric is also counted by cluster, which adds up to 12 metrics for each cluster."
  type        = bool
  default     = false
  nullable    = false
}

variable "cache_seconds" {
  description = "How long facts about images and the policy document may be reused; 0 turns reuse off. 0 to 300 seconds."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.cache_seconds >= 0 && var.cache_seconds <= 300 && floor(var.cache_seconds) == var.cache_seconds
    error_message = "cache_seconds: expected a whole number of seconds from 0 to 300"
  }
}

variable "max_images" {
  description = "How many distinct images are looked up for one review. A workload with more is denied. 1 to 500 images."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.max_images >= 1 && var.max_images <= 500 && floor(var.max_images) == var.max_images
    error_message = "max_images: expected a whole number of images from 1 to 500"
  }
}

variable "token_overlap_hours" {
  description = "How long the previous token still works after a rotation. 0 to 168 hours."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = var.token_overlap_hours >= 0 && var.token_overlap_hours <= 168 && floor(var.token_overlap_hours) == var.token_overlap_hours
    error_message = "token_overlap_hours: expected a whole number of hours from 0 to 168"
  }
}

variable "authorizer_cache_seconds" {
  description = "How long API Gateway may reuse an authorizer result. A revoked token works for up to 70 seconds more than this, unless rotate-token --revoke resets the cache. 0 to 3600 seconds."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.authorizer_cache_seconds >= 0 && var.authorizer_cache_seconds <= 3600 && floor(var.authorizer_cache_seconds) == var.authorizer_cache_seconds
    error_message = "authorizer_cache_seconds: expected a whole number of seconds from 0 to 3600"
  }
}

variable "url_keys" {
  description = "Whether clusters may call with a key in the URL instead of a token, as Amazon EKS must."
  type        = bool
  default     = false
  nullable    = false
}

variable "allowed_sources" {
  description = "Address ranges (CIDR) that may call. A narrower list takes effect after AuthorizerCacheSeconds. Empty: any."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for item in var.allowed_sources : can(regex("^((((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])/(3[0-2]|[12]?[0-9])|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,8}/(12[0-8]|1[01][0-9]|[1-9]?[0-9])))$", item))])
    error_message = "allowed_sources: expected items like 203.0.113.7/32"
  }
}

variable "vpc_endpoint_ids" {
  description = "VPC endpoints for execute-api from which clusters may call. With one, there is a private API beside the public one. Empty: none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for item in var.vpc_endpoint_ids : can(regex("^(vpce-([0-9a-f]{17}|[0-9a-f]{8}))$", item))])
    error_message = "vpc_endpoint_ids: expected items like vpce-0123456789abcdef0"
  }
}

variable "vpc_endpoint_clusters" {
  description = "With VpcEndpointIds: the cluster that calls from each of these endpoints, in the same order. Its calls need neither token nor key. Empty: none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for item in var.vpc_endpoint_clusters : can(regex("^([!-+.-9;-~-][!-+.-~-]{0,254})$", item))])
    error_message = "vpc_endpoint_clusters: expected items like blue"
  }
}

variable "public_endpoint" {
  description = "Whether there is a public API (an HTTP API). With false, only the REST API remains, so first let every webhook configuration call that one."
  type        = bool
  default     = true
  nullable    = false
}

variable "stage_throttle_rate" {
  description = "Requests per second that the endpoint accepts from all callers together. More get 429. 1 to 100000 requests per second."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.stage_throttle_rate >= 1 && var.stage_throttle_rate <= 100000 && floor(var.stage_throttle_rate) == var.stage_throttle_rate
    error_message = "stage_throttle_rate: expected a whole number of requests per second from 1 to 100000"
  }
}

variable "stage_throttle_burst" {
  description = "Requests that the endpoint accepts at once, above that rate: the size of the token bucket. 1 to 100000 requests."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.stage_throttle_burst >= 1 && var.stage_throttle_burst <= 100000 && floor(var.stage_throttle_burst) == var.stage_throttle_burst
    error_message = "stage_throttle_burst: expected a whole number of requests from 1 to 100000"
  }
}

variable "url_key_throttle_rate" {
  description = "With UrlKeys: requests per second that each of the two routes with a key accepts. More get 429. 1 to 100000 requests per second."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.url_key_throttle_rate >= 1 && var.url_key_throttle_rate <= 100000 && floor(var.url_key_throttle_rate) == var.url_key_throttle_rate
    error_message = "url_key_throttle_rate: expected a whole number of requests per second from 1 to 100000"
  }
}

variable "url_key_throttle_burst" {
  description = "With UrlKeys: requests that each of these routes accepts at once, above that rate. 1 to 100000 requests."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.url_key_throttle_burst >= 1 && var.url_key_throttle_burst <= 100000 && floor(var.url_key_throttle_burst) == var.url_key_throttle_burst
    error_message = "url_key_throttle_burst: expected a whole number of requests from 1 to 100000"
  }
}

variable "admission_reserved_concurrency" {
  description = "Concurrency reserved for the admission function, which is also its maximum; 0 reserves none. 0 to 10000 sandboxes."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.admission_reserved_concurrency >= 0 && var.admission_reserved_concurrency <= 10000 && floor(var.admission_reserved_concurrency) == var.admission_reserved_concurrency
    error_message = "admission_reserved_concurrency: expected a whole number of sandboxes from 0 to 10000"
  }
}

variable "authorizer_reserved_concurrency" {
  description = "Concurrency reserved for the authorizer, which is also its maximum; 0 reserves none. Use 0 if the account's concurrency quota is small (new accounts: 10), or the deployment fails. 0 to 10000 sandboxes."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.authorizer_reserved_concurrency >= 0 && var.authorizer_reserved_concurrency <= 10000 && floor(var.authorizer_reserved_concurrency) == var.authorizer_reserved_concurrency
    error_message = "authorizer_reserved_concurrency: expected a whole number of sandboxes from 0 to 10000"
  }
}

variable "url_key_authorizer_reserved_concurrency" {
  description = "With UrlKeys: the same for the key authorizer, which runs for every request with a key. 0 to 10000 sandboxes."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.url_key_authorizer_reserved_concurrency >= 0 && var.url_key_authorizer_reserved_concurrency <= 10000 && floor(var.url_key_authorizer_reserved_concurrency) == var.url_key_authorizer_reserved_concurrency
    error_message = "url_key_authorizer_reserved_concurrency: expected a whole number of sandboxes from 0 to 10000"
  }
}

variable "canary" {
  description = "How a new version of a function takes over: none at once; the others first for a part of the requests, and not at all if it fails."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "canary-10-percent-5-minutes", "canary-10-percent-10-minutes", "canary-10-percent-15-minutes", "canary-10-percent-30-minutes", "linear-10-percent-every-minute", "linear-10-percent-every-2-minutes", "linear-10-percent-every-3-minutes", "linear-10-percent-every-10-minutes"], var.canary)
    error_message = "canary: expected none, canary-10-percent-5-minutes, canary-10-percent-10-minutes, canary-10-percent-15-minutes, canary-10-percent-30-minutes, linear-10-percent-every-minute, linear-10-percent-every-2-minutes, linear-10-percent-every-3-minutes or linear-10-percent-every-10-minutes"
  }
}

variable "quiet_hours" {
  description = "How long there may be no review before the alarm NoTraffic fires. 1 to 24 hours."
  type        = number
  default     = 6
  nullable    = false

  validation {
    condition     = var.quiet_hours >= 1 && var.quiet_hours <= 24 && floor(var.quiet_hours) == var.quiet_hours
    error_message = "quiet_hours: expected a whole number of hours from 1 to 24"
  }
}

variable "log_retention_days" {
  description = "How long log lines are kept. For audits, 400 covers a year and the weeks until someone looks. In days."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: expected 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days"
  }
}

variable "keep_logs" {
  description = "Whether the logs stay when the stack is deleted. In a template, choose it at the start: a change begins new logs, and a change to true deletes the old ones."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that wakes a person: it is notified when such an alarm fires, and when it is over. Without one, the alarms show on the dashboard only."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.alarm_topic_arn == "" || can(regex("^(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+)$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn: expected nothing, or a value like arn:aws:sns:eu-west-1:123456789012:on-call"
  }
}

variable "ticket_topic_arn" {
  description = "ARN of the SNS topic for alarms that can wait until working hours. Without one, they notify AlarmTopicArn too."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.ticket_topic_arn == "" || can(regex("^(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+)$", var.ticket_topic_arn))
    error_message = "ticket_topic_arn: expected nothing, or a value like arn:aws:sns:eu-west-1:123456789012:tickets"
  }
}

locals {
  parameters = {
    RegistryRegion                      = join(",", var.registry_regions)
    RegistryIds                         = join(",", var.registry_ids)
    IgnoredNamespaces                   = join(",", var.ignored_namespaces)
    SeverityLimit                       = var.severity_limit
    PolicySecret                        = var.policy_secret
    PinNamespaces                       = join(",", var.pin_namespaces)
    Rewrites                            = join(",", var.rewrites)
    LogLevel                            = var.log_level
    MetricsNamespace                    = var.metrics_namespace
    ClusterMetrics                      = tostring(var.cluster_metrics)
    CacheSeconds                        = tostring(var.cache_seconds)
    MaxImages                           = tostring(var.max_images)
    TokenOverlapHours                   = tostring(var.token_overlap_hours)
    AuthorizerCacheSeconds              = tostring(var.authorizer_cache_seconds)
    UrlKeys                             = tostring(var.url_keys)
    AllowedSources                      = join(",", var.allowed_sources)
    VpcEndpointIds                      = join(",", var.vpc_endpoint_ids)
    VpcEndpointClusters                 = join(",", var.vpc_endpoint_clusters)
    PublicEndpoint                      = tostring(var.public_endpoint)
    StageThrottleRate                   = tostring(var.stage_throttle_rate)
    StageThrottleBurst                  = tostring(var.stage_throttle_burst)
    UrlKeyThrottleRate                  = tostring(var.url_key_throttle_rate)
    UrlKeyThrottleBurst                 = tostring(var.url_key_throttle_burst)
    AdmissionReservedConcurrency        = tostring(var.admission_reserved_concurrency)
    AuthorizerReservedConcurrency       = tostring(var.authorizer_reserved_concurrency)
    UrlKeyAuthorizerReservedConcurrency = tostring(var.url_key_authorizer_reserved_concurrency)
    Canary                              = var.canary
    QuietHours                          = tostring(var.quiet_hours)
    LogRetentionDays                    = tostring(var.log_retention_days)
    KeepLogs                            = tostring(var.keep_logs)
    AlarmTopicArn                       = var.alarm_topic_arn
    TicketTopicArn                      = var.ticket_topic_arn
  }
}
