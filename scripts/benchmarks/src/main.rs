//! Runs every measurement and prints the results: a table on stdout, progress on stderr.

use std::process::ExitCode;

use benchmarks::bench::Bench;
use benchmarks::failure::Failure;
use benchmarks::options::Options;
use benchmarks::row::{self, Row};
use benchmarks::rows::{
    bombs, burst, calls, deadline, init, instructions, memory, metrics, plateau, round_trips, size,
    sizes, storm, sustained, timing, warm,
};
use benchmarks::{machine, readme};
use clap::Parser;
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
    let mut rows = round_trips::measure(&bench).await?;
    rows.extend(calls::measure(&bench).await?);
    rows.extend(init::measure(&bench).await?);
    rows.extend(warm::measure(&bench).await?);
    rows.extend(instructions::measure(&bench).await?);
    rows.extend(memory::measure(&bench).await?);
    rows.extend(plateau::measure(&bench).await?);
    rows.extend(bombs::measure(&bench).await?);
    rows.extend(size::measure(&bench)?);
    rows.extend(metrics::measure(&bench).await?);
    rows.extend(deadline::measure(&bench).await?);
    rows.extend(burst::measure(&bench).await?);
    rows.extend(storm::measure(&bench).await?);
    rows.extend(sustained::measure(&bench).await?);
    let (of_sizes, picture) = sizes::measure(&bench).await?;
    rows.extend(of_sizes);
    rows.extend(timing::measure(&bench).await?);
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
        readme::write(path, &text)?;
        if let Some(picture) = picture {
            std::fs::write(path.with_file_name(PICTURE), picture)?;
        }
    }
    Ok(())
}
