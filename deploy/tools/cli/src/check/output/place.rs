//! What an object is called, and where a reader finds it.

use std::path::{Component, Path};

use ecr_admission_text::{QUOTED, printable, shorten};

use crate::check::object::{ObjectId, Span};
use crate::check::report::CheckedObject;

/// The place of what has none: the beginning of the file.
pub(super) const BEGINNING: Span = at(1, 1);

/// An empty stretch.
pub(super) const fn at(line: usize, column: usize) -> Span {
    Span { line, column, end_line: line, end_column: column }
}

/// `file` with forward slashes, and without what leads nowhere: `./a//b` is `a/b`.
pub(super) fn path(file: &str) -> String {
    let components = Path::new(file).components().filter_map(|component| match component {
        Component::CurDir => None,
        // The slash follows when the parts are joined.
        Component::RootDir => Some(""),
        Component::ParentDir => Some(".."),
        Component::Normal(part) => part.to_str(),
        Component::Prefix(prefix) => prefix.as_os_str().to_str(),
    });
    components.collect::<Vec<_>>().join("/")
}

/// Where something of `object` is, written at `span` if that is known. Lines of a rendered object are not those of its
/// template, and those of a whole object would be too many for GitHub: it shows a result in a pull request only when
/// every line of it was changed.
pub(super) fn of(object: &CheckedObject, span: Option<Span>) -> Span {
    if object.id.rendered {
        return BEGINNING;
    }
    let begins = || object.id.span.map(|span| at(span.line, span.column));
    span.or_else(begins).unwrap_or(BEGINNING)
}

/// The object in a message, as `Deployment prod/web`.
pub(super) fn name(object: &CheckedObject) -> String {
    let CheckedObject { id, pods, owner, .. } = object;
    let ObjectId { kind, namespace, name, rendered, .. } = id;
    let full = match (namespace, name.as_str()) {
        (Some(namespace), "") => format!("{kind} {namespace}"),
        (Some(namespace), name) => format!("{kind} {namespace}/{name}"),
        (None, "") => kind.clone(),
        (None, name) => format!("{kind} {name}"),
    };
    let mut text = foreign(&full);
    if *pods > 1 {
        let owner = owner.as_ref().map(|owner| format!(" of {}", foreign(owner)));
        text = format!("{text} ({pods} Pods{})", owner.unwrap_or_default());
    }
    if *rendered {
        text += " (rendered)";
    }
    text
}

/// What a manifest names, without what a terminal would act on.
pub(super) fn foreign(text: &str) -> String {
    shorten(&printable(text), QUOTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_form() {
        for (file, expected) in [
            ("a/b.yaml", "a/b.yaml"),
            ("./a//b/./c.yaml", "a/b/c.yaml"),
            ("../a.yaml", "../a.yaml"),
            ("/tmp/a.yaml", "/tmp/a.yaml"),
            ("stdin", "stdin"),
        ] {
            assert_eq!(path(file), expected);
        }
    }
}
