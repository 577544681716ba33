//! The direction of the crate: each file uses files of lower layers only, so that there is no circle.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The modules, each a file, from the lowest layer to the highest. Those of one layer do not know one
/// another, and the crate root is above them all. `folder::*` means the files of a folder that no layer names.
const LAYERS: &[&[&str]] = &[
    // Names and instants.
    &["from_text"],
    &["names", "timestamp"],
    // What a workload names.
    &["registry"],
    &["image"],
    // What Amazon ECR says of it.
    &["facts::manifest", "facts::mutability", "facts::scan", "facts::unavailable"],
    &["facts::platform", "facts::severity_limit", "facts::signing"],
    &["facts::index"],
    &["facts"],
    // What the operator chose.
    &["mode", "rule"],
    &[
        "policy::add_on_accounts",
        "policy::denials",
        "policy::excuse",
        "policy::image_config",
        "policy::modes",
        "policy::needs",
        "policy::pattern",
        "policy::pinning",
        "policy::signed",
    ],
    &["policy::clusters", "policy::registry_scope"],
    &[
        "policy::allowed",
        "policy::exemption",
        "policy::pull_through_cache",
        "policy::scan_findings",
    ],
    &["policy::uninspected"],
    &["policy"],
    &["break_glass", "rewrite"],
    // What is wrong with an image, or with the whole workload.
    &["reason::unavailable", "reason::words"],
    &["reason::config", "reason::manifest", "reason::scan", "reason::signing"],
    &["reason::repository"],
    &["reason"],
    &["rules::case"],
    // Each rule is a file that no other rule knows.
    &["rules::*"],
    &["rules"],
    // From the images of a workload to the answer.
    &["plan"],
    &["verdict"],
    &["decide", "mutate"],
    // How the operator writes it down: above all others, so that none of them can know it.
    &[
        "document::host_name",
        "document::invalid",
        "document::pin",
        "document::read",
        "document::rule_modes",
    ],
    &["document::caches", "document::excused", "document::namespaces", "document::scope"],
    &["document::rules", "document::yaml"],
    &["document::written"],
    &["document"],
    // What tests start from.
    &["testing"],
];

/// The crate root, which declares every module.
const ROOT: &str = "";

#[test]
fn every_file_uses_lower_layers_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files(&|module| {
        let path = match module {
            ROOT => "lib.rs".to_owned(),
            module => format!("{}.rs", module.replace("::", "/")),
        };
        std::fs::read_to_string(source.join(&path))
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    });
    assert_eq!(problems(LAYERS, &files), [] as [&str; 0]);
}

/// The text of every module but those of tests, found by following `mod` from the root.
fn files(read: &dyn Fn(&str) -> String) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut left = vec![ROOT.to_owned()];
    while let Some(module) = left.pop() {
        let text = product(&read(&module));
        left.extend(declared(&text).map(|child| join(&module, child)));
        files.insert(module, text);
    }
    files
}

/// What is wrong with the direction of these files.
fn problems(layers: &[&[&str]], files: &BTreeMap<String, String>) -> Vec<String> {
    let mut layer_of: BTreeMap<&str, usize> = BTreeMap::from([(ROOT, layers.len())]);
    for (number, layer) in layers.iter().enumerate() {
        layer_of.extend(layer.iter().filter(|it| !it.ends_with('*')).map(|it| (*it, number)));
    }
    for (number, layer) in layers.iter().enumerate() {
        for folder in layer.iter().filter_map(|it| it.strip_suffix("::*")) {
            for module in files.keys().filter(|module| parent(module) == folder) {
                layer_of.entry(module).or_insert(number);
            }
        }
    }
    let mut problems = vec![];
    for module in layer_of.keys().filter(|module| !files.contains_key(**module)) {
        problems.push(format!("{module} is in a layer and is not a file"));
    }
    for (module, text) in files {
        let Some(layer) = layer_of.get(module.as_str()) else {
            problems.push(format!("{module} is in no layer"));
            continue;
        };
        for used in uses(module, text, files) {
            match layer_of.get(used.as_str()) {
                Some(lower) if lower < layer => {}
                _ => problems.push(format!(
                    "{} uses {}, which is not below it",
                    root(module),
                    root(&used)
                )),
            }
        }
    }
    let order: Vec<&str> = files.get(ROOT).map(|text| declared(text).collect()).unwrap_or_default();
    for pair in order.windows(2) {
        if let [first, second] = pair
            && layer_of.get(first) > layer_of.get(second)
        {
            problems.push(format!("lib.rs lists {first} before {second}, which is below it"));
        }
    }
    problems
}

