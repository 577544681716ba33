//! Certificates that were verified a moment ago.
//!
//! The first calls of a sandbox connect at the same time, so none of them can resume the TLS session of another, and the
//! server shows each of them the same certificates. They are verified once. This takes less on trust than resuming a
//! session does, which verifies nothing again for as long as the server's ticket lasts: in each handshake here, the server
//! still proves that it has the key of its certificate.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// How long the same certificates of the same server are not verified again, in seconds.
const SECONDS: u64 = 60;

/// How many are remembered: more than the endpoints that a sandbox usually connects to. Without a limit, anyone who sits
/// between it and AWS could fill its memory with certificates whose key nobody has proved yet.
const CHAINS: usize = 8;

/// Verifies by another verifier, unless that was done a moment ago.
#[derive(Debug)]
pub(crate) struct Verified {
    by: Arc<dyn ServerCertVerifier>,
    recent: Mutex<Vec<Chain>>,
}

/// What a server showed that passed: all of it, byte by byte.
#[derive(Debug)]
struct Chain {
    end_entity: CertificateDer<'static>,
    intermediates: Vec<CertificateDer<'static>>,
    server_name: ServerName<'static>,
    verified: UnixTime,
}

impl Chain {
    /// A clock that was set back makes it old, not new.
    fn is_recent(&self, now: UnixTime) -> bool {
        now.as_secs().checked_sub(self.verified.as_secs()).is_some_and(|age| age < SECONDS)
    }
}

impl Verified {
    pub(crate) fn new(by: Arc<dyn ServerCertVerifier>) -> Self {
        Self { by, recent: Mutex::default() }
    }
}

impl ServerCertVerifier for Verified {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|chain| chain.is_recent(now));
        let is_this = |chain: &Chain| {
            chain.end_entity == *end_entity
                && chain.intermediates == intermediates
                && chain.server_name == *server_name
        };
        if recent.iter().any(is_this) {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = self.by.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        if recent.len() == CHAINS {
            recent.remove(0);
        }
        recent.push(Chain {
            end_entity: end_entity.clone().into_owned(),
            intermediates: intermediates.iter().map(|each| each.clone().into_owned()).collect(),
            server_name: server_name.to_owned(),
            verified: now,
        });
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use rustls::CertificateError;

    use super::*;

    /// Accepts the certificate `good`, and counts how often it is asked.
    #[derive(Debug, Default)]
    struct Authority {
        asked: AtomicUsize,
    }

    impl ServerCertVerifier for Authority {
        fn verify_server_cert(
            &self,
            end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _server_name: &ServerName<'_>,
            _ocsp_response: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if end_entity.as_ref() == b"good" {
                Ok(ServerCertVerified::assertion())
            } else {
                Err(CertificateError::UnknownIssuer.into())
            }
        }

        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(CertificateError::BadSignature.into())
        }

        fn verify_tls13_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(CertificateError::BadSignature.into())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![]
        }
    }

    /// Shows the certificates one after the other to one verifier: whether each passed, and whether the authority was
    /// asked.
    fn shown(all: &[(&str, &[&str], &str, u64)]) -> Vec<(bool, bool)> {
        let authority = Arc::new(Authority::default());
        let verified = Verified::new(Arc::clone(&authority) as _);
        let certificate = |bytes: &str| CertificateDer::from(bytes.as_bytes().to_vec());
        let show = |(end_entity, intermediates, name, seconds): &(&str, &[&str], &str, u64)| {
            let before = authority.asked.load(Ordering::Relaxed);
            let intermediates: Vec<_> = intermediates.iter().copied().map(certificate).collect();
            let now = UnixTime::since_unix_epoch(Duration::from_secs(*seconds));
            let name = ServerName::try_from(*name).unwrap();
            let passed = verified
                .verify_server_cert(&certificate(end_entity), &intermediates, &name, &[], now)
                .is_ok();
            (passed, authority.asked.load(Ordering::Relaxed) > before)
        };
        all.iter().map(show).collect()
    }

    const AWS: &str = "api.ecr.us-east-1.amazonaws.com";

    #[test]
    fn the_same_certificates_of_the_same_server_are_verified_once_in_a_minute() {
        let verdicts = shown(&[
            ("good", &["between"], AWS, 1_000),
            ("good", &["between"], AWS, 1_000),
            ("good", &["between"], AWS, 1_059),
            ("good", &["between"], AWS, 1_060),
            ("good", &["between"], AWS, 1_061),
        ]);
        let again = [true, false, false, true, false];
        assert_eq!(verdicts, again.map(|asked| (true, asked)));
    }

    #[test]
    fn whatever_differs_is_verified() {
        let verdicts = shown(&[
            ("good", &["between"], AWS, 1_000),
            ("bad", &["between"], AWS, 1_000),
            ("good", &["another"], AWS, 1_000),
            ("good", &[], AWS, 1_000),
            ("good", &["between"], "api.ecr.us-east-2.amazonaws.com", 1_000),
            // The clock was set back.
            ("good", &["between"], AWS, 999),
        ]);
        let passed = [true, false, true, true, true, true];
        assert_eq!(verdicts, passed.map(|passed| (passed, true)));
    }

    #[test]
    fn only_the_last_eight_are_remembered() {
        let names: Vec<String> = (0..9).map(|number| format!("{number}.example.com")).collect();
        let chains: Vec<_> = [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1, 0]
            .map(|number: usize| ("good", &[][..], names[number].as_str(), 1_000))
            .into();
        let asked: Vec<bool> = shown(&chains).into_iter().map(|(_, asked)| asked).collect();
        assert_eq!(asked, [[true; 9].as_slice(), &[false, false, true]].concat());
    }

    #[test]
    fn what_did_not_pass_is_verified_again() {
        let verdicts = shown(&[("bad", &[], AWS, 1_000), ("bad", &[], AWS, 1_000)]);
        assert_eq!(verdicts, [(false, true); 2]);
    }
}
