//! The processes of a stack's sandboxes, seen from outside.

use std::fs;

use local_cloud::stack::Stack;
use rustix::process::{Pid, Signal, kill_process};

/// A sandbox's process.
#[derive(Clone, Copy, Debug)]
pub struct Process(i32);

/// The processes in which a stack runs this function.
pub fn of(stack: &Stack, function: &str) -> Vec<Process> {
    let parent = stack.pid().unwrap().to_string();
    let all = fs::read_dir("/proc").unwrap();
    all.filter_map(|entry| Some(Process(entry.ok()?.file_name().to_str()?.parse().ok()?)))
        .filter(|it| it.status("PPid").is_some_and(|of| of == parent))
        .filter(|it| it.status("Name").is_some_and(|name| name == function))
        .collect()
}

impl Process {
    /// A line of `/proc/<pid>/status`; `None` when the process has ended.
    fn status(self, field: &str) -> Option<String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let of = |line: &str| Some(line.strip_prefix(field)?.strip_prefix(':')?.trim().to_owned());
        status.lines().find_map(of)
    }

    fn kib(self, field: &str) -> u64 {
        self.status(field).unwrap().strip_suffix("kB").unwrap().trim().parse().unwrap()
    }

    /// KiB in RAM now.
    pub fn memory_kib(self) -> u64 {
        self.kib("VmRSS")
    }

    /// KiB in RAM at most, so far.
    pub fn peak_memory_kib(self) -> u64 {
        self.kib("VmHWM")
    }

    /// A variable of the environment that the process was started with.
    pub fn variable(self, name: &str) -> Option<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.0)).unwrap();
        let environment = String::from_utf8(environment).unwrap();
        let value = |pair: &str| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned());
        environment.split('\0').find_map(value)
    }

    /// Sends a signal.
    pub fn signal(self, signal: Signal) {
        kill_process(Pid::from_raw(self.0).unwrap(), signal).unwrap();
    }
}
