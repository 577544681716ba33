//! Which files there are below a path.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// The files and folders that were found already, by their canonical path: a file is read once, and a link to a folder
/// above it ends.
#[derive(Debug, Default)]
pub(super) struct Found(HashSet<PathBuf>);

/// A file, or what could not be opened.
type File = Result<PathBuf, (PathBuf, io::Error)>;

impl Found {
    /// The file at `path`, whatever its name; of a folder, every `.yaml`, `.yml` and `.json` file below it, sorted. Hidden
    /// files and folders are left out there: they belong to tools.
    pub(super) fn below(&mut self, path: &Path) -> Vec<File> {
        let mut files = vec![];
        self.visit(path, &mut files);
        files
    }

    fn visit(&mut self, path: &Path, files: &mut Vec<File>) {
        if let Err(error) = self.try_visit(path, files) {
            files.push(Err((path.to_owned(), error)));
        }
    }

    fn try_visit(&mut self, path: &Path, files: &mut Vec<File>) -> io::Result<()> {
        let metadata = std::fs::metadata(path)?;
        // A pipe, as `<(helm template …)` makes one, has no path of its own worth remembering.
        if (metadata.is_dir() || metadata.is_file()) && !self.0.insert(path.canonicalize()?) {
            return Ok(());
        }
        if !metadata.is_dir() {
            files.push(Ok(path.to_owned()));
            return Ok(());
        }
        let entries: io::Result<Vec<_>> = std::fs::read_dir(path)?.collect();
        let mut paths: Vec<PathBuf> = entries?.iter().map(std::fs::DirEntry::path).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| !is_hidden(path)) {
            if path.is_dir() || is_manifest(&path) {
                self.visit(&path, files);
            }
        }
        Ok(())
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}
