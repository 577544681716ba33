//! A Lambda Runtime API for one process, that does nothing but hand out events and note when the
//! process came for them: local-cloud's own also plays Lambda, and its work would be in the figures.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use local_cloud::cli::{ACCOUNT, REGION};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// What the process did.
#[derive(Debug)]
pub enum Step {
    /// It asked for an event, which goes here.
    Next(Instant, oneshot::Sender<Bytes>),
    /// It answered the last one; `Err` for an error that it reported.
    Answer(Instant, Result<Bytes, Bytes>),
}

/// The API of one process. Ends when dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub address: SocketAddr,
    /// What the process did, in order.
    pub steps: mpsc::UnboundedReceiver<Step>,
    _server: AbortOnDropHandle<()>,
}

impl RuntimeApi {
    /// Opens an API on a free port. Needs a Tokio runtime.
    pub async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, steps) = mpsc::unbounded_channel();
        let server = AbortOnDropHandle::new(tokio::spawn(serve(listener, sender)));
        Ok(Self { address, steps, _server: server })
    }
}

async fn serve(listener: TcpListener, steps: mpsc::UnboundedSender<Step>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Without it an answer would wait for the acknowledgement of its own header.
        let _delay_only = stream.set_nodelay(true);
        let steps = steps.clone();
        let service = service_fn(move |request| answer(request, steps.clone()));
        connections.spawn(async move {
            // A process that hangs up is seen as one that ended.
            let _hung_up =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    steps: mpsc::UnboundedSender<Step>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let arrived = Instant::now();
    let path: Vec<&str> = parts.uri.path().trim_matches('/').split('/').collect();
    let response = match (&parts.method, path.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => {
            let (event, coming) = oneshot::channel();
            // Nobody waits for a process that is being stopped.
            let _stopping = steps.send(Step::Next(arrived, event));
            match coming.await {
                Ok(event) => next(event),
                Err(_) => std::future::pending().await,
            }
        }
        (&Method::POST, ["2018-06-01", "runtime", "invocation", _, result]) => {
            let body = body.collect().await.map(http_body_util::Collected::to_bytes);
            let body = body.unwrap_or_default();
            let result = if *result == "response" { Ok(body) } else { Err(body) };
            let _stopping = steps.send(Step::Answer(Instant::now(), result));
            Response::builder().status(StatusCode::ACCEPTED).body(Full::default())
        }
        (&Method::POST, ["2020-01-01", "extension", "register"]) => Response::builder()
            .header("Lambda-Extension-Identifier", "bench")
            .body(Bytes::from_static(br#"{"functionName":"bench","functionVersion":"$LATEST","handler":"bootstrap"}"#).into()),
        (&Method::GET, ["2020-01-01", "extension", "event", "next"]) => std::future::pending().await,
        _ => Response::builder().status(StatusCode::NOT_FOUND).body(Full::default()),
    };
    Ok(response.unwrap_or_default())
}

fn next(event: Bytes) -> http::Result<Response<Full<Bytes>>> {
    let in_ten_seconds = std::time::SystemTime::now() + std::time::Duration::from_secs(10);
    let deadline = in_ten_seconds.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", "3c1f0c4e-4f8e-4f5e-9d57-2d6c5a8b1c11")
        .header("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string())
        .header(
            "Lambda-Runtime-Invoked-Function-Arn",
            format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:admission"),
        )
        .header("Lambda-Runtime-Trace-Id", "Root=1-67891233-abcdef012345678912345678")
        .body(event.into())
}
