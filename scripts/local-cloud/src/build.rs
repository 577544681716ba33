//! Finds the binaries that tests run, building them first where nobody names one.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// A binary is missing and could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo could not be started.
    #[error("cannot run cargo: {0}")]
    Start(#[from] std::io::Error),
    /// cargo failed.
    #[error("cargo build {arguments} failed:\n{stderr}")]
    Failed {
        /// What was asked of it.
        arguments: String,
        /// What it said.
        stderr: String,
    },
}

/// The checkout this crate was built from.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The path given, else that of the environment variable, else the binary that cargo builds.
pub(crate) fn found(
    path: Option<PathBuf>,
    variable: &str,
    package: &str,
    binary: &str,
) -> Result<PathBuf, BuildError> {
    match path.or_else(|| std::env::var_os(variable).map(PathBuf::from)) {
        Some(path) => Ok(path),
        None => build(package, "--bin", binary),
    }
}

/// Builds one target of one package with the dev profile and gives its path. One package at a time:
/// together, features of one would change the other.
pub fn build(package: &str, kind: &str, target: &str) -> Result<PathBuf, BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo says to this test about its package. ring's build script, for one, asks to be run
    // again when it changes, and with it most of what is built; then once more in the next plain build.
    for (name, _) in std::env::vars_os() {
        let of_the_test = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|own| name.starts_with(own))
        });
        if of_the_test {
            command.env_remove(name);
        }
    }
    let output = command
        .args([
            "build",
            "--package",
            package,
            kind,
            target,
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(project())
        .output()?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().filter_map(|line| executable(line, target)).next_back();
    executable.filter(|_| output.status.success()).ok_or_else(|| BuildError::Failed {
        arguments: format!("--package {package} {kind} {target}"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The path in one message of cargo, if it is about this target. Others have no `executable`.
fn executable(line: &str, target: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let artifact: Artifact = serde_json::from_str(line).ok()?;
    artifact.executable.filter(|_| artifact.target.name == target)
}
