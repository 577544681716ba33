//! From the start of a process to its first `/next`, and to its first answer.

use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;
use crate::sandbox::{Program, Sandbox};
use crate::statistics::Sample;
use crate::{catalogue, event, pods};

/// The most times the null function's init that the admission function's may take.
const BAR: f64 = 2.0;

/// What was measured of one program.
#[derive(Debug, Default)]
struct Times {
    elapsed: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Times {
    fn and(&self, other: &Self) -> Self {
        let both = |one: &[Duration], other: &[Duration]| [one, other].concat();
        Self { elapsed: both(&self.elapsed, &other.elapsed), cpu: both(&self.cpu, &other.cpu) }
    }
}

/// The same, summed up.
struct Figures {
    elapsed: Sample,
    cpu: Sample,
}

impl From<Times> for Figures {
    fn from(times: Times) -> Self {
        Self { elapsed: times.elapsed.into_iter().collect(), cpu: times.cpu.into_iter().collect() }
    }
}

impl Figures {
    fn figure(&self, null: &Self) -> String {
        let Self { elapsed, cpu } = self;
        format!(
            "{:.2} ± {:.2} ms, {:.2} × null; CPU {:.2} ms, {:.2} × null",
            elapsed.median(),
            elapsed.spread(),
            self.times_elapsed(null),
            cpu.median(),
            cpu.median() / null.cpu.median()
        )
    }

    fn times_elapsed(&self, null: &Self) -> f64 {
        self.elapsed.median() / null.elapsed.median()
    }

    fn row(&self, name: &str, null: &Self) -> Row {
        let times = self.times_elapsed(null);
        let bar = format!("≤ {BAR} × null");
        Row::time(format!("init: {name}"), self.figure(null), bar, times <= BAR)
    }
}

/// Rows of the init phase and of the first review.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = spawns(bench).await?;
    rows.push(first_reviews(bench).await?);
    Ok(rows)
}

/// The null function stands among them twice: what lies between its two rows is noise.
async fn spawns(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let programs = [
        bench.null(),
        bench.admission_by_constants(),
        bench.admission_by_file(),
        bench.authorizer(),
        bench.null(),
    ];
    let rounds = bench.repetitions(200, 50);
    let mut times: [Times; 5] = Default::default();
    for round in 0..rounds {
        if round % 50 == 0 {
            bench.say(&format!("init: spawn {round} of {rounds}"));
        }
        let mut turn: Vec<(&Program, &mut Times)> = programs.iter().zip(&mut times).collect();
        // In turns, and from round to round another is the first.
        turn.rotate_left(round % programs.len());
        for (program, times) in turn {
            let sandbox = Sandbox::start(program).await?;
            times.elapsed.push(sandbox.init);
            times.cpu.push(sandbox.cpu()?);
            sandbox.stop().await?;
        }
    }
    // What the others are compared with is both null series: twice the spawns, less noise.
    let [null, _, _, _, again] = &times;
    let both = Figures::from(null.and(again));
    let [null, admission, by_file, authorizer, again] = times.map(Figures::from);
    let authorities = bench.cloud.authorities;
    let decoding = format!("init: admission, decoding {authorities} authorities of SSL_CERT_FILE");
    let connecting = "init: authorizer, which connects and reads the secret in it";
    Ok(vec![
        admission.row("admission", &both),
        Row::plain(decoding, by_file.figure(&both)),
        Row::plain(connecting, authorizer.figure(&both)),
        Row::plain("init: null function", null.figure(&both)),
        Row::plain("init: null function again (A/A)", again.figure(&both)),
    ])
}

/// From the start of a process to the answer of its first review: init, connections, calls.
async fn first_reviews(bench: &Bench) -> Result<Row, Failure> {
    let rounds = bench.repetitions(50, 10);
    bench.say(&format!("first review of a sandbox: {rounds} of each"));
    let mut times: [Times; 2] = Default::default();
    for _ in 0..rounds {
        for (program, times) in [bench.null(), bench.admission()].iter().zip(&mut times) {
            first_review(program, times).await?;
        }
    }
    let [null, admission] = times.map(Figures::from);
    Ok(Row::plain(
        "first review of a sandbox, 3 images: from its start to the answer, AWS without latency",
        admission.figure(&null),
    ))
}

async fn first_review(program: &Program, times: &mut Times) -> Result<(), Failure> {
    let review = pods::review("u", &catalogue::clean_images(0, 3)).ok_or("no captured Pod")?;
    let event = event::validate(&review)?;
    let started = Instant::now();
    let mut sandbox = Sandbox::start(program).await?;
    let answered = sandbox.invoke(event).await?;
    if event::admits(&answered.body) != Some(true) {
        return Err(format!("the first review was not admitted: {answered:?}").into());
    }
    times.elapsed.push(started.elapsed().saturating_sub(answered.held));
    times.cpu.push(sandbox.cpu()?);
    sandbox.stop().await
}
