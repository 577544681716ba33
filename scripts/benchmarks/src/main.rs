//! Runs every measurement and tells what came out: a table on stdout, progress on stderr.

use std::process::ExitCode;

use benchmarks::bench::{Bench, Failure};
use benchmarks::options::Options;
use benchmarks::row::{self, Row};
use benchmarks::rows::round_trips::{self, Series};
use benchmarks::rows::{
    bombs, burst, calls, deadline, init, instructions, memory, metrics, size, timing, warm,
};
use benchmarks::{chart, machine, readme};
use clap::Parser;
use local_cloud::console;
use serde::Serialize;

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    machine: &'a str,
    quick: bool,
    rows: &'a [Row],
    round_trips: &'a [Series],
}

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
    let (mut rows, series) = round_trips::measure(&bench).await?;
    rows.extend(calls::measure(&bench).await?);
    rows.extend(init::measure(&bench).await?);
    rows.extend(warm::measure(&bench).await?);
    rows.extend(instructions::measure(&bench).await?);
    rows.extend(memory::measure(&bench).await?);
    rows.extend(bombs::measure(&bench).await?);
    rows.extend(size::measure(&bench)?);
    rows.extend(metrics::measure(&bench).await?);
    rows.extend(deadline::measure(&bench).await?);
    rows.extend(burst::measure(&bench).await?);
    rows.extend(timing::measure(&bench).await?);
    bench.say("done");
    tell(&bench, &rows, &series)?;
    let falls_short = bench.options.assert && row::a_count_falls_short(&rows);
    Ok(if falls_short { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn tell(bench: &Bench, rows: &[Row], series: &[Series]) -> Result<(), Failure> {
    let options = &bench.options;
    let machine = machine::told();
    let quick = if options.quick { ", quick" } else { "" };
    let roots = bench.cloud.authorities;
    let text = format!(
        "{}\nMeasured on {machine}{quick}; trust store of {roots} authorities; ± is the median distance \
         from the median.\n",
        row::table(rows)
    );
    console::say(&text)?;
    if let Some(path) = &options.json {
        let report = Report { machine: &machine, quick: options.quick, rows, round_trips: series };
        std::fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    if let Some(path) = &options.svg {
        std::fs::write(path, chart::svg(series))?;
    }
    if let Some(path) = &options.write {
        readme::write(path, &text)?;
    }
    Ok(())
}
