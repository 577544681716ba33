//! Errors, as the APIs send them.

use std::borrow::Cow;

use ciborium::cbor;
use ecr_admission_catalogue::EcrError;
use http::StatusCode;
use http::header::HeaderValue;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::asked::Api;
use super::wire::{self, Answer};

/// An error as AWS sends it.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// The error's shape.
    pub(crate) code: Cow<'static, str>,
    /// The error's name in the older Query protocol, which CloudWatch's clients still go by.
    pub(crate) query_code: Option<&'static str>,
    pub(crate) message: String,
}

impl ApiError {
    /// A client error: 400.
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> ApiError {
        ApiError {
            status: StatusCode::BAD_REQUEST,
            code: code.into(),
            query_code: None,
            message: message.into(),
        }
    }

    /// Fail loudly on what is not built: an empty success would pass for an answer.
    pub(crate) fn unknown_operation(operation: &str) -> ApiError {
        ApiError::new(
            "UnknownOperationException",
            format!("local-cloud has no operation {operation:?}"),
        )
    }

    /// The error as an API writes it.
    pub(crate) fn answer(&self, api: Api) -> Answer {
        match api {
            Api::Ecr => self.json("message"),
            Api::Registry => {
                let error = json!({"code": self.code, "message": self.message});
                wire::json(self.status, &json!({"errors": [error]}))
            }
            Api::SecretsManager => self.json("Message"),
            Api::CloudWatch => self.cbor(),
        }
    }

    fn json(&self, message_key: &str) -> Answer {
        wire::json(self.status, &json!({"__type": self.code, message_key: self.message}))
    }

    fn cbor(&self) -> Answer {
        let shape = format!("com.amazonaws.cloudwatch#{}", self.code);
        let mut body = Vec::new();
        let written = cbor!({"__type" => shape, "message" => self.message})
            .map(|value| ciborium::into_writer(&value, &mut body));
        debug_assert!(matches!(written, Ok(Ok(()))), "two strings are valid CBOR");
        let mut answer = wire::cbor(self.status, body);
        if let Some(code) = self.query_code {
            let fault = if self.status.is_server_error() { "Receiver" } else { "Sender" };
            if let Ok(value) = HeaderValue::try_from(format!("{code};{fault}")) {
                answer.headers_mut().insert("x-amzn-query-error", value);
            }
        }
        answer
    }
}

impl From<EcrError> for ApiError {
    fn from(EcrError { code, message }: EcrError) -> ApiError {
        ApiError::new(code, message)
    }
}

/// Reads the input of a JSON 1.1 operation. A member that is not built is an error, for the reason
/// that [`ApiError::unknown_operation`] gives.
pub(crate) fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::new("SerializationException", format!("local-cloud: {error}")))
}