fn root(module: &str) -> &str {
    if module == ROOT { "the crate root" } else { module }
}

fn join(module: &str, child: &str) -> String {
    if module == ROOT { child.to_owned() } else { format!("{module}::{child}") }
}

/// The modules that a file uses: those that it declares, and those of every path that begins with `crate`,
/// `self` or `super`, in an import or anywhere else.
fn uses(module: &str, text: &str, files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut used: BTreeSet<String> = declared(text).map(|child| join(module, child)).collect();
    for (start, _) in text.match_indices("::") {
        let word = text.get(..start).unwrap_or_default();
        let before = word.trim_end_matches(is_word);
        let from = match word.get(before.len()..).unwrap_or_default() {
            "crate" => ROOT.to_owned(),
            "self" => module.to_owned(),
            "super" if !before.ends_with("super::") => parent(module).to_owned(),
            _ => continue,
        };
        let rest = text.get(start + 2..).unwrap_or_default();
        let mut paths = vec![];
        expand(rest, &from, files, &mut paths);
        used.extend(paths);
    }
    used.remove(module);
    used
}

/// Follows one path, or each of several in braces, as far down as there are modules. Returns what is behind.
fn expand<'a>(
    mut text: &'a str,
    from: &str,
    files: &BTreeMap<String, String>,
    found: &mut Vec<String>,
) -> &'a str {
    text = text.trim_start();
    if let Some(mut list) = text.strip_prefix('{') {
        loop {
            list = list.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            if let Some(after) = list.strip_prefix('}') {
                return after;
            }
            if list.is_empty() {
                return list;
            }
            list = expand(list, from, files, found);
            // A rename, up to the next path.
            list = list.trim_start_matches(|c: char| c != ',' && c != '}');
        }
    }
    let rest = text.trim_start_matches(is_word);
    let name = text.strip_suffix(rest).unwrap_or_default();
    let to = match name {
        "super" => Some(parent(from).to_owned()),
        name => Some(join(from, name)).filter(|module| files.contains_key(module)),
    };
    match (to, rest.strip_prefix("::")) {
        (Some(to), Some(rest)) => expand(rest, &to, files, found),
        (to, _) => {
            found.push(to.unwrap_or_else(|| from.to_owned()));
            // Where no module is meant, a brace cannot name one.
            rest.strip_prefix("::{").map_or(rest, |list| list.split_once('}').map_or("", |it| it.1))
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or(ROOT, |(parent, _)| parent)
}

/// The modules that a file declares in files of their own.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (visible, name) = line.strip_suffix(';')?.split_once("mod ")?;
        (visible.is_empty() || visible.starts_with("pub")).then_some(name)
    })
}

/// The text without comments and without the modules of tests.
fn product(text: &str) -> String {
    let mut product = String::new();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            product.push_str(line);
            product.push('\n');
            continue;
        }
        let item = lines.by_ref().find(|line| !line.starts_with("#[")).unwrap_or_default();
        if !item.contains("mod ") {
            product.push_str(item);
            product.push('\n');
        } else if item.ends_with('{') {
            lines.by_ref().take_while(|line| *line != "}").for_each(drop);
        }
    }
    product
}

