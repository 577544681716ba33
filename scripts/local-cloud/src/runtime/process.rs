//! The process inside a sandbox: started, its lines passed on, stopped.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinSet;

use super::settings::FunctionSettings;
use super::{environment, launch};
use crate::console;

/// How long Lambda leaves a function with an internal extension between SIGTERM and SIGKILL.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(500);

/// How long the last lines of a process that has ended may take to arrive.
const LAST_LINES: Duration = Duration::from_millis(200);

/// A running function.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    output: JoinSet<()>,
}

impl Process {
    /// Starts the function with nothing in its environment but what Lambda gives it.
    pub(super) fn start(
        settings: &FunctionSettings,
        runtime_api: &str,
        sandbox: u32,
    ) -> io::Result<Self> {
        let mut child = launch::command(&settings.binary)
            .env_clear()
            .envs(environment::variables(settings, runtime_api, sandbox))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Of its own, so that the terminal's Ctrl-C reaches local-cloud alone.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let mut output = JoinSet::new();
        let prefix = format!("{}[{sandbox}]", settings.name);
        if let Some(stdout) = child.stdout.take() {
            output.spawn(pass_on(stdout, prefix.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(pass_on(stderr, prefix));
        }
        Ok(Self { child, output })
    }

    /// Waits for the process to end by itself.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// The most memory the process has had in RAM so far, in KiB; `None` where Linux's `/proc` is not.
    pub(super) fn peak_memory_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim_end().parse().ok()
    }

    /// Ends the process as Lambda does: with an extension, SIGTERM and half a second; without, SIGKILL.
    pub(super) async fn stop(mut self, extension: bool) {
        if extension
            && self.terminate()
            && tokio::time::timeout(SHUTDOWN_LIMIT, self.child.wait()).await.is_ok()
        {
            return self.drain().await;
        }
        self.kill().await;
    }

    /// Ends the process at once.
    pub(super) async fn kill(mut self) {
        // Fails only for a process that has ended.
        let _ended = self.child.kill().await;
        self.drain().await;
    }

    /// Passes on what an ended process still had to say.
    pub(super) async fn drain(mut self) {
        let rest = async { while self.output.join_next().await.is_some() {} };
        let _still_open_elsewhere = tokio::time::timeout(LAST_LINES, rest).await;
    }

    fn terminate(&self) -> bool {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok())
    }
}

async fn pass_on(output: impl AsyncRead + Unpin, prefix: String) {
    let mut lines = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        console::log(&format!("{prefix} {}", String::from_utf8_lossy(&line)));
    }
}
