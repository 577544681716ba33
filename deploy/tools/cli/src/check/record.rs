//! `--record FILE`: hears what Amazon ECR answers, and writes it down as a catalogue.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use aws_sdk_ecr::config::http::{HttpRequest, HttpResponse};
use aws_sdk_ecr::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use ecr_admission_catalogue::{Answer, Recording};
use ecr_admission_policy::names::{AccountId, Region};
use serde::Deserialize;

use super::ecr_call::{operation, region};

/// The longest answer that is heard, in bytes, where its length is known beforehand. The longest about one image is far
/// shorter, and the adapter asks for images one by one where the answer about several is too long for it.
const LONGEST: u64 = 32 << 20;

/// What Amazon ECR was heard to say. A clone hears the same.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Mutex<Recording>>);

impl Recorder {
    /// Nothing yet. The account is that of the credentials, the Region that of the stack or of the caller.
    pub fn new(account: &AccountId, region: &Region) -> Self {
        Self(Arc::new(Mutex::new(Recording::new(account.as_str(), region.as_str()))))
    }

    /// An HTTP client whose answers from Amazon ECR are heard. All other requests go out through `http` as they are.
    pub fn over(&self, http: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Listening { http, recorder: self.clone() })
    }

    /// Writes all of it to `file` as a catalogue that was recorded at `at`: whole, or not at all, and for nobody else
    /// to read.
    pub fn write(&self, file: &Path, at: SystemTime) -> Result<(), String> {
        let text = self.recording().text(at).map_err(|error| error.to_string())?;
        written(file, &text).map_err(|error| {
            format!(
                "{}: {error}; expected a file in a folder that you can write to",
                file.display()
            )
        })
    }

    /// A panic elsewhere must not take what was heard with it.
    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, call: &Call, status: u16, body: &[u8]) {
        let mut recording = self.recording();
        match call {
            Call::Blob(url) if status == 200 => recording.hear_blob(url, body),
            Call::Blob(_) => {}
            Call::Operation { region, operation, body: request } if status == 200 => {
                recording.hear(region, operation, request, Answer::Success(body));
            }
            Call::Operation { region, operation, body: request } => {
                // Without a code it says nothing that lasts.
                if let Ok(error) = serde_json::from_slice::<Error>(body) {
                    let answer = Answer::Error { code: error.code(), message: &error.message };
                    recording.hear(region, operation, request, answer);
                }
            }
        }
    }
}

/// A temporary file has the mode 0600, and is removed if anything fails.
fn written(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    Ok(())
}

/// An error of the API. Its code may come with a namespace before it, or an address behind it.
#[derive(Deserialize)]
struct Error {
    #[serde(rename = "__type")]
    shape: String,
    #[serde(default, alias = "Message")]
    message: String,
}

impl Error {
    fn code(&self) -> &str {
        let code = self.shape.rsplit('#').next().unwrap_or_default();
        code.split(':').next().unwrap_or_default()
    }
}

#[derive(Debug)]
struct Listening {
    http: SharedHttpClient,
    recorder: Recorder,
}

impl HttpClient for Listening {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(ListeningConnector { connector, recorder: self.recorder.clone() })
    }
}

#[derive(Debug)]
struct ListeningConnector {
    connector: SharedHttpConnector,
    recorder: Recorder,
}

/// A call whose answer is heard.
enum Call {
    Operation {
        region: String,
        operation: String,
        body: Vec<u8>,
    },
    /// The address of a blob. It is a permission: never to be shown.
    Blob(String),
}

impl Call {
    fn of(request: &HttpRequest, recorder: &Recorder) -> Option<Self> {
        let Some(operation) = operation(request) else {
            let url = request.uri().to_owned();
            return recorder.recording().knows(&url).then_some(Self::Blob(url));
        };
        Some(Self::Operation {
            region: region(request)?.to_owned(),
            operation: operation.to_owned(),
            body: request.body().bytes()?.to_vec(),
        })
    }
}

impl HttpConnector for ListeningConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(call) = Call::of(&request, &self.recorder) else {
            return self.connector.call(request);
        };
        let (answer, recorder) = (self.connector.call(request), self.recorder.clone());
        HttpConnectorFuture::new(async move { heard(&recorder, &call, answer.await?).await })
    }
}

/// The answer with its body in memory, when it was heard.
async fn heard(
    recorder: &Recorder,
    call: &Call,
    mut answer: HttpResponse,
) -> Result<HttpResponse, ConnectorError> {
    let length = answer.headers().get("content-length").and_then(|text| text.parse().ok());
    if length.or(answer.body().content_length()).is_some_and(|length| length > LONGEST) {
        return Ok(answer);
    }
    let body = ByteStream::new(answer.take_body()).collect().await;
    let body = body.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    recorder.hear(call, answer.status().as_u16(), &body);
    *answer.body_mut() = SdkBody::from(body);
    Ok(answer)
}
