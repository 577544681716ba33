//! The files for a real kube-apiserver, written by the same `deploy/render-config` that a
//! platform engineer uses for a deployed endpoint.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::directory::TOKEN_FILE;
use crate::tls::CA_FILE;

/// The folder of the files with a key in their URLs.
pub const EKS: &str = "eks";
/// The folder of the files without a secret, where the VPC endpoint stands for the cluster.
pub const KEYLESS: &str = "keyless";
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
    /// Whether the door of `url` is a VPC endpoint that stands for a cluster.
    pub keyless: bool,
}

/// Writes the webhook configurations, the `AdmissionConfiguration` and its kubeconfig; for the routes with a
/// key, and for callers without a secret, other webhook configurations into folders beside them.
pub async fn run(settings: RenderSettings<'_>) -> Result<(), RenderError> {
    let out = settings.out;
    let token = settings.directory.join(TOKEN_FILE);
    let with_token = ["--token-file".as_ref(), token.as_os_str()];
    render(settings, &with_token, out).await?;
    if settings.url_keys {
        let [option, file] = with_token;
        render(settings, &["--eks".as_ref(), option, file], &out.join(EKS)).await?;
    }
    if settings.keyless {
        render(settings, &["--eks".as_ref(), "--keyless".as_ref()], &out.join(KEYLESS)).await?;
    }
    Ok(())
}

async fn render(
    settings: RenderSettings<'_>,
    options: &[&OsStr],
    out: &Path,
) -> Result<(), RenderError> {
    let RenderSettings { project, directory, url, ignored_namespaces, .. } = settings;
    let script = project.join("deploy/render-config");
    let program = script.display().to_string();
    let output = Command::new(&script)
        .args(options)
        .args(["--url", url, "--ignored-namespaces", ignored_namespaces])
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
