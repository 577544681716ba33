//! The certificates of the local endpoints.
//!
//! An authority of our own signs one leaf for 127.0.0.1, localhost and the registries, and its key is forgotten at
//! once: nobody can sign another with it. The leaf and its key stay in the directory, so that a
//! kube-apiserver that was configured from there still trusts the next start.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::cli::REGION;
use crate::directory::{self, DirectoryError};

/// The authority that clients trust.
pub const CA_FILE: &str = "ca.pem";
const LEAF_FILE: &str = "tls.pem";
const KEY_FILE: &str = "tls.key";

const DAY: Duration = Duration::from_hours(24);
/// The longest validity that strict verifiers accept of a server's certificate is 398 days.
const VALIDITY: Duration = DAY.saturating_mul(397);

/// Why a certificate cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The files could not be written.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// Certificate, key and authority do not go together, or have expired.
    #[error("the certificate cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
    /// A file is not what it should be.
    #[error("cannot read PEM: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// The authority is not one.
    #[error("the authority cannot be used: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
    /// 127.0.0.1 is a server name, so this does not occur.
    #[error("{0}")]
    ServerName(#[from] rustls::pki_types::InvalidDnsNameError),
}

/// One crate, one provider: ring, as in the functions.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The configuration of the local endpoints, from the certificate in the directory. One that is
/// absent, incomplete, or expires within a day is made again.
pub fn server_config(directory: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    if let Ok(config) = open(directory) {
        return Ok(config);
    }
    make(directory)?;
    open(directory)
}

/// What a client trusts that knows this authority and no other.
pub fn client_config(ca_pem: &[u8]) -> Result<ClientConfig, TlsError> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca_pem)?)
        .with_no_client_auth())
}

fn roots(ca_pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem)?)?;
    Ok(roots)
}

fn open(directory: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let ca_pem = directory::read(&directory.join(CA_FILE))?;
    let leaf = CertificateDer::from_pem_slice(&directory::read(&directory.join(LEAF_FILE))?)?;
    let key = PrivateKeyDer::from_pem_slice(&directory::read(&directory.join(KEY_FILE))?)?;

    let tomorrow =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + DAY;
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(&ca_pem)?), provider())
            .build()?;
    let name = ServerName::try_from("127.0.0.1")?;
    rustls::client::danger::ServerCertVerifier::verify_server_cert(
        &*verifier,
        &leaf,
        &[],
        &name,
        &[],
        UnixTime::since_unix_epoch(tomorrow),
    )?;

    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn make(directory: &Path) -> Result<(), TlsError> {
    let authority_key = KeyPair::generate()?;
    let mut authority = params("ecr-admission local-cloud authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_pem = authority.self_signed(&authority_key)?.pem();

    let leaf_key = KeyPair::generate()?;
    let mut leaf = params("localhost");
    leaf.subject_alt_names = vec![
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::DnsName("localhost".try_into()?),
        // For clients that reach the registries of the stack's Region through a proxy.
        SanType::DnsName(format!("*.dkr.ecr.{REGION}.amazonaws.com").try_into()?),
    ];
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&leaf_key, &Issuer::new(authority, authority_key))?;

    directory::write_private(&directory.join(KEY_FILE), leaf_key.serialize_pem().as_bytes())?;
    directory::write(&directory.join(LEAF_FILE), leaf.pem().as_bytes())?;
    directory::write(&directory.join(CA_FILE), ca_pem.as_bytes())?;
    Ok(())
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    // Clocks of one machine agree, but a certificate of this very second is refused by some.
    params.not_before = (SystemTime::now() - DAY).into();
    params.not_after = (SystemTime::now() - DAY + VALIDITY).into();
    params
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_certificate_is_kept_and_one_that_does_not_fit_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let ca = || std::fs::read(directory.path().join(CA_FILE)).unwrap();
        server_config(directory.path()).unwrap();
        let first = ca();
        server_config(directory.path()).unwrap();
        assert_eq!(ca(), first, "the next start kept the authority");

        let other = tempfile::tempdir().unwrap();
        server_config(other.path()).unwrap();
        std::fs::copy(other.path().join(CA_FILE), directory.path().join(CA_FILE)).unwrap();
        server_config(directory.path()).unwrap();
        assert_ne!(ca(), first);
        assert_ne!(ca(), std::fs::read(other.path().join(CA_FILE)).unwrap());
    }

    #[test]
    fn the_key_is_readable_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        server_config(directory.path()).unwrap();
        let mode = directory.path().join(KEY_FILE).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
