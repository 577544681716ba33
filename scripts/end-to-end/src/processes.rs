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

/// What a function has of AWS.
const AWS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "SSL_CERT_FILE",
];

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

    /// What makes an AWS tool call the AWS of this function: its variables.
    pub fn aws_variables(self) -> Vec<(&'static str, String)> {
        AWS.into_iter().filter_map(|name| Some((name, self.variable(name)?))).collect()
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
