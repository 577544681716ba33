//! What `check` reads: files, folders and stdin; YAML and JSON; objects, lists of them and templates of Pods.
//!
//! Each object is read as kube-apiserver would get it from kubectl, or it is refused with its place. Nothing that
//! could start a container is left out in silence.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ecr_admission_policy::text::printable;

use super::object::{Object, Unreadable};

mod files;
mod json;
mod kinds;
mod objects;
mod place;
mod pod;
mod text;
mod yaml;

use objects::File;
use place::Lines;

pub(super) use objects::message as json_problem;

/// What was read.
#[derive(Debug, Default)]
pub struct Input {
    /// The objects, in the order of the input.
    pub objects: Vec<Object>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// The name of stdin in messages.
const STDIN: &str = "stdin";

/// Reads files, folders with all that is below them, and, for `-`, stdin. A file that is named twice is read once.
pub fn read(paths: &[PathBuf], stdin: &mut dyn Read) -> Input {
    let mut input = Input::default();
    let mut found = files::Found::default();
    let mut stdin = Some(stdin);
    for path in paths {
        if path.as_os_str() == "-" {
            if let Some(stdin) = stdin.take() {
                input.stream(stdin);
            }
            continue;
        }
        for file in found.below(path) {
            match file {
                Ok(file) => input.file(&file, file == *path),
                Err((path, error)) => input.failed(&name(&path), &error),
            }
        }
    }
    input
}

impl Input {
    fn stream(&mut self, stdin: &mut dyn Read) {
        let mut bytes = vec![];
        match stdin.read_to_end(&mut bytes) {
            Ok(_) => self.bytes(STDIN, bytes, true),
            Err(error) => self.failed(STDIN, &error),
        }
    }

    /// A file; only one that was `named` has to hold something.
    fn file(&mut self, path: &Path, named: bool) {
        let file = name(path);
        match std::fs::read(path) {
            Ok(bytes) if named && bytes.iter().all(u8::is_ascii_whitespace) => self.refuse(
                &file,
                None,
                "the file is empty; expected Kubernetes objects in YAML or JSON",
            ),
            Ok(bytes) => self.bytes(&file, bytes, false),
            Err(error) => self.failed(&file, &error),
        }
    }

    fn bytes(&mut self, file: &str, bytes: Vec<u8>, stream: bool) {
        let text = match text::decode(bytes) {
            Ok(text) => text,
            Err(text::NotText { place, problem }) => return self.refuse(file, place, &problem),
        };
        let lines = Lines::of(&text);
        let file = File { name: file, text: &text, lines: &lines, stream };
        if json::is_likely(&text) { json::read(&file, self) } else { yaml::read(&file, self) }
    }

    fn add(&mut self, other: Self) {
        self.objects.extend(other.objects);
        self.unreadable.extend(other.unreadable);
    }

    fn failed(&mut self, file: &str, error: &io::Error) {
        self.refuse(file, None, &format!("the file could not be read: {error}"));
    }

    fn refuse(&mut self, file: &str, place: Option<(usize, usize)>, problem: &str) {
        let problem = printable(problem);
        self.unreadable.push(Unreadable { file: file.to_owned(), place, problem });
    }
}

/// A path as a message shows it.
fn name(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
