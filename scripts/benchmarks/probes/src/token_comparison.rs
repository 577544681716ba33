//! The authorizer's comparison of tokens, alone: for counting its instructions and for timing it.
//!
//! ```text
//! token-comparison count CLASS TIMES   compares that often and ends (under callgrind)
//! token-comparison time SAMPLES        times the classes against each other; JSON on stdout
//! ```

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use ecr_admission_authorizer::authorize::authorize;
use ecr_admission_authorizer::tokens::{Credential, SecretVersion, Token};
use serde::Serialize;

mod welch;

use welch::{Class, t_statistic};

/// How long the token before the last rotation counts.
const OVERLAP: Duration = Duration::from_hours(24);

/// A token as `CloudFormation` makes it has 64 characters. All of these are written out, so that in
/// every class the same lies at the same places in memory.
const TOKEN: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBxWkMyZrCaPlSgDhFjNbEvUwJq";
const FIRST_BYTE: &str = ".K3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBxWkMyZrCaPlSgDhFjNbEvUwJq";
const LAST_BYTE: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBxWkMyZrCaPlSgDhFjNbEvUwJ.";
const SHORTER: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBxWkMyZrCaPlSgDhFjNbEv";
const SHORTER_FIRST_BYTE: &str = ".K3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBxWkMyZrCaPlSgDhFjNbEv";

/// Samples above this part of all are left out: an interrupt is not a property of the comparison.
const KEPT: f64 = 0.95;

/// What is presented, and what the secret holds for the cluster.
///
/// A wrong length is one that the secret's token has: the time to hash what was presented depends on
/// the length of that, which its sender knows anyway. So the classes of equal presented length belong
/// together, and within these the times must not differ.
fn class(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "match" => (TOKEN, TOKEN),
        "first-byte" => (FIRST_BYTE, TOKEN),
        "last-byte" => (LAST_BYTE, TOKEN),
        "length" => (TOKEN, SHORTER),
        "short-first-byte" => (SHORTER, SHORTER_FIRST_BYTE),
        "short-length" => (SHORTER, TOKEN),
        _ => return None,
    })
}

/// One presented token, and a secret with two clusters now and two before.
#[derive(Clone)]
struct Comparison {
    presented: Credential,
    current: SecretVersion,
    previous: SecretVersion,
    now: SystemTime,
}

impl Comparison {
    fn of(name: &str) -> Result<Self, Box<dyn Error>> {
        let (presented, token) = class(name).ok_or_else(|| format!("no such class: {name}"))?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        let version = |own: &str, other: char| {
            let tokens =
                serde_json::json!({ "default": own, "other": other.to_string().repeat(64) });
            SecretVersion::parse(String::new(), Some(now), &tokens.to_string())
                .map_err(|_malformed| "the secret of the probe holds no tokens")
        };
        Ok(Self {
            presented: Credential::Token(Token::new(presented)),
            current: version(token, 'a')?,
            previous: version(&"b".repeat(64), 'c')?,
            now,
        })
    }

    fn run(&self) {
        let presented = black_box(&self.presented);
        let previous = Some(&self.previous);
        black_box(authorize(presented, &self.current, previous, OVERLAP, self.now));
    }
}

#[derive(Serialize)]
struct Pair<'a> {
    classes: [&'a str; 2],
    /// Welch's t; beyond 4.5 the times differ.
    t: f64,
    mean_ns: [f64; 2],
    samples: [usize; 2],
}

/// Times two classes, each sample of a class drawn at random.
fn time(classes: [&str; 2], samples: u32) -> Result<Pair<'_>, Box<dyn Error>> {
    let [first, second] = classes;
    let (first, second) = (Comparison::of(first)?, Comparison::of(second)?);
    let mut times: [Vec<f64>; 2] = [vec![], vec![]];
    for _ in 0..samples {
        let [of_first, of_second] = &mut times;
        let (drawn, of) = if fastrand::bool() { (&first, of_first) } else { (&second, of_second) };
        // A copy for each sample, so that both classes lie in the same places in memory.
        let drawn = drawn.clone();
        let started = Instant::now();
        drawn.run();
        of.push(started.elapsed().as_secs_f64() * 1e9);
    }
    let mut pooled: Vec<f64> = times.iter().flatten().copied().collect();
    pooled.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index below the length of what lies in memory"
    )]
    let limit = pooled.get((pooled.len() as f64 * KEPT) as usize).copied().unwrap_or(f64::MAX);
    let [a, b] = times.map(|times| Class::of(times.into_iter().filter(|time| *time <= limit)));
    Ok(Pair {
        classes,
        t: t_statistic(&a, &b),
        mean_ns: [a.mean, b.mean],
        samples: [a.samples, b.samples],
    })
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        ["count", class, times] => {
            let comparison = Comparison::of(class)?;
            for _ in 0..times.parse::<u32>()? {
                comparison.clone().run();
            }
            Ok(())
        }
        ["time", samples] => {
            let samples = samples.parse()?;
            let pairs: Result<Vec<Pair<'_>>, _> = [
                ["first-byte", "first-byte"],
                ["first-byte", "last-byte"],
                ["first-byte", "length"],
                ["short-first-byte", "short-length"],
                ["first-byte", "match"],
            ]
            .into_iter()
            .map(|classes| time(classes, samples))
            .collect();
            let json = serde_json::to_string(&pairs?)?;
            Ok(writeln!(std::io::stdout(), "{json}")?)
        }
        _ => Err("expected count CLASS TIMES, or time SAMPLES".into()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}
