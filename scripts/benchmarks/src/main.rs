//! Runs the measurements and prints the results: a table on stdout, progress on stderr.

use std::process::ExitCode;

use benchmarks::bench::Bench;
use benchmarks::failure::Failure;
use benchmarks::options::Options;
use benchmarks::row::{self, Row};
use benchmarks::rows::Measurement;
use benchmarks::{machine, readme};
use clap::{Parser, ValueEnum};
use local_cloud::console;

/// Beside the page of the table.
const PICTURE: &str = "memory.svg";

fn main() -> ExitCode {
    let options = Options::parse();
    let run = || tokio::runtime::Runtime::new()?.block_on(run(options));
    run().unwrap_or_else(|failure: Failure| {
        console::log(&format!("scripts/bench: {failure}"));
        ExitCode::from(2)
    })
}

async fn run(options: Options) -> Result<ExitCode, Failure> {
    let bench = Bench::new(options).await?;
    let (mut rows, mut picture) = (vec![], None);
    for measurement in Measurement::value_variants() {
        let only = &bench.options.only;
        if only.is_empty() || only.contains(measurement) {
            let (more, drawn) = measurement.measure(&bench).await?;
            rows.extend(more);
            picture = picture.or(drawn);
        }
    }
    bench.say("done");
    report(&bench, &rows, picture)?;
    let falls_short = bench.options.assert && row::a_count_falls_short(&rows);
    Ok(if falls_short { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn report(bench: &Bench, rows: &[Row], picture: Option<String>) -> Result<(), Failure> {
    let options = &bench.options;
    let machine = machine::description();
    let quick = if options.quick { ", quick" } else { "" };
    let roots = bench.cloud.authorities;
    let text = format!(
        "{}\nMeasured on {machine}{quick}; a machine's trust store has {roots} authorities; ± is the median distance \
         from the median.\n",
        row::table(rows)
    );
    console::say(&text)?;
    if let Some(path) = &options.write {
        if options.only.is_empty() {
            readme::write(path, &text)?;
        } else {
            readme::update(path, &text)?;
        }
        if let Some(picture) = picture {
            std::fs::write(path.with_file_name(PICTURE), picture)?;
        }
    }
    Ok(())
}
