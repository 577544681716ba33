//! One process of a function beside a [`RuntimeApi`]: started, given events, watched.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use crate::bench::Failure;
use crate::runtime_api::{RuntimeApi, Step};

/// How long a process may take for one step, under callgrind too.
const STEP: Duration = Duration::from_mins(1);

/// How long a process that was told to end may take, under callgrind too.
const END: Duration = Duration::from_secs(20);

/// A program and how it is started.
#[derive(Clone, Debug)]
pub struct Program {
    /// In messages.
    pub name: &'static str,
    /// The program and its arguments; a program that starts the function may stand before it.
    pub command: Vec<PathBuf>,
    /// Its whole environment, but for the Runtime API's address.
    pub environment: BTreeMap<String, String>,
    /// Where what it writes goes.
    pub log: PathBuf,
}

/// A running function.
#[derive(Debug)]
pub struct Sandbox {
    program: Program,
    child: Child,
    api: RuntimeApi,
    next: oneshot::Sender<Bytes>,
    /// From before the start of the process to its first `/next`.
    pub init: Duration,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What the function posted.
    pub body: Bytes,
    /// From handing the event out to the whole answer.
    pub took: Duration,
    /// From the answer until the function came for its next event.
    pub held: Duration,
}

impl Sandbox {
    /// Starts the program and waits until it asks for its first event.
    pub async fn start(program: &Program) -> Result<Self, Failure> {
        let mut api = RuntimeApi::open().await?;
        let log = std::fs::File::create(&program.log)?;
        let (binary, arguments) = program.command.split_first().ok_or("a program has a name")?;
        let started = Instant::now();
        let mut child = Command::new(binary)
            .args(arguments)
            .env_clear()
            .envs(&program.environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", binary.display()))?;
        match step(program, &mut child, &mut api).await? {
            Step::Next(at, next) => {
                let init = at.duration_since(started);
                Ok(Self { program: program.clone(), child, api, next, init })
            }
            Step::Answer(..) => Err(format!("{}: an answer before an event", program.name).into()),
        }
    }

    /// Hands an event out and waits for its answer, and until the next could be handed out.
    pub async fn invoke(&mut self, event: Bytes) -> Result<Answered, Failure> {
        let (gone, _) = oneshot::channel();
        let next = std::mem::replace(&mut self.next, gone);
        let started = Instant::now();
        next.send(event)
            .map_err(|_event| format!("{} does not wait for an event", self.program.name))?;
        let (body, answered) = match self.step().await? {
            Step::Answer(at, Ok(body)) => (body, at),
            Step::Answer(_, Err(error)) => {
                let error = String::from_utf8_lossy(&error).into_owned();
                return Err(format!("{} failed: {error}", self.program.name).into());
            }
            Step::Next(..) => return Err(format!("{}: no answer", self.program.name).into()),
        };
        let Step::Next(at, next) = self.step().await? else {
            return Err(format!("{}: two answers", self.program.name).into());
        };
        self.next = next;
        let took = answered.duration_since(started);
        Ok(Answered { body, took, held: at.saturating_duration_since(answered) })
    }

    async fn step(&mut self) -> Result<Step, Failure> {
        step(&self.program, &mut self.child, &mut self.api).await
    }

    /// The CPU time of all its threads so far.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid()?))?;
        let mut sum = Duration::ZERO;
        for thread in threads {
            // Nanoseconds on a CPU come first (Linux, Documentation/scheduler/sched-stats.rst).
            let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanoseconds = stat.split(' ').next().and_then(|number| number.parse().ok());
            sum += Duration::from_nanos(nanoseconds.ok_or("schedstat has no number")?);
        }
        Ok(sum)
    }

    /// The most memory that it has had in RAM so far, in KiB.
    pub fn peak_memory_kib(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix("kB"));
        Ok(number.ok_or("/proc has no VmHWM")?.trim().parse()?)
    }

    /// Ends it as Lambda does, and waits until it has ended.
    pub async fn stop(mut self) -> Result<(), Failure> {
        let pid = i32::try_from(self.pid()?)?;
        let pid = Pid::from_raw(pid).ok_or("0 is no process")?;
        kill_process(pid, Signal::TERM)?;
        let ended = tokio::time::timeout(END, self.child.wait()).await;
        ended.map_err(|_elapsed| format!("{} did not end on SIGTERM", self.program.name))??;
        Ok(())
    }

    fn pid(&self) -> Result<u32, Failure> {
        Ok(self.child.id().ok_or_else(|| format!("{} has ended", self.program.name))?)
    }
}

async fn step(program: &Program, child: &mut Child, api: &mut RuntimeApi) -> Result<Step, Failure> {
    let problem = tokio::select! {
        Some(step) = api.steps.recv() => return Ok(step),
        ended = child.wait() => format!("ended ({})", ended?),
        () = tokio::time::sleep(STEP) => format!("did nothing for {} s", STEP.as_secs()),
    };
    let log = std::fs::read_to_string(&program.log).unwrap_or_default();
    Err(format!("{} {problem}; it wrote:\n{log}", program.name).into())
}
