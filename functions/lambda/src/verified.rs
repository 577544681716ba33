//! Certificates that were verified a moment ago.
//!
//! The first calls of a sandbox connect at the same time, so none of them can resume the TLS session of another, and the
//! server shows each of them the same certificates. They are verified once. This takes less on trust than resuming a
//! session does, which verifies nothing again for as long as the server's ticket lasts: in each handshake here, the server
//! still proves that it has the key of its certificate.

use std::sync::{Mutex, PoisonError};

use rustls::Error;
use rustls::client::danger::ServerCertVerified;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

/// How long the same certificates of the same server are not verified again, in seconds.
const SECONDS: u64 = 60;

/// How many are remembered: more than the endpoints that a sandbox usually connects to. Without a limit, anyone who sits
/// between it and AWS could fill its memory with certificates whose key nobody has proved yet.
const CHAINS: usize = 8;

/// The certificates that passed.
#[derive(Debug, Default)]
pub(crate) struct Verified(Mutex<Vec<Chain>>);

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
    /// Calls `verify`, unless it accepted the same a moment ago.
    pub(crate) fn or(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
        verify: impl FnOnce() -> Result<ServerCertVerified, Error>,
    ) -> Result<ServerCertVerified, Error> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|chain| chain.is_recent(now));
        let is_this = |chain: &Chain| {
            chain.end_entity == *end_entity
                && chain.intermediates == intermediates
                && chain.server_name == *server_name
        };
        if recent.iter().any(is_this) {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = verify()?;
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
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::CertificateError;

    use super::*;

    /// Shows the certificates one after the other, of which `good` is accepted: whether each passed, and whether it was
    /// verified.
    fn shown(all: &[(&str, &[&str], &str, u64)]) -> Vec<(bool, bool)> {
        let verified = Verified::default();
        let certificate = |bytes: &str| CertificateDer::from(bytes.as_bytes().to_vec());
        let show = |(end_entity, intermediates, name, seconds): &(&str, &[&str], &str, u64)| {
            let mut asked = false;
            let verify = || {
                asked = true;
                let unknown = Error::from(CertificateError::UnknownIssuer);
                (*end_entity == "good").then(ServerCertVerified::assertion).ok_or(unknown)
            };
            let intermediates: Vec<_> = intermediates.iter().copied().map(certificate).collect();
            let now = UnixTime::since_unix_epoch(Duration::from_secs(*seconds));
            let name = ServerName::try_from(*name).unwrap();
            let passed =
                verified.or(&certificate(end_entity), &intermediates, &name, now, verify).is_ok();
            (passed, asked)
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
