//! The chart: latency of a review against the latency of AWS. How steep a line is tells how many
//! round trips the review waits for.

use std::fmt::Write as _;

use crate::rows::round_trips::Series;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 440.0;
/// Around the plot; on the right there is room for the names of the lines.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 310.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 56.0;
/// Between two names.
const LINE: f64 = 18.0;
/// Told apart by the colour-blind, too (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];

/// Where milliseconds lie.
struct Scale {
    most_x: f64,
    most_y: f64,
}

impl Scale {
    fn x(&self, milliseconds: f64) -> f64 {
        LEFT + milliseconds / self.most_x * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, milliseconds: f64) -> f64 {
        HEIGHT - BOTTOM - milliseconds / self.most_y * (HEIGHT - TOP - BOTTOM)
    }
}

/// Draws the series as SVG.
pub fn svg(series: &[Series]) -> String {
    let most = |of: fn(&[f64; 3]) -> f64| {
        series.iter().flat_map(|line| &line.points).map(of).fold(1.0, f64::max)
    };
    let step = step(most(|[_, y, _]| *y));
    let scale =
        Scale { most_x: most(|[x, _, _]| *x), most_y: (most(|[_, y, _]| *y) / step).ceil() * step };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"26\" font-size=\"16\" font-weight=\"bold\">\
         Latency of a review against the latency of AWS</text>\n"
    );
    axes(&mut svg, series, &scale, step);
    for (line, colour) in series.iter().zip(COLOURS.iter().cycle()) {
        draw(&mut svg, line, colour, &scale);
    }
    names(&mut svg, series, &scale);
    svg.push_str("</svg>\n");
    svg
}

/// A round number, of which about five reach to `most`.
fn step(most: f64) -> f64 {
    let rough = most / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= rough).unwrap_or(rough)
}

fn axes(svg: &mut String, series: &[Series], scale: &Scale, step: f64) {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    let mut value = 0.0;
    while value <= scale.most_y {
        let y = scale.y(value);
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            left - 8.0,
            y + 4.0
        );
        value += step;
    }
    let bottom = HEIGHT - BOTTOM;
    for [x, _, _] in series.first().iter().flat_map(|line| &line.points) {
        let at = scale.x(*x);
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {bottom}v5\" stroke=\"#222\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{x}</text>",
            bottom + 20.0
        );
    }
    let _ = writeln!(
        svg,
        "<path d=\"M{left} {bottom}H{right}\" stroke=\"#222\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">added to every AWS call (ms)</text>\
         <text x=\"{left}\" y=\"{:.1}\">median (ms)</text>",
        f64::midpoint(left, right),
        HEIGHT - 14.0,
        TOP - 10.0
    );
}

fn draw(svg: &mut String, line: &Series, colour: &str, scale: &Scale) {
    let points: Vec<String> = line
        .points
        .iter()
        .map(|[x, y, _]| format!("{:.1},{:.1}", scale.x(*x), scale.y(*y)))
        .collect();
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
        points.join(" ")
    );
    for [x, y, spread] in &line.points {
        let (at, low, high) = (scale.x(*x), scale.y(y - spread), scale.y(y + spread));
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {low:.1}V{high:.1}\" stroke=\"{colour}\"/>\
             <circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"/>",
            scale.y(*y)
        );
    }
}

/// The name of each line at its end, moved where it would cover another.
fn names(svg: &mut String, series: &[Series], scale: &Scale) {
    let end = |line: &Series| line.points.last().map_or(0.0, |[_, y, _]| *y);
    let mut by_height: Vec<(&Series, &str)> =
        series.iter().zip(COLOURS.iter().copied().cycle()).collect();
    by_height.sort_by(|(a, _), (b, _)| end(a).total_cmp(&end(b)));
    let mut lowest = HEIGHT - BOTTOM;
    for (line, colour) in by_height {
        let y = scale.y(end(line)).min(lowest);
        lowest = y - LINE;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}: {:.2}</text>",
            WIDTH - RIGHT + 10.0,
            y + 4.0,
            line.name,
            line.slope
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" fill=\"#666\">name: round trips (slope)</text>",
        WIDTH - RIGHT + 10.0,
        TOP - 10.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_round_and_gives_about_five() {
        for (most, expected) in
            [(4.0, 1.0), (97.0, 20.0), (251.0, 100.0), (260.0, 100.0), (500.0, 100.0)]
        {
            assert!((step(most) - expected).abs() < 1e-9, "{most}: {}", step(most));
        }
    }

    #[test]
    fn every_line_is_drawn_and_named_and_no_name_covers_another() {
        let line = |name, top: f64| Series {
            name,
            expected: 1,
            slope: 1.0,
            points: vec![[0.0, 5.0, 1.0], [80.0, top, 1.0]],
        };
        let lines = [line("one", 85.0), line("two", 86.0), line("three", 5.0)];
        let drawn = svg(&lines);
        assert_eq!(drawn.matches("<polyline").count(), lines.len());
        let heights: Vec<f64> = lines
            .iter()
            .map(|line| {
                let label =
                    drawn.lines().find(|l| l.contains(&format!(">{}: ", line.name))).unwrap();
                label.split("y=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
            })
            .collect();
        assert!((heights[0] - heights[1]).abs() >= LINE - 0.2, "{heights:?}");
        assert!(heights[2] > heights[0] + 100.0, "{heights:?}");
    }
}
