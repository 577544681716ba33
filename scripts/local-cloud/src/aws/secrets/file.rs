//! Secrets whose text is that of a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The most bytes of a secret's text (API reference, `PutSecretValue`).
const MAX_BYTES: usize = 65_536;

/// Why what a file holds cannot be the text of a secret.
#[derive(Debug, Error)]
pub enum SecretFileError {
    /// There is no such file.
    #[error("{} does not exist; name a file", .0.display())]
    Gone(PathBuf),
    /// The file could not be read.
    #[error("cannot read {}: {source}; name a readable file", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// It holds more, or less, than Secrets Manager takes.
    #[error("{} has {bytes} bytes; a secret has 1 to {MAX_BYTES}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// It holds no text.
    #[error("{} is not text ({source}); write it in UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where it is none.
        source: std::str::Utf8Error,
    },
}

/// The text of a file, if a secret can hold it.
pub(crate) fn read(path: &Path) -> Result<String, SecretFileError> {
    let content = std::fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => SecretFileError::Gone(path.to_owned()),
        _ => SecretFileError::Unreadable { path: path.to_owned(), source },
    })?;
    if !(1..=MAX_BYTES).contains(&content.len()) {
        return Err(SecretFileError::Length { path: path.to_owned(), bytes: content.len() });
    }
    String::from_utf8(content).map_err(|error| SecretFileError::NotText {
        path: path.to_owned(),
        source: error.utf8_error(),
    })
}

/// The version id of a text: a UUID, as those of AWS are, and the same one for the same text.
pub(super) fn version_id(text: &str) -> String {
    let mut id = [0; 16];
    for (byte, of_hash) in id.iter_mut().zip(Sha256::digest(text)) {
        *byte = of_hash;
    }
    uuid::Builder::from_custom_bytes(id).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_a_secret_can_hold_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy.yaml");
        let message = || read(&path).unwrap_err().to_string();
        assert!(message().ends_with("policy.yaml does not exist; name a file"), "{}", message());
        for (content, expected) in [
            (vec![], Some("has 0 bytes; a secret has 1 to 65536")),
            (vec![b'x'; 65_536], None),
            (vec![b'x'; 65_537], Some("has 65537 bytes; a secret has 1 to 65536")),
            (vec![0xff], Some("from index 0); write it in UTF-8")),
        ] {
            std::fs::write(&path, &content).unwrap();
            match expected {
                None => assert_eq!(read(&path).unwrap().into_bytes(), content),
                Some(expected) => assert!(message().ends_with(expected), "{}", message()),
            }
        }
        let folder = read(directory.path()).unwrap_err().to_string();
        assert!(folder.starts_with("cannot read ") && folder.contains("directory"), "{folder}");
    }

    #[test]
    fn a_text_has_one_version_id_and_another_text_another() {
        assert_eq!(version_id("mode: deny"), version_id("mode: deny"));
        assert_ne!(version_id("mode: deny"), version_id("mode: warn"));
        assert_eq!(uuid::Uuid::parse_str(&version_id("")).unwrap().get_version_num(), 8);
    }
}
