//! Instructions, counted by valgrind's callgrind: the same on a busy machine as on a quiet one.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The command before a program, for counting its instructions into `output`.
pub fn command(output: &Path) -> Vec<PathBuf> {
    let into = format!("--callgrind-out-file={}", output.display());
    ["valgrind", "--tool=callgrind", "--quiet", &into].map(PathBuf::from).into()
}

/// How many instructions `output` counts.
pub fn total(output: &Path) -> Result<u64, Failure> {
    let text = std::fs::read_to_string(output)?;
    read_total(&text).ok_or_else(|| format!("{} has no totals", output.display()).into())
}

fn read_total(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_total_is_read() {
        assert_eq!(super::read_total("events: Ir\nsummary: 12\n\ntotals: 12\n"), Some(12));
        assert_eq!(super::read_total("events: Ir\n"), None);
    }
}
