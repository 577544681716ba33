//! One process of a function beside a Runtime API: started, given events, watched. The API is the
//! stand-in's; Lambda's part, which would show in the measurements, is this file's.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use local_cloud::cli::{ACCOUNT, REGION};
use local_cloud::runtime::InvokeError;
use local_cloud::runtime::api::{self, Call, NextEvent, Registered};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::failure::Failure;
use crate::share::Share;

/// How long a process may take for one step, under callgrind too.
const STEP: Duration = Duration::from_mins(1);

/// How long a process that was asked to end may take, under callgrind too.
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
    process: Process,
    next: oneshot::Sender<NextEvent>,
    /// From before the start of the process to its first `/next`.
    pub init: Duration,
}

/// The process and its Runtime API.
#[derive(Debug)]
struct Process {
    child: Child,
    calls: mpsc::Receiver<Call>,
    /// Extensions that wait for an event, which never comes.
    extensions: Vec<oneshot::Sender<serde_json::Value>>,
    _api: AbortOnDropHandle<()>,
}

/// What the process did.
enum Step {
    /// It asked for an event, which goes here.
    Next(oneshot::Sender<NextEvent>),
    /// It answered the last one.
    Answer(Result<Bytes, InvokeError>),
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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (sender, calls) = mpsc::channel(4);
        let api = AbortOnDropHandle::new(tokio::spawn(api::serve(listener, sender)));
        let log = std::fs::File::create(&program.log)?;
        let (binary, arguments) = program.command.split_first().ok_or("a program has a name")?;
        let started = Instant::now();
        let child = Command::new(binary)
            .args(arguments)
            .env_clear()
            .envs(&program.environment)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", binary.display()))?;
        let mut process = Process { child, calls, extensions: vec![], _api: api };
        match process.step(program).await? {
            (at, Step::Next(next)) => {
                let init = at.duration_since(started);
                Ok(Self { program: program.clone(), process, next, init })
            }
            (_, Step::Answer(_)) => {
                Err(format!("{}: an answer before an event", program.name).into())
            }
        }
    }

    /// Hands an event out and waits for its answer, and until the next could be handed out.
    pub async fn invoke(&mut self, event: Bytes) -> Result<Answered, Failure> {
        let name = self.program.name;
        let (gone, _) = oneshot::channel();
        let next = std::mem::replace(&mut self.next, gone);
        let started = Instant::now();
        next.send(next_event(event))
            .map_err(|_event| format!("{name} does not wait for an event"))?;
        let (answered, body) = match self.process.step(&self.program).await? {
            (at, Step::Answer(Ok(body))) => (at, body),
            (_, Step::Answer(Err(error))) => return Err(format!("{name} failed: {error}").into()),
            (_, Step::Next(_)) => return Err(format!("{name}: no answer").into()),
        };
        let (at, Step::Next(next)) = self.process.step(&self.program).await? else {
            return Err(format!("{name}: two answers").into());
        };
        self.next = next;
        let took = answered.duration_since(started);
        Ok(Answered { body, took, held: at.saturating_duration_since(answered) })
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
        let pid = Pid::from_raw(pid).ok_or("0 is not a process")?;
        kill_process(pid, Signal::TERM)?;
        let ended = tokio::time::timeout(END, self.process.child.wait()).await;
        ended.map_err(|_elapsed| format!("{} did not end on SIGTERM", self.program.name))??;
        Ok(())
    }

    /// Gives it this share of a core, from now on.
    pub fn limit(&self, share: &Share) -> Result<(), Failure> {
        Ok(share.limit(self.pid()?)?)
    }

    fn pid(&self) -> Result<u32, Failure> {
        Ok(self.process.child.id().ok_or_else(|| format!("{} has ended", self.program.name))?)
    }
}

impl Process {
    /// Waits for what the process does next, and when it did it.
    async fn step(&mut self, program: &Program) -> Result<(Instant, Step), Failure> {
        let problem = loop {
            let call = tokio::select! {
                Some(call) = self.calls.recv() => call,
                ended = self.child.wait() => break format!("ended ({})", ended?),
                () = tokio::time::sleep(STEP) => {
                    break format!("did nothing for {} s", STEP.as_secs());
                }
            };
            let at = Instant::now();
            // A process that has hung up is about to be seen as ended.
            match call {
                Call::Next(next) => return Ok((at, Step::Next(next))),
                Call::Answer { result, outcome, .. } => {
                    let _hung_up = outcome.send(Ok(()));
                    return Ok((at, Step::Answer(result)));
                }
                Call::Register { name, outcome, .. } => {
                    let function = program.name.to_owned();
                    let _hung_up = outcome.send(Ok(Registered {
                        id: name,
                        function,
                        account: ACCOUNT.to_owned(),
                    }));
                }
                Call::ExtensionNext { event, .. } => {
                    let (never, arrival) = oneshot::channel();
                    self.extensions.push(never);
                    let _hung_up = event.send(Ok(arrival));
                }
                Call::InitFailed { error, .. } | Call::ExtensionFailed { error, .. } => {
                    break format!("failed to start ({error})");
                }
            }
        };
        let log = std::fs::read_to_string(&program.log).unwrap_or_default();
        Err(format!("{} {problem}; it wrote:\n{log}", program.name).into())
    }
}

fn next_event(event: Bytes) -> NextEvent {
    let deadline = SystemTime::now() + Duration::from_secs(10);
    NextEvent {
        request_id: "3c1f0c4e-4f8e-4f5e-9d57-2d6c5a8b1c11".to_owned(),
        trace_id: "Root=1-67891233-abcdef012345678912345678".to_owned(),
        deadline_ms: deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis(),
        arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:admission"),
        event,
    }
}
