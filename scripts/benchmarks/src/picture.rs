//! Latency and cost over memory, as an SVG picture of two panels.

use std::fmt::Write as _;

/// A panel's place and size, in pixels.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 330.0;
const PANEL: f64 = 250.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 280.0;
const LEFTS: [f64; 2] = [60.0, 440.0];

/// Colors that stay apart for people who see colors differently (Okabe and Ito), on white and on black.
const COLORS: [&str; 3] = ["#D55E00", "#0072B2", "#009E73"];

/// One line of a panel: its name, and a value for each memory size.
#[derive(Clone, Debug)]
pub struct Line {
    /// Beside its end.
    pub name: &'static str,
    /// In the order of the sizes.
    pub values: Vec<f64>,
}

/// One panel, with a logarithmic scale.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// The values that have a mark on the scale.
    pub marks: Vec<f64>,
}

/// The picture of two panels over the same memory sizes, in MiB.
pub fn svg(sizes: &[u32], panels: &[Panel; 2]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\">\n<title>Latency and cost over memory</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    for (panel, left) in panels.iter().zip(LEFTS) {
        draw(&mut svg, sizes, panel, left);
    }
    svg.push_str("</svg>\n");
    svg
}

// Writing to a String cannot fail, here and below.
fn draw(svg: &mut String, sizes: &[u32], panel: &Panel, left: f64) {
    let _ =
        writeln!(svg, "<text x=\"{left}\" y=\"24\" font-weight=\"bold\">{}</text>", panel.title);
    let Some((low, high)) = edges(panel) else { return };
    let y = |value: f64| BOTTOM - (value / low).ln() / (high / low).ln() * (BOTTOM - TOP);
    let first = sizes.first().copied().map_or(1.0, f64::from);
    let last = sizes.last().copied().map_or(2.0, f64::from);
    let x = |size: f64| left + (size / first).ln() / (last / first).ln() * PANEL;
    for mark in panel.marks.iter().filter(|mark| (low..=high).contains(*mark)) {
        let (at, end) = (y(*mark), left + PANEL);
        let _ = writeln!(
            svg,
            "<line x1=\"{left}\" x2=\"{end}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{mark}</text>",
            left - 6.0,
            at + 4.0
        );
    }
    for size in sizes {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{size}</text>",
            x(f64::from(*size)),
            BOTTOM + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{:.1}\" fill=\"#555\">memory, MiB</text>",
        BOTTOM + 36.0
    );
    for (line, color) in panel.lines.iter().zip(COLORS) {
        let points: Vec<(f64, f64)> = sizes
            .iter()
            .zip(&line.values)
            .map(|(size, value)| (x(f64::from(*size)), y(*value)))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>",
            path.join(" ")
        );
        for (x, y) in &points {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"/>");
        }
        if let Some((x, y)) = points.last() {
            let (x, y) = (x + 8.0, y + 4.0);
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{color}\">{}</text>",
                line.name
            );
        }
    }
}

/// The scale: from the lowest value to the highest, with the marks just beyond them.
fn edges(panel: &Panel) -> Option<(f64, f64)> {
    let values = || panel.lines.iter().flat_map(|line| line.values.iter().copied());
    let low = values().min_by(f64::total_cmp)?;
    let high = values().max_by(f64::total_cmp)?;
    let below = panel.marks.iter().copied().filter(|mark| *mark <= low).max_by(f64::total_cmp);
    let above = panel.marks.iter().copied().filter(|mark| *mark >= high).min_by(f64::total_cmp);
    Some((below.unwrap_or(low * 0.9), above.unwrap_or(high * 1.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_point_for_each_size() {
        let line = |name, values: [f64; 2]| Line { name, values: values.to_vec() };
        let panel = |title: &str| Panel {
            title: title.to_owned(),
            lines: vec![line("cold", [200.0, 150.0]), line("cached", [3.0, 2.0])],
            marks: vec![1.0, 10.0, 100.0, 1_000.0],
        };
        let svg = svg(&[128, 256], &[panel("a"), panel("b")]);
        assert_eq!(svg.matches("<circle").count(), 8);
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert!(svg.contains(">1000</text>") && svg.contains(">256</text>"));
    }
}
