//! The authorizer's comparison takes the same whatever is wrong with a token.

use serde::Deserialize;

use crate::bench::Bench;
use crate::comparison::{self, GROUPS};
use crate::failure::Failure;
use crate::row::Row;

/// Beyond this Welch's t says that the times differ (dudect).
const DIFFERENT: f64 = 4.5;

/// What `token-comparison time` says of two classes.
#[derive(Debug, Deserialize)]
struct Pair {
    classes: [String; 2],
    t: f64,
    mean_ns: [f64; 2],
    samples: [usize; 2],
}

/// Rows of the times, and of the instructions where there is valgrind.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = times(bench).await?;
    if bench.valgrind.is_none() {
        let figure = "valgrind is not installed: not counted";
        rows.push(Row::plain("token comparison: instructions", figure));
        return Ok(rows);
    }
    bench.say("token comparison: instructions");
    for group in GROUPS {
        let mut counts = vec![];
        for class in group {
            counts.push(comparison::instructions(
                &bench.options.comparison,
                class,
                bench.directory(),
            )?);
        }
        let figures: Vec<String> =
            group.iter().zip(&counts).map(|(class, count)| format!("{class} {count}")).collect();
        rows.push(Row::count(
            format!("token comparison: instructions, {} and others", group.first().unwrap_or(&"")),
            figures.join(", "),
            "equal",
            counts.windows(2).all(|pair| pair.first() == pair.last()),
        ));
    }
    Ok(rows)
}

async fn times(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let samples = bench.repetitions(1_000_000, 200_000).to_string();
    bench.say(&format!("token comparison: {samples} timed for each pair of classes"));
    let mut command = tokio::process::Command::new(&bench.options.comparison);
    let output = command.args(["time", &samples]).output().await?;
    let pairs: Vec<Pair> = serde_json::from_slice(&output.stdout)?;
    Ok(pairs.iter().map(row).collect())
}

fn row(pair: &Pair) -> Row {
    let [a, b] = &pair.classes;
    let [of_a, of_b] = pair.mean_ns;
    let measure = match (a == b, b.as_str()) {
        (true, _) => format!("token comparison: {a} against itself (A/A)"),
        (false, "match") => format!("token comparison: {a} against a match, which is not a secret"),
        (false, _) => format!("token comparison: {a} against {b}"),
    };
    let differ = if pair.t.abs() > DIFFERENT { "differ" } else { "no difference found" };
    let samples = pair.samples.iter().sum::<usize>();
    Row::plain(
        measure,
        format!("t = {:.1}: {differ} ({of_a:.1} and {of_b:.1} ns; {samples} samples)", pair.t),
    )
}
