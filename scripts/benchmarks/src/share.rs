//! The share of a core that Lambda gives a function by its memory, as the CPU quota of a control group.
//!
//! Lambda gives CPU in proportion to the memory, one vCPU at 1,769 MiB (AWS Lambda Developer Guide, "Configure
//! Lambda function memory"), and the whole of one during the init phase. A process gets its share here once it has
//! asked for its first event.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The sizes that are measured, in MiB.
pub const SIZES: [u32; 5] = [128, 256, 512, 1_024, 1_769];

/// The memory at which Lambda gives one vCPU, in MiB.
const WHOLE: u32 = 1_769;

/// How often the quota is given again, in microseconds, as Lambda does.
const PERIOD_US: u32 = 20_000;

/// Where systems mount the controller of version 1, and the one hierarchy of version 2.
const V1: &str = "/sys/fs/cgroup/cpu";
const V2: &str = "/sys/fs/cgroup";

/// Numbers the groups of one run.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// The per cent of a core at this memory.
pub fn percent(memory_mib: u32) -> f64 {
    f64::from(memory_mib) * 100.0 / f64::from(WHOLE)
}

/// One control group. Removed when dropped, once its processes have ended.
#[derive(Debug)]
pub struct Share {
    folder: PathBuf,
}

impl Share {
    /// A group with the quota of this memory. Fails where this user may not make control groups, or there are none.
    pub fn of(memory_mib: u32) -> io::Result<Self> {
        let quota = PERIOD_US * memory_mib / WHOLE;
        let name = format!(
            "ecr-admission-bench-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        if Path::new(V1).is_dir() {
            let share = Self::make(&Path::new(V1).join(name))?;
            share.write("cpu.cfs_period_us", &PERIOD_US.to_string())?;
            share.write("cpu.cfs_quota_us", &quota.to_string())?;
            return Ok(share);
        }
        let share = Self::make(&Path::new(V2).join(name))?;
        share.write("cpu.max", &format!("{quota} {PERIOD_US}"))?;
        Ok(share)
    }

    /// Puts a process with all its threads into the group.
    pub fn limit(&self, pid: u32) -> io::Result<()> {
        self.write("cgroup.procs", &pid.to_string())
    }

    fn make(folder: &Path) -> io::Result<Self> {
        fs::create_dir(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn write(&self, file: &str, value: &str) -> io::Result<()> {
        fs::write(self.folder.join(file), value)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Nothing to do where it fails: an empty group costs nothing.
        let _still_used = fs::remove_dir(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vcpu_is_1769_mib() {
        let shown = SIZES.map(|size| format!("{:.1}", percent(size)));
        assert_eq!(shown, ["7.2", "14.5", "28.9", "57.9", "100.0"]);
    }
}