/// What is wrong with a crate of `low`, then `middle` with `middle::inner`, then `high`.
fn problems_of(changed: &[(&str, &str)]) -> Vec<String> {
    let layers: &[&[&str]] = &[&["low", "beside"], &["middle::inner"], &["middle"], &["high"]];
    let mut texts = BTreeMap::from([
        (ROOT, "mod low;\npub mod beside;\n\npub(crate) mod middle;\n\nmod high;\n"),
        ("low", ""),
        ("beside", ""),
        ("middle::inner", "use crate::low::Low;\n"),
        ("middle", "mod inner;\n\nuse crate::{beside, low};\n"),
        ("high", "use crate::middle::{Middle, inner::Inner};\n"),
    ]);
    texts.extend(changed.iter().copied());
    problems(layers, &files(&|module| (*texts.get(module).unwrap()).to_owned()))
}

#[test]
fn a_crate_of_one_direction_passes() {
    assert_eq!(problems_of(&[]), [] as [&str; 0]);
    for text in [
        "//! See [`crate::high`].\n/// Used by [`crate::high::High`].\n",
        "#[cfg(test)]\nmod tests {\n    use crate::high::High;\n}\n",
        "#[cfg(test)]\nmod tests;\n",
        "use std::fmt;\nuse other::high::High;\nuse crate::low::Own;\n",
    ] {
        assert_eq!(problems_of(&[("low", text)]), [] as [&str; 0], "{text}");
    }
}

#[test]
fn an_arrow_upward_is_found_however_it_is_written() {
    for (text, used) in [
        ("use crate::high::High;", "high"),
        ("pub(crate) use crate::high;", "high"),
        ("#[cfg(test)]\nuse crate::high::High;", "high"),
        ("use crate::{beside, high::High};", "beside high"),
        (
            "use crate::{\n    middle::{\n        Middle,\n        inner::{self, Inner},\n    },\n};",
            "middle middle::inner",
        ),
        ("use crate::middle::{Middle as Other, inner as other};", "middle middle::inner"),
        ("use super::high::High;", "high"),
        ("use crate::High;", "the crate root"),
        ("use super::*;", "the crate root"),
        ("fn f() -> bool { crate::high::f() }", "high"),
        ("#[serde(with = \"crate::high::text\")]", "high"),
        // In one layer, no file knows another.
        ("use crate::beside::Beside;", "beside"),
    ] {
        let expected: Vec<String> = match used {
            "the crate root" => vec![used],
            used => used.split(' ').collect(),
        }
        .into_iter()
        .map(|used| format!("low uses {used}, which is not below it"))
        .collect();
        assert_eq!(problems_of(&[("low", text)]), expected, "{text}");
    }
}

#[test]
fn a_star_means_the_files_of_a_folder_that_no_layer_names() {
    let layers: &[&[&str]] = &[&["low::named"], &["low::*"], &["low"]];
    let texts = BTreeMap::from([
        (ROOT, "mod low;\n"),
        ("low", "mod named;\nmod a;\nmod b;\n"),
        ("low::named", ""),
        ("low::a", "use super::named::Named;\n"),
        ("low::b", "use super::a::A;\n"),
    ]);
    assert_eq!(
        problems(layers, &files(&|module| (*texts.get(module).unwrap()).to_owned())),
        ["low::b uses low::a, which is not below it"]
    );
}

#[test]
fn a_circle_of_a_file_and_its_parent_is_found() {
    for text in ["use super::Middle;", "use crate::middle::Middle;", "use super::super::middle::M;"]
    {
        assert_eq!(
            problems_of(&[("middle::inner", text)]),
            ["middle::inner uses middle, which is not below it"],
            "{text}"
        );
    }
}

#[test]
fn the_list_has_every_file_and_no_other_in_the_order_of_the_root() {
    let root = "mod new;\nmod low;\nmod beside;\nmod middle;\nmod high;\n";
    assert_eq!(
        problems_of(&[(ROOT, root), ("new", "")]),
        ["the crate root uses new, which is not below it", "new is in no layer"]
    );
    let root = "mod low;\nmod beside;\nmod middle;\n";
    assert_eq!(problems_of(&[(ROOT, root)]), ["high is in a layer and is not a file"]);
    let root = "mod low;\nmod beside;\nmod high;\nmod middle;\n";
    assert_eq!(
        problems_of(&[(ROOT, root)]),
        ["lib.rs lists high before middle, which is below it"]
    );
}
