//! The codes of the log lines of this function. The comment of each is its row in
//! functions/lambda/README.md.

use ecr_admission_lambda::Event;

/// INFO: a review was decided: admitted, denied or ignored.
pub(crate) const REVIEW: Event = Event::new("review");

/// ERROR: a review was denied, or decided in part, because something could not be evaluated: a call to
/// Amazon ECR failed, the request could not be read, or no policy was available.
pub(crate) const REVIEW_FAILED: Event = Event::new("review_failed");

/// INFO: the mutating webhook answered a request.
pub(crate) const MUTATION: Event = Event::new("mutation");

/// WARN: a denied request asked for break-glass, and the policy allows it.
pub(crate) const BREAK_GLASS: Event = Event::new("break_glass");

/// WARN: the body of a request is not an `AdmissionReview`.
pub(crate) const NOT_A_REVIEW: Event = Event::new("not_a_review");

/// ERROR: the event is neither one of an HTTP API (payload format 2.0) nor one of a REST API (payload format 1.0).
pub(crate) const EVENT_UNREADABLE: Event = Event::new("event_unreadable");

/// INFO: a version of the policy document was read and is in force.
pub(crate) const POLICY_READ: Event = Event::new("policy_read");

/// ERROR: the policy document could not be read again or is not valid. The last good copy is in force.
pub(crate) const POLICY_UNREADABLE: Event = Event::new("policy_unreadable");

/// ERROR: the policy document could not be read or is not valid, and there is no good copy. Every review
/// is denied.
pub(crate) const POLICY_UNAVAILABLE: Event = Event::new("policy_unavailable");

/// WARN: an entry of the policy document has expired. Once a day for each sandbox.
pub(crate) const POLICY_ENTRY_EXPIRED: Event = Event::new("policy_entry_expired");

/// WARN: an entry of the policy document expires soon. Once a day for each sandbox.
pub(crate) const POLICY_ENTRY_EXPIRES_SOON: Event = Event::new("policy_entry_expires_soon");

/// WARN: a call to Amazon ECR failed.
pub(crate) const ECR_CALL_FAILED: Event = Event::new("ecr_call_failed");

/// WARN: the scan findings that Amazon ECR returned contradict each other or are too many to read.
pub(crate) const SCAN_UNUSABLE: Event = Event::new("scan_unusable");

/// WARN: the config of an image could not be read or does not match its digest.
pub(crate) const IMAGE_CONFIG_UNUSABLE: Event = Event::new("image_config_unusable");

/// WARN: CloudWatch refused or timed out on the same metrics twice, or too many waited, or the sandbox ended before
/// it took them, and they were dropped.
pub(crate) const METRICS_DROPPED: Event = Event::new("metrics_dropped");
