//! No sandbox outlives local-cloud, not even when local-cloud is killed.
//!
//! Linux can send a process a signal when its parent dies, but only the process itself can ask for
//! that, between fork and exec: `pre_exec`, which is unsafe code. So local-cloud starts itself
//! again, asks for the signal there, and then becomes the function by exec; the request survives
//! the exec. (To Linux the parent is the thread that forked: one of Tokio's workers, which live as
//! long as the program.) On other systems the function is started directly, and ends when its Runtime API is
//! gone, at its next `/next` or answer.

use std::ffi::OsStr;
use std::path::Path;
use tokio::process::Command;

#[cfg(target_os = "linux")]
const ORDER: &str = "become-sandbox";

/// A command that starts `binary` so that it dies with this process.
#[cfg(target_os = "linux")]
pub(super) fn command(binary: &Path) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(ORDER).arg(std::process::id().to_string()).arg(binary);
    command
}

/// A command that starts `binary`.
#[cfg(not(target_os = "linux"))]
pub(super) fn command(binary: &Path) -> Command {
    Command::new(binary)
}

/// Does what `command` asks of a second local-cloud: becomes the function.
///
/// `main` calls this first with its arguments. It returns `None` when they are not that order, and
/// otherwise only when it failed.
#[cfg(target_os = "linux")]
pub fn become_sandbox<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Option<std::io::Error> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()?.as_ref() != ORDER {
        return None;
    }
    let parent = arguments.next()?.as_ref().to_str()?.parse::<i32>().ok()?;
    let binary = arguments.next()?;
    Some(exec(parent, binary.as_ref()))
}

#[cfg(target_os = "linux")]
fn exec(parent: i32, binary: &OsStr) -> std::io::Error {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt;

    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        return error.into();
    }
    // The parent may have died before the request was made.
    if getppid().map(rustix::process::Pid::as_raw_nonzero).map(std::num::NonZero::get)
        != Some(parent)
    {
        return std::io::Error::other("local-cloud is gone");
    }
    std::process::Command::new(binary).exec()
}

/// Nothing to become on this system.
#[cfg(not(target_os = "linux"))]
pub fn become_sandbox<A: AsRef<OsStr>>(
    _arguments: impl IntoIterator<Item = A>,
) -> Option<std::io::Error> {
    None
}
