//! The first lines of the page of benchmarks are written by hand, and say what its table says.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may")]

const PAGE: &str = include_str!("../../../functions/admission/BENCHMARKS.md");

/// The numbers in the figure of the row that begins so, as the table shows them.
fn figures(row: &str) -> Vec<&'static str> {
    let line = PAGE.lines().find(|line| line.starts_with(&format!("| {row}"))).unwrap();
    let figure = line.split(" | ").nth(1).unwrap();
    let figure = figure.rsplit_once("images: ").map_or(figure, |(_, figure)| figure);
    let number = |word: &&str| word.parse::<f64>().is_ok();
    figure.split([' ', ',', ';']).filter(number).collect()
}

#[test]
fn the_first_lines_say_what_the_table_says() {
    let (head, _) = PAGE.split_once("<!-- scripts/bench --write: begin -->").unwrap();
    let head = head.split_whitespace().collect::<Vec<_>>().join(" ");

    let defaults = figures("the defaults: authorizer 128 MiB, admission 256 MiB, AWS + 20 ms");
    let [_, _, cold, cold_p99, _, _, fresh, fresh_p99, cached, cached_p99] = defaults[..] else {
        panic!("{defaults:?}")
    };
    let usd = figures("256 MiB: USD for a million reviews");
    let sandbox = figures("one sandbox of 256 MiB");
    let fleet = figures("1000 reviews a second of 500 images");
    let smallest = figures("128 MiB (7.2 % of a core), AWS + 20 ms");
    for said in [
        format!("| knows the images | {cached} ms | {cached_p99} ms |"),
        format!("| does not know them | {fresh} ms | {fresh_p99} ms |"),
        format!("a cold start of both | {cold} ms | {cold_p99} ms (the slowest of 20) |"),
        format!("cost {} USD (known images) to {} USD (unknown ones)", usd[0], usd[1]),
        format!(
            "{} reviews a second of images that it knows, and {} of others",
            sandbox[1], sandbox[0]
        ),
        format!(
            "about {} sandboxes, twice as many as are busy on average, and {} calls of Amazon ECR a second",
            fleet[0], fleet[2]
        ),
        format!("has a p99 of {} ms, and a cached one of {} ms", smallest[3], smallest[9]),
    ] {
        assert!(head.contains(&said), "the page does not say: {said}");
    }
}
