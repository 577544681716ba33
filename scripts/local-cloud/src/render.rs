//! The files for a real kube-apiserver, written by the same `deploy/render-config` that a
//! platform engineer uses for a deployed endpoint.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::directory::TOKEN_FILE;
use crate::tls::CA_FILE;

/// `deploy/render-config` could not be run, or failed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It could not be started.
    #[error("cannot run {program}: {source}; it needs python3")]
    Start {
        /// The script's path.
        program: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("{program} failed ({status}): {stderr}")]
    Failed {
        /// The script's path.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said.
        stderr: String,
    },
}

/// Writes the webhook configurations, the `AdmissionConfiguration` and its kubeconfig into `directory`,
/// which is absolute and holds the token and the authority already.
pub async fn run(
    project: &Path,
    directory: &Path,
    url: &str,
    ignored_namespaces: &str,
) -> Result<(), RenderError> {
    let script = project.join("deploy/render-config");
    let program = script.display().to_string();
    let output = Command::new(&script)
        .args(["--url", url, "--namespaces-ignored", ignored_namespaces])
        .arg("--token-file")
        .arg(directory.join(TOKEN_FILE))
        .arg("--ca-file")
        .arg(directory.join(CA_FILE))
        .arg("--out")
        .arg(directory)
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|source| RenderError::Start { program: program.clone(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(RenderError::Failed { program, status: output.status, stderr })
}
