//! The files for a real kube-apiserver, written by the same `deploy/render-config` that a
//! platform engineer uses for a deployed endpoint.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::directory::TOKEN_FILE;
use crate::tls::CA_FILE;

/// The folder of the files with a key in their URLs.
pub const EKS: &str = "eks";
/// The folder of the files for the REST API, with a folder for each of its doors.
pub const PRIVATE: &str = "private";

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

/// What the files are for.
#[derive(Clone, Copy, Debug)]
pub struct RenderSettings<'a> {
    /// The checkout.
    pub project: &'a Path,
    /// Absolute, with the token and the authority in it.
    pub directory: &'a Path,
    /// Where the files go.
    pub out: &'a Path,
    /// `https://HOST:PORT`, with the stage of a REST API.
    pub url: &'a str,
    /// Separated by commas.
    pub ignored_namespaces: &'a str,
    /// Whether there are routes with a key.
    pub url_keys: bool,
}

/// Writes the webhook configurations, the `AdmissionConfiguration` and its kubeconfig; for the routes with a
/// key, other webhook configurations into a folder beside them.
pub async fn run(settings: RenderSettings<'_>) -> Result<(), RenderError> {
    let out = settings.out;
    render(settings, &[], out).await?;
    if settings.url_keys {
        render(settings, &["--eks"], &out.join(EKS)).await?;
    }
    Ok(())
}

async fn render(
    settings: RenderSettings<'_>,
    options: &[&str],
    out: &Path,
) -> Result<(), RenderError> {
    let RenderSettings { project, directory, url, ignored_namespaces, .. } = settings;
    let script = project.join("deploy/render-config");
    let program = script.display().to_string();
    let output = Command::new(&script)
        .args(options)
        .args(["--url", url, "--ignored-namespaces", ignored_namespaces])
        .arg("--token-file")
        .arg(directory.join(TOKEN_FILE))
        .arg("--ca-file")
        .arg(directory.join(CA_FILE))
        .arg("--out")
        .arg(out)
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
