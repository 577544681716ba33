//! Signature Version 4: is the request signed by the one key there is, for this API, a Region that
//! answers, and now?
//!
//! The check signs the request again, over the headers that the caller says it signed, and compares.
//! What AWS says to each failure was read in its answers and in issue threads of the SDKs. A session
//! token (`x-amz-security-token`) is covered by the signature like any header, but its value is not
//! looked at: the stand-in issues none.

mod authorization;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::request::Parts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::error::ApiError;
use authorization::{Authorization, incomplete};

/// How far the caller's clock may be off.
const SKEW: Duration = Duration::from_mins(5);

const DATE_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// What a signature must have been made with.
pub(crate) struct Expected<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) secret_access_key: &'a str,
    pub(crate) signing_name: &'a str,
    /// Whether the API answers in a Region.
    pub(crate) answers_in: &'a dyn Fn(&str) -> bool,
    pub(crate) now: SystemTime,
}

/// The Region that the request was signed for, once its signature has been found right.
pub(crate) fn verify(
    request: &Parts,
    body: &[u8],
    expected: &Expected<'_>,
) -> Result<String, ApiError> {
    let header = |name: &str| request.headers.get(name).and_then(|it| it.to_str().ok());
    let authorization = header("authorization").ok_or_else(|| {
        ApiError::new("MissingAuthenticationTokenException", "Missing Authentication Token")
    })?;
    let authorization = Authorization::parse(authorization)?;
    let date_text = header("x-amz-date").ok_or_else(|| {
        incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )
    })?;
    let signed_at = instant(date_text)?;

    if authorization.access_key_id != expected.access_key_id {
        return Err(ApiError::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ));
    }
    scope(&authorization, date_text, expected)?;
    clock(date_text, signed_at, expected.now)?;
    let right = signature(request, body, &authorization, signed_at, expected)?;
    if right != authorization.signature {
        return Err(invalid(
            "The request signature we calculated does not match the signature you provided. Check \
             your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        ));
    }
    Ok(authorization.region.to_owned())
}

/// The Region that a request says it was signed for, unverified.
pub(crate) fn claimed_region(request: &Parts) -> Option<&str> {
    let header = request.headers.get("authorization")?.to_str().ok()?;
    Authorization::parse(header).ok().map(|it| it.region)
}

/// The credential scope: API, Region and date.
fn scope(
    authorization: &Authorization<'_>,
    date_text: &str,
    expected: &Expected<'_>,
) -> Result<(), ApiError> {
    if authorization.signing_name != expected.signing_name {
        return Err(invalid(format!(
            "Credential should be scoped to correct service: '{}'. ",
            expected.signing_name
        )));
    }
    if !(expected.answers_in)(authorization.region) {
        return Err(invalid("Credential should be scoped to a valid region. "));
    }
    if !date_text.starts_with(authorization.date) {
        return Err(invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
             HTTP: '{}' != '{}', from '{date_text}'.",
            authorization.date,
            date_text.split('T').next().unwrap_or_default()
        )));
    }
    Ok(())
}

fn clock(date_text: &str, signed_at: SystemTime, now: SystemTime) -> Result<(), ApiError> {
    let now_text = Timestamp::try_from(now)
        .map_or_else(|error| error.to_string(), |now| now.strftime(DATE_FORMAT).to_string());
    if now.duration_since(signed_at).is_ok_and(|age| age > SKEW) {
        return Err(invalid(format!(
            "Signature expired: {date_text} is now earlier than {now_text} less 5 min."
        )));
    }
    if signed_at.duration_since(now).is_ok_and(|lead| lead > SKEW) {
        return Err(invalid(format!(
            "Signature not yet current: {date_text} is still later than {now_text} plus 5 min."
        )));
    }
    Ok(())
}

/// The signature that the request should have.
fn signature(
    request: &Parts,
    body: &[u8],
    authorization: &Authorization<'_>,
    signed_at: SystemTime,
    expected: &Expected<'_>,
) -> Result<String, ApiError> {
    let unusable = |error: &dyn std::fmt::Display| incomplete(format!("local-cloud: {error}"));
    let mut headers = Vec::new();
    for name in authorization.signed_headers.split(';') {
        for value in request.headers.get_all(name) {
            headers.push((name, value.to_str().map_err(|error| unusable(&error))?));
        }
    }
    let host = request.headers.get("host").and_then(|it| it.to_str().ok());
    let host = host.ok_or_else(|| incomplete("'Host' must be a header of the request."))?;
    let uri = format!("https://{host}{}", request.uri);
    let body = SignableBody::Bytes(body);
    let signable = SignableRequest::new(request.method.as_str(), uri, headers.into_iter(), body)
        .map_err(|error| unusable(&error))?;

    let identity = Credentials::new(
        expected.access_key_id,
        expected.secret_access_key,
        None,
        None,
        "local-cloud",
    )
    .into();
    // The caller's own list decides what is signed, so nothing more is left out.
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(authorization.region)
        .name(expected.signing_name)
        .time(signed_at)
        .settings(settings)
        .build()
        .map_err(|error| unusable(&error))?
        .into();
    let signed = sign(signable, &params).map_err(|error| unusable(&error))?;
    Ok(signed.signature().to_owned())
}

fn instant(date_text: &str) -> Result<SystemTime, ApiError> {
    DateTime::strptime(DATE_FORMAT, date_text)
        .and_then(|date| date.to_zoned(TimeZone::UTC))
        .map(|date| date.timestamp().into())
        .map_err(|error| {
            incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{date_text}' ({error})."
            ))
        })
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidSignatureException", message)
}
