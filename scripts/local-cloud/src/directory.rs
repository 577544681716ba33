//! The files of `--dir`: written whole or not at all, and secret ones readable by their owner alone.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rand::distr::{Alphanumeric, SampleString};

/// The bare token, as `tokenFile` of a kubeconfig wants it.
pub const TOKEN_FILE: &str = "token";

const TOKEN_LENGTH: usize = 64;
/// What the authorizer accepts.
const SHORTEST_TOKEN: usize = 32;

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct DirectoryError {
    what: &'static str,
    path: PathBuf,
    source: std::io::Error,
}

impl DirectoryError {
    fn new(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { what, path, source }
    }
}

/// Makes the directory if it is not there. The absolute path.
pub fn create(path: &Path) -> Result<PathBuf, DirectoryError> {
    std::fs::create_dir_all(path).map_err(DirectoryError::new("make the directory", path))?;
    path.canonicalize().map_err(DirectoryError::new("find", path))
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Vec<u8>, DirectoryError> {
    std::fs::read(path).map_err(DirectoryError::new("read", path))
}

/// Writes a file that anyone may read.
pub fn write(path: &Path, content: &[u8]) -> Result<(), DirectoryError> {
    replace(path, content, 0o644)
}

/// Writes a file that its owner alone may read.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), DirectoryError> {
    replace(path, content, 0o600)
}

/// Under another name first: nobody reads half a file, or one that still has an older, wider mode.
fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), DirectoryError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let written = || {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(content)?;
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(DirectoryError::new("write", path))
}

/// The token in the directory: the one that is there, if the authorizer can accept it, else a new one.
pub fn token(directory: &Path) -> Result<String, DirectoryError> {
    let path = directory.join(TOKEN_FILE);
    let old = read(&path).ok().and_then(|content| String::from_utf8(content).ok());
    let old = old
        .map(|token| token.trim_end_matches(['\r', '\n']).to_owned())
        .filter(|token| acceptable(token));
    let token = old.unwrap_or_else(|| Alphanumeric.sample_string(&mut rand::rng(), TOKEN_LENGTH));
    write_private(&path, token.as_bytes())?;
    Ok(token)
}

fn acceptable(token: &str) -> bool {
    token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_and_closed_to_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(TOKEN_FILE);
        let old = "k".repeat(SHORTEST_TOKEN);
        std::fs::write(&path, format!("{old}\n")).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(token(directory.path()).unwrap(), old);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), old);
    }

    #[test]
    fn a_token_that_the_authorizer_would_refuse_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(TOKEN_FILE);
        for old in ["", "short", &"with space ".repeat(4), &"é".repeat(40)] {
            std::fs::write(&path, old).unwrap();
            let new = token(directory.path()).unwrap();
            assert_eq!(new.len(), TOKEN_LENGTH, "{old:?}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), new);
        }
    }
}
