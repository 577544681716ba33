//! TLS: which server our clients trust, and that a further connection resumes the session of one before.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use aws_sdk_ecr::Client;
use ecr_admission_lambda::{Environment, Sdk, Service, Timeouts, error_text};
use rcgen::{Certificate, CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    HandshakeKind, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 19\r\nconnection: close\r\n\r\n{\"repositories\":[]}";

/// A server with a certificate of its own, which closes each connection after one answer.
struct Server {
    url: String,
    certificate: String,
    handshakes: Receiver<HandshakeKind>,
}

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

fn server() -> Server {
    let CertifiedKey { cert, signing_key } = certificate();
    serve(&TLS13, &cert, &signing_key)
}

/// Shows the certificate, and signs by the key, whether it is that of the certificate or not.
fn serve(
    version: &'static SupportedProtocolVersion,
    certificate: &Certificate,
    key: &KeyPair,
) -> Server {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (seen, handshakes) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let (mut request, mut buffer) = (vec![], [0; 4096]);
            while !request.ends_with(b"}") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&buffer[..read]),
                }
            }
            if let Some(kind) = stream.conn.handshake_kind() {
                let _ = seen.send(kind);
            }
            // A client that does not trust this server has left.
            let _ = stream.write_all(ANSWER.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    Server { url, certificate: certificate.pem(), handshakes }
}

fn client(url: &str, extra: &[(&str, &str)]) -> Client {
    client_of(&sdk(url, extra), Service::Ecr)
}

fn sdk(url: &str, extra: &[(&str, &str)]) -> Sdk {
    let base = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
        ("AWS_ENDPOINT_URL_ECR", url),
    ];
    let environment: Environment = base.iter().chain(extra).copied().collect();
    let minute = Duration::from_mins(1);
    let timeouts = Timeouts { connect: minute, attempt: minute, operation: Some(minute) };
    Sdk::from_environment(&environment, timeouts).unwrap()
}

/// Speaks the protocol of Amazon ECR, whatever the service.
fn client_of(sdk: &Sdk, service: Service) -> Client {
    Client::from_conf(aws_sdk_ecr::Config::from(&sdk.config_for(service)))
}

#[tokio::test]
async fn a_further_connection_resumes_the_session_of_the_one_before() {
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("authorities.pem");
    std::fs::write(&file, &server.certificate).unwrap();
    let client = client(&server.url, &[("SSL_CERT_FILE", file.to_str().unwrap())]);
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
        client.describe_repositories().send().await.unwrap();
        assert_eq!(server.handshakes.recv().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_verified_certificate_does_not_prove_its_key() {
    for version in [&TLS13, &TLS12] {
        let CertifiedKey { cert, signing_key } = certificate();
        let impostor = serve(version, &cert, &certificate().signing_key);
        let server = serve(version, &cert, &signing_key);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("authorities.pem");
        std::fs::write(&file, &server.certificate).unwrap();
        let sdk = sdk(
            &server.url,
            &[
                ("SSL_CERT_FILE", file.to_str().unwrap()),
                ("AWS_ENDPOINT_URL_CLOUDWATCH", &impostor.url),
            ],
        );
        client_of(&sdk, Service::Ecr).describe_repositories().send().await.unwrap();
        let refused = client_of(&sdk, Service::CloudWatch).describe_repositories().send().await;
        let text = error_text(refused.unwrap_err());
        assert!(text.contains("invalid peer certificate: BadSignature"), "{text}");
    }
}

#[tokio::test]
async fn a_directory_of_certificates_counts_as_well() {
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("one.pem"), &server.certificate).unwrap();
    let client = client(&server.url, &[("SSL_CERT_DIR", directory.path().to_str().unwrap())]);
    client.describe_repositories().send().await.unwrap();
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_refused() {
    let (server, other) = (server(), server());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("other.pem");
    std::fs::write(&file, &other.certificate).unwrap();
    // By the constants and the machine, and by a file with another certificate of the same name.
    for (extra, why) in [
        (&[][..], "invalid peer certificate: UnknownIssuer"),
        (&[("SSL_CERT_FILE", file.to_str().unwrap())], "invalid peer certificate: BadSignature"),
    ] {
        let error = client(&server.url, extra).describe_repositories().send().await.unwrap_err();
        let text = error_text(error);
        assert!(text.contains(why), "{text}");
    }
}
