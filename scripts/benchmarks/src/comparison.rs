//! The authorizer's comparison of tokens, alone: its instructions, class by class.

use std::path::Path;
use std::process::Command;

use crate::callgrind;
use crate::failure::Failure;

/// What is presented, by how it differs from the secret's token: in its first byte, in its last, in
/// its length. Of a group, all must take the same; a shorter presented token is a group of its own,
/// since hashing what the caller sent takes as long as the caller made it.
pub const GROUPS: [&[&str]; 2] =
    [&["first-byte", "last-byte", "length"], &["short-first-byte", "short-length"]];

/// Comparisons that are counted.
const COMPARISONS: u64 = 1_000;

/// Comparisons before them, that are not.
const BEFORE: u64 = 100;

/// Instructions of one comparison of this class, to the nearest whole one. The `program` is
/// `token-comparison`; files go to `directory`. Needs valgrind.
pub fn instructions(program: &Path, class: &str, directory: &Path) -> Result<u64, Failure> {
    let counted = |times: u64| -> Result<u64, Failure> {
        let output = directory.join(format!("comparison-{class}-{times}.out"));
        let command = callgrind::command(&output);
        let (valgrind, options) = command.split_first().ok_or("a command has a name")?;
        let status = Command::new(valgrind)
            .args(options)
            .arg(program)
            .args(["count", class, &times.to_string()])
            // What lies in the environment moves the stack, and with it what crosses a page.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .status()?;
        if !status.success() {
            return Err(format!("valgrind {} count {class}: {status}", program.display()).into());
        }
        callgrind::total(&output)
    };
    let counted = counted(BEFORE + COMPARISONS)?.saturating_sub(counted(BEFORE)?);
    Ok((counted + COMPARISONS / 2) / COMPARISONS)
}
