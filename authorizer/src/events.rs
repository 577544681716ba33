//! The codes of the log lines of this function. The comment of each is its row in
//! functions/lambda/README.md.

use ecr_admission_lambda::Event;

/// INFO: the token, the key in the URL, or the VPC endpoint belongs to a cluster.
pub(crate) const AUTHORIZED: Event = Event::new("authorized");

/// WARN: the call has no bearer token, several, or an unknown one; on a key route, no key or an unknown one.
pub(crate) const NOT_AUTHORIZED: Event = Event::new("not_authorized");

/// WARN: the call did not come from one of the `AllowedSources`, or its address could not be read; at the
/// private door, it did not come through one of the `VpcEndpointIds`.
pub(crate) const SOURCE_REFUSED: Event = Event::new("source_refused");

/// ERROR: the call was refused because it came on a route that this function does not authorize.
pub(crate) const WRONG_ROUTE: Event = Event::new("wrong_route");

/// ERROR: the call got an error instead of an answer: the token secret could not be read, or the event is
/// not an authorizer request.
pub(crate) const AUTHORIZER_FAILED: Event = Event::new("authorizer_failed");

/// WARN: the token secret could not be read in the init phase. The first call tries again.
pub(crate) const TOKEN_SECRET_UNAVAILABLE: Event = Event::new("token_secret_unavailable");

/// WARN: the token secret could not be read again. The good copy serves for an hour at most.
pub(crate) const TOKEN_SECRET_UNREADABLE: Event = Event::new("token_secret_unreadable");

/// WARN: the token secret seems to be gone, or reading it was denied. The good copy serves for less than
/// 70 seconds.
pub(crate) const TOKEN_SECRET_IN_DOUBT: Event = Event::new("token_secret_in_doubt");

/// WARN: the token secret is gone, or reading it was denied, and its copy was dropped.
pub(crate) const TOKEN_SECRET_DROPPED: Event = Event::new("token_secret_dropped");

/// WARN: the AWSPREVIOUS version of the token secret could not be read.
pub(crate) const TOKEN_SECRET_PREVIOUS_UNREADABLE: Event =
    Event::new("token_secret_previous_unreadable");

/// WARN: a version of the token secret has entries that never authorize. Once for each version.
pub(crate) const TOKEN_SECRET_ENTRIES_UNUSABLE: Event = Event::new("token_secret_entries_unusable");

/// WARN: a version of the token secret names no cluster with a usable token, so every caller is refused.
/// Once for each version.
pub(crate) const TOKEN_SECRET_EMPTY: Event = Event::new("token_secret_empty");
