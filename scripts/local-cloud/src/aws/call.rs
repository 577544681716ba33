//! One AWS call, from the request to the answer.

use std::future::pending;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use ecr_admission_catalogue::Caller;
use http::request::Parts;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::asked::{Api, Asked};
use super::error::ApiError;
use super::registry::{self, Registry};
use super::state::State;
use super::subject::Subject;
use super::wire::{self, Answer};
use super::{cloudwatch, ecr, faults, secrets, sign, unpack};
use crate::fault::Kind;
use crate::https::Reset;

/// The largest request body, in bytes as sent: CloudWatch's limit, and more than the others take.
const BODY_LIMIT: usize = 1 << 20;
/// What the fault `slow` adds.
const SLOW: Duration = Duration::from_millis(1_500);

/// Answers one request; `Err` resets its connection.
pub(crate) async fn answer(
    state: &State,
    request: Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, Reset> {
    let arrived = Instant::now();
    let (request, body) = request.into_parts();
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => respond(state, arrived, &request, &body.to_bytes()).await,
        Err(error) if error.is::<LengthLimitError>() => {
            let entry = state.journal.begin(arrived, "", request.uri.path());
            entry.finish(StatusCode::PAYLOAD_TOO_LARGE.as_str());
            Ok(wire::too_large())
        }
        // The caller broke off: there is nobody to answer.
        Err(_) => Err(Reset),
    }
    .map(|answer| answer.map(Full::new))
}

async fn respond(
    state: &State,
    arrived: Instant,
    request: &Parts,
    body: &Bytes,
) -> Result<Answer, Reset> {
    let asked = Asked::of(request);
    let plain = unpack::content(&request.headers, body);
    let subject = Subject::read(&asked, plain.as_deref().unwrap_or_default());
    let claimed = match &asked {
        Asked::Manifest { host, .. } => Registry::of(host).map(|registry| registry.region),
        _ => sign::claimed_region(request),
    };
    let claimed = claimed.unwrap_or("-");
    let account = &state.settings.account;
    let key = subject.key(account, claimed);
    let entry = state.journal.begin(arrived, asked.operation(), &key);

    let region = admitted(state, &asked, request, body);
    // A fault hits only a call that would otherwise be let in, so that other calls do not use up its
    // count.
    let fault = region.is_ok().then(|| state.faults.take(asked.operation(), &key)).flatten();
    match fault {
        Some(Kind::Hang) => {
            entry.finish("hang");
            pending::<()>().await;
        }
        Some(Kind::Reset) => {
            entry.finish("reset");
            return Err(Reset);
        }
        Some(Kind::Slow) => tokio::time::sleep(SLOW).await,
        Some(
            Kind::Throttle
            | Kind::AccessDenied
            | Kind::KmsDenied
            | Kind::MarkedForDeletion
            | Kind::ServerError
            | Kind::Malformed,
        )
        | None => {}
    }
    // Even a sleep of nothing lasts until the timer's next millisecond.
    if !state.settings.latency.is_zero() {
        tokio::time::sleep(state.settings.latency).await;
    }

    let outcome = region.and_then(|region| {
        let host = request.headers.get("host").and_then(|it| it.to_str().ok());
        let caller = Caller { account, region: &region, host: host.unwrap_or_default() };
        if let Some(error) = fault.and_then(|kind| faults::error(kind, &asked, &subject, caller)) {
            return Err(error);
        }
        carry_out(state, &asked, caller, &plain?)
    });
    let answer = outcome.unwrap_or_else(|error| error.answer(asked.api()));
    let answer = match fault {
        Some(Kind::Malformed) => wire::broken(answer),
        _ => answer,
    };
    entry.finish(answer.status().as_str());
    Ok(answer)
}

/// The Region whose answer the caller may have.
fn admitted(
    state: &State,
    asked: &Asked,
    request: &Parts,
    body: &[u8],
) -> Result<String, ApiError> {
    let settings = &state.settings;
    match asked {
        Asked::Operation { api, .. } => {
            let answers_in = |region: &str| match api {
                Api::Ecr | Api::Registry => {
                    region == settings.region || state.registries.has_region(region)
                }
                Api::SecretsManager | Api::CloudWatch => region == settings.region,
            };
            let expected = sign::Expected {
                access_key_id: &settings.access_key_id,
                secret_access_key: &settings.secret_access_key,
                signing_name: api.signing_name(),
                answers_in: &answers_in,
                now: SystemTime::now(),
            };
            sign::verify(request, body, &expected)
        }
        // Its address is the permission, as with the pre-signed ones of AWS.
        Asked::Blob(_) => Ok(settings.region.clone()),
        Asked::Manifest { host, .. } => registry::admitted(settings, host, request),
        Asked::Nothing => {
            Err(ApiError::unknown_operation(&format!("{} {}", request.method, request.uri)))
        }
    }
}

fn carry_out(
    state: &State,
    asked: &Asked,
    caller: Caller<'_>,
    body: &[u8],
) -> Result<Answer, ApiError> {
    match asked {
        Asked::Operation { api, operation } => match api {
            Api::Ecr if operation == "GetAuthorizationToken" => {
                Ok(registry::token(&state.settings, caller))
            }
            Api::Ecr | Api::Registry => ecr::answer(&state.registries, caller, operation, body),
            Api::SecretsManager => secrets::answer(&state.secrets, operation, body),
            Api::CloudWatch => cloudwatch::answer(&state.received, operation, body),
        },
        Asked::Blob(digest) => ecr::blob(&state.registries, digest),
        Asked::Manifest { host, repository, reference } => {
            registry::manifest(&state.registries, host, repository, reference)
        }
        Asked::Nothing => Err(ApiError::unknown_operation("")),
    }
}
