//! What a review asks of ECR.

use crate::bench::Bench;
use crate::failure::Failure;
use crate::journal;
use crate::row::Row;
use crate::shape::shapes;

/// One row for each shape of review.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    bench.say("calls of ECR");
    let mut rows = vec![];
    for cache in ["CACHE_SECONDS=0", "CACHE_SECONDS=300"] {
        let stack = bench.stack(&["--sandboxes", "1", "--admission-env", cache]).await?;
        for shape in shapes().iter().filter(|shape| shape.cache_argument() == cache) {
            let calls = shape.observe(&stack).await?;
            let counts = journal::counts(&calls);
            rows.push(Row::count(
                format!("ECR calls: {}", shape.name),
                listed(&counts),
                match shape.calls.values().sum::<usize>() {
                    0 => "none".to_owned(),
                    calls => format!("these {calls}"),
                },
                counts == shape.calls,
            ));
        }
        stack.stop().await?;
    }
    Ok(rows)
}

fn listed(counts: &std::collections::BTreeMap<&str, usize>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    let each: Vec<String> =
        counts.iter().map(|(operation, count)| format!("{count} {operation}")).collect();
    each.join(", ")
}
