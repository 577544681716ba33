//! Instructions of the init phase, of a first review, and of cached reviews over those of the null function.

use bytes::Bytes;
use serde_json::Value;

use crate::bench::Bench;
use crate::callgrind;
use crate::failure::Failure;
use crate::row::Row;
use crate::sandbox::{Program, Sandbox};
use crate::{catalogue, event, pods};

/// Instructions that stand for a millisecond of CPU, so that the bars in milliseconds can be held on
/// any machine. The rows that time these reviews show 4 to 11 in a nanosecond.
const IN_A_MILLISECOND: u64 = 4_000_000;

/// Seven tenths of the 48.03 M on x86-64 before trusted certificates were constants and the handshakes of a first review
/// cheaper. On another architecture it is no more than a hint, so nothing fails by it.
const FIRST_REVIEW: u64 = 33_600_000;

/// Rows of init, of a first review and of cached reviews; one that says why not, where there is no valgrind.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let Some(version) = &bench.valgrind else {
        let figure = "valgrind is not installed: not counted";
        return Ok(vec![Row::plain("instructions", figure)]);
    };
    bench.say(&format!("instructions, under {version}"));
    let images = catalogue::clean_images(0, 3);
    let small = pods::review("u", &images).ok_or("no captured Pod")?;
    let huge = pods::huge("u", &images).ok_or("no captured Pod")?;
    let mut rows = vec![init(bench, &small).await?, first_review(bench, &small).await?];
    for (review, name, [few, many], bar_ms) in
        [(&small, "3 images", [20, 120], 1), (&huge, "1.25 MB Pod", [2, 12], 15)]
    {
        bench.say(&format!("instructions of a cached review, {name}"));
        let admission = each(bench, bench.admission(), review, few, many).await?;
        let null = each(bench, bench.null(), review, few, many).await?;
        let over = admission.saturating_sub(null);
        rows.push(Row::count(
            format!("cached review, {name}: instructions over the null function"),
            format!("{} ({} − {})", millions(over), millions(admission), millions(null)),
            format!("≤ {}", millions(bar_ms * IN_A_MILLISECOND)),
            over <= bar_ms * IN_A_MILLISECOND,
        ));
    }
    Ok(rows)
}

async fn init(bench: &Bench, review: &Value) -> Result<Row, Failure> {
    let mut figures = vec![];
    for program in [bench.null(), bench.admission_by_constants(), bench.authorizer()] {
        let name = program.name;
        figures.push(format!("{name} {}", millions(counted(bench, program, review, 0).await?)));
    }
    Ok(Row::plain("init: instructions, with those of the end", figures.join(", ")))
}

/// A whole life with one review, and so with all handshakes that a cold sandbox makes.
async fn first_review(bench: &Bench, review: &Value) -> Result<Row, Failure> {
    let instructions = counted(bench, bench.admission(), review, 1).await?;
    Ok(Row::time(
        "first review of a sandbox, 3 images: instructions, with those of init and end",
        millions(instructions),
        format!("≤ {}", millions(FIRST_REVIEW)),
        instructions <= FIRST_REVIEW,
    ))
}

/// Instructions of one review: the difference between many and few of them, shared out.
async fn each(
    bench: &Bench,
    program: Program,
    review: &Value,
    few: u64,
    many: u64,
) -> Result<u64, Failure> {
    let less = counted(bench, program.clone(), review, few).await?;
    let more = counted(bench, program, review, many).await?;
    Ok(more.saturating_sub(less) / (many - few))
}

/// Instructions of a whole life with so many reviews.
async fn counted(
    bench: &Bench,
    mut program: Program,
    review: &Value,
    reviews: u64,
) -> Result<u64, Failure> {
    let output = bench.file(&format!("{}-{reviews}.callgrind", program.name));
    let mut command = callgrind::command(&output);
    command.append(&mut program.command);
    program.command = command;
    let mut sandbox = Sandbox::start(&program).await?;
    for _ in 0..reviews {
        let event: Bytes = event::validate(review)?;
        let answered = sandbox.invoke(event).await?;
        if event::admits(&answered.body) != Some(true) {
            return Err(format!("{} did not admit: {answered:?}", program.name).into());
        }
    }
    sandbox.stop().await?;
    callgrind::total(&output)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn millions(count: u64) -> String {
    format!("{:.2} M", count as f64 / 1e6)
}
