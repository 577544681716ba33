//! The table of verdicts: one line a review, its message in the last column; in a terminal the
//! messages stand below the lines, wrapped, and images are shortened to fit.

use std::borrow::Cow;
use std::io::IsTerminal;

use textwrap::{Options, WordSplitter};

use super::outcome::Outcome;
use crate::cli::{ACCOUNT, REGION};

const GAP: &str = "  ";
const INDENT: &str = "    ";
/// Images are not cut to less, however narrow the terminal.
const NARROWEST_IMAGE: usize = 24;
/// What is shown of a digest.
const DIGEST: usize = "sha256:".len() + 12;

/// One review.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) object: String,
    pub(super) images: Vec<String>,
    /// `None` where nothing is expected: then the table has no column for it.
    pub(super) expected: Option<Outcome>,
    /// `None` when the call failed.
    pub(super) got: Option<Outcome>,
    pub(super) message: String,
}

impl Row {
    /// Whether it was answered, and as expected where something is.
    pub(super) fn is_good(&self) -> bool {
        match &self.expected {
            Some(expected) => self.got.as_ref() == Some(expected),
            None => self.got.is_some(),
        }
    }

    fn expected(&self) -> String {
        self.expected.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    fn got(&self) -> String {
        self.got.as_ref().map_or("failed".to_owned(), ToString::to_string)
    }
}

/// The table as it fits stdout.
pub(super) fn render(rows: &[Row]) -> String {
    match terminal_width() {
        Some(width) => for_a_terminal(rows, width),
        None => whole(rows),
    }
}

fn terminal_width() -> Option<usize> {
    let stdout = std::io::stdout();
    let size =
        stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(stdout).ok()).flatten()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

fn whole(rows: &[Row]) -> String {
    let header = ["OBJECT", "IMAGE", expected(rows), "GOT", "MESSAGE"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        let Row { object, images, message, .. } = row;
        [object.clone(), images.join(", "), row.expected(), row.got(), message.clone()]
    });
    aligned(std::iter::once(header).chain(cells).collect()).join("\n")
}

fn for_a_terminal(rows: &[Row], width: usize) -> String {
    let header = ["OBJECT", "IMAGE", expected(rows), "GOT"].map(str::to_owned);
    let widest = |title: &str, cell: fn(&Row) -> String| {
        rows.iter().map(|row| cell(row).len()).max().unwrap_or(0).max(title.len()) + GAP.len()
    };
    let taken = widest("OBJECT", |row| row.object.clone())
        + widest(expected(rows), Row::expected)
        + widest("GOT", Row::got);
    let image_width = width.saturating_sub(taken).max(NARROWEST_IMAGE);
    let cells = rows.iter().map(|row| {
        let images = row.images.iter().map(|image| short(image)).collect::<Vec<_>>().join(", ");
        [row.object.clone(), cut(&images, image_width), row.expected(), row.got()]
    });
    let mut lines = aligned(std::iter::once(header).chain(cells).collect()).into_iter();
    let mut text: Vec<String> = lines.next().into_iter().collect();
    let wrap = Options::new(width)
        .initial_indent(INDENT)
        .subsequent_indent(INDENT)
        .word_splitter(WordSplitter::NoHyphenation);
    for (line, row) in lines.zip(rows) {
        text.push(line);
        let message = short_registry(&row.message);
        let wrapped =
            textwrap::wrap(&message, &wrap).into_iter().filter(|line| !line.trim().is_empty());
        text.extend(wrapped.map(Cow::into_owned));
    }
    text.push(format!("\n…/ stands for {}", registry()));
    text.join("\n")
}

/// The title of the column; empty where nothing is expected.
fn expected(rows: &[Row]) -> &'static str {
    if rows.iter().any(|row| row.expected.is_some()) { "EXPECTED" } else { "" }
}

/// The columns, each as wide as its widest cell. One that holds nothing, not even a title, is left out.
fn aligned<const N: usize>(rows: Vec<[String; N]>) -> Vec<String> {
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: [String; N]| {
        let shown = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells = shown.map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    rows.into_iter().map(line).collect()
}

fn registry() -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/")
}

/// Only whole hosts are shortened: one that merely begins like ours stays as it is.
fn short_registry(text: &str) -> String {
    text.replace(&registry(), "…/")
}

fn short(image: &str) -> String {
    let image = short_registry(image);
    match image.split_once("@sha256:") {
        Some((name, digest)) if digest.len() > DIGEST => {
            let digest: String = digest.chars().take(DIGEST - "sha256:".len()).collect();
            format!("{name}@sha256:{digest}…")
        }
        _ => image,
    }
}

/// Takes out the middle of what is too long.
fn cut(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let head: String = text.chars().take(width / 2).collect();
    let tail: String = text.chars().skip(length - (width - width / 2 - 1)).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Decision;
    use super::*;

    fn rows() -> Vec<Row> {
        let denied =
            Outcome { decision: Decision::Deny, rules: ["tag-immutability".to_owned()].into() };
        let image = format!("{}web@sha256:{}", registry(), "0123456789abcdef".repeat(4));
        let message =
            format!("image \"{image}\": {} [tag-immutability]", "word ".repeat(40).trim());
        vec![
            Row {
                object: "pod/a".into(),
                images: vec![image, "x".repeat(200)],
                expected: Some(denied.clone()),
                got: Some(denied.clone()),
                message,
            },
            Row {
                object: "pod/b".into(),
                images: vec![],
                expected: Some(denied),
                got: None,
                message: String::new(),
            },
        ]
    }

    #[test]
    fn nothing_is_left_out_where_stdout_is_not_a_terminal() {
        let text = whole(&rows());
        assert_eq!(text.lines().count(), 3);
        for row in rows() {
            let line = text.lines().find(|line| line.starts_with(&row.object)).unwrap();
            assert!(
                line.contains(&row.images.join(", ")) && line.ends_with(row.message.as_str()),
                "{line}"
            );
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [100, 120, 200] {
            let text = for_a_terminal(&rows(), width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}:\n{text}");
            assert!(text.contains("    image \"…/web@sha256:0123"), "{text}");
            assert!(text.contains("pod/b") && text.contains("failed"), "{text}");
        }
    }

    #[test]
    fn where_nothing_is_expected_there_is_no_column_for_it() {
        let mut rows = rows();
        for row in &mut rows {
            row.expected = None;
        }
        assert_eq!([rows[0].is_good(), rows[1].is_good()], [true, false]);
        for text in [whole(&rows), for_a_terminal(&rows, 120)] {
            let columns = text.lines().next().unwrap().split_whitespace().collect::<Vec<_>>();
            assert_eq!(columns[..3], ["OBJECT", "IMAGE", "GOT"], "{text}");
        }
    }

    #[test]
    fn a_host_that_only_looks_like_ours_is_not_shortened() {
        let other = "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example/a";
        assert_eq!(short(other), other);
    }
}
