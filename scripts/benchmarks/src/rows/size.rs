//! The deployment packages.

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;

/// Each package and the most bytes it may have.
const BARS: [(&str, u64); 2] = [("admission", 3_000_000), ("authorizer", 2_500_000)];

/// One row for each package.
pub fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let row = |(name, bar): (&str, u64)| {
        let path = bench.options.packages.join(format!("{name}.zip"));
        let bytes = std::fs::metadata(&path)
            .map_err(|error| format!("cannot find {}: {error}", path.display()))?
            .len();
        Ok(Row::count(
            format!("package: {name}.zip, {}", std::env::consts::ARCH),
            megabytes(bytes),
            format!("≤ {}", megabytes(bar)),
            bytes <= bar,
        ))
    };
    BARS.into_iter().map(row).collect()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}
