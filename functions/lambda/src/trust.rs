//! Which authorities may have issued the certificate of an AWS endpoint.
//!
//! Decoding the 145 authorities of a machine's store takes most of an init phase, so they are constants of the
//! program: those of Mozilla. Where `SSL_CERT_FILE` or `SSL_CERT_DIR` is set, only what it names counts. The
//! machine's store is read for a certificate of an authority that Mozilla does not list: behind a proxy that
//! inspects TLS, or in a partition with an authority of its own.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, Error, NamedGroup,
    RootCertStore, SignatureScheme,
};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

use crate::env::Environment;
use crate::verified::Verified;

/// What both functions prefer: many calls at once over one connection, where AWS offers that.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why there is no TLS.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoTls {
    /// No authority could be read.
    #[error("no authority could be read: {0}")]
    Authorities(String),
    /// The cipher suites do not fit the versions of TLS. Those of ring do.
    #[error(transparent)]
    Rustls(#[from] Error),
}

/// The TLS settings of all connections of a sandbox. They hold the tickets of past sessions too, so that a further
/// connection to an endpoint resumes one and verifies no certificate again.
pub(crate) fn client_config(environment: &Environment) -> Result<Arc<ClientConfig>, NoTls> {
    let provider = Arc::new(provider());
    let (roots, machine) = if let Some(named) = named_by(environment) {
        (store(named), None)
    } else {
        let constants = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        (constants, Some(OnceLock::new()))
    };
    let authorities = Authorities {
        first: verifier(roots, &provider)?,
        provider: Arc::clone(&provider),
        machine,
        verified: Verified::default(),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(authorities))
        .with_no_client_auth();
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(Arc::new(config))
}

/// The cryptography of ring, with what takes least of a small share of a core first. P-256 before X25519: ring has all of
/// it in assembly for both architectures, and it is a curve that FIPS approves, so that endpoints for FIPS take it at
/// once. AES-128 before AES-256 in TLS 1.3: processors have instructions for its SHA-256, and seldom for SHA-384.
fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::secp256r1);
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider
}

/// The certificates of the file and the directories that the environment names, as OpenSSL reads them; `None` where
/// it names none.
fn named_by(environment: &Environment) -> Option<CertificateResult> {
    let file = environment.non_empty("SSL_CERT_FILE").map(Path::new);
    let directories = environment.non_empty("SSL_CERT_DIR").map(std::env::split_paths);
    if file.is_none() && directories.is_none() {
        return None;
    }
    let mut found = load_certs_from_paths(file, None);
    for directory in directories.into_iter().flatten() {
        found.certs.extend(load_certs_from_paths(None, Some(&directory)).certs);
    }
    Some(found)
}

/// What could be read. What could not is left out.
fn store(found: CertificateResult) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}

fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, NoTls> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| NoTls::Authorities(error.to_string()))
}

/// Those that are named; or the constants, and then those of the machine. All verify in full: nothing here decides
/// anything but which of them is asked, and that none is asked twice in a moment.
#[derive(Debug)]
struct Authorities {
    first: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
    /// `None` where only what is named counts; in it, `None` for a machine without any.
    machine: Option<OnceLock<Option<Arc<WebPkiServerVerifier>>>>,
    verified: Verified,
}

impl ServerCertVerifier for Authorities {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by = |authorities: &WebPkiServerVerifier| {
            authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            )
        };
        let verify = || match (by(&self.first), &self.machine) {
            (
                Err(unknown @ Error::InvalidCertificate(CertificateError::UnknownIssuer)),
                Some(machine),
            ) => {
                let read = || verifier(store(load_native_certs()), &self.provider).ok();
                machine.get_or_init(read).as_deref().map_or(Err(unknown), by)
            }
            (verified, _) => verified,
        };
        self.verified.or(end_entity, intermediates, server_name, now, verify)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.first.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorities_of_aws_are_constants() {
        let names: Vec<String> = webpki_roots::TLS_SERVER_ROOTS
            .iter()
            .map(|anchor| String::from_utf8_lossy(&anchor.subject).into_owned())
            .collect();
        for name in [
            "Amazon Root CA 1",
            "Amazon Root CA 2",
            "Amazon Root CA 3",
            "Amazon Root CA 4",
            "Starfield Services Root Certificate Authority - G2",
            // Of the endpoints in China.
            "DigiCert Global Root G2",
        ] {
            assert!(names.iter().any(|found| found.contains(name)), "{name}");
        }
    }

    #[test]
    fn p_256_and_aes_128_come_first_and_the_rest_keeps_its_order() {
        let (ours, mut all) = (provider(), ring::default_provider());
        let groups = |provider: &CryptoProvider| -> Vec<NamedGroup> {
            provider.kx_groups.iter().map(|group| group.name()).collect()
        };
        let suites = |provider: &CryptoProvider| -> Vec<CipherSuite> {
            provider.cipher_suites.iter().map(rustls::SupportedCipherSuite::suite).collect()
        };
        let (p256, aes128) = (NamedGroup::secp256r1, CipherSuite::TLS13_AES_128_GCM_SHA256);
        all.kx_groups.retain(|group| group.name() != p256);
        all.cipher_suites.retain(|suite| suite.suite() != aes128);
        assert_eq!(groups(&ours), [vec![p256], groups(&all)].concat());
        assert_eq!(suites(&ours), [vec![aes128], suites(&all)].concat());
    }

    #[test]
    fn an_empty_variable_names_no_authorities() {
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            assert!(named_by(&[(name, "")].into_iter().collect()).is_none(), "{name}");
            assert!(named_by(&[(name, "absent")].into_iter().collect()).is_some(), "{name}");
        }
    }

    #[test]
    fn both_protocols_are_offered_and_sessions_are_kept() {
        let config = client_config(&Environment::default()).unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(format!("{:?}", config.resumption).contains("ClientSessionMemoryCache"));
    }
}
