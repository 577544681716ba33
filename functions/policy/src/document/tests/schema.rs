//! deploy/policy.schema.json and the table in deploy/policy.md are made from the document's types, so
//! that neither can say what the function does not accept. `UPDATE_SCHEMA=1` writes them.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::super::Document;
use super::super::written::Written;

const BEGIN: &str = "<!-- begin: switches -->\n";
const END: &str = "<!-- end: switches -->";

fn deploy(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file)
}

/// With its keys in order, whether or not something else in the build turns on `serde_json`'s
/// `preserve_order`.
fn schema() -> Value {
    let mut schema = schemars::schema_for!(Written).to_value();
    schema.sort_all_objects();
    schema
}

fn assert_current(file: &str, expected: &str) {
    let path = deploy(file);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let current = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        current == expected,
        "deploy/{file} is not what the types say; UPDATE_SCHEMA=1 cargo test -p ecr-admission-policy writes it"
    );
}

#[test]
fn the_schema_is_that_of_the_types() {
    assert_current(
        "policy.schema.json",
        &format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap()),
    );
}

#[test]
fn the_reference_has_a_row_for_every_key() {
    let page = std::fs::read_to_string(deploy("policy.md")).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let schema = schema();
    let mut rows = "| key | accepted | meaning |\n|---|---|---|\n".to_owned();
    add_rows(&mut rows, &schema, schema.as_object().unwrap(), "");
    assert_current("policy.md", &format!("{before}{BEGIN}{rows}{END}{after}"));
}

/// Every word in the sample is one that the schema knows, and the other way round every key of the
/// schema appears in the sample.
#[test]
fn the_sample_is_good_and_shows_every_key() {
    let sample = std::fs::read_to_string(deploy("samples/policy.yaml")).unwrap();
    Document::from_yaml(&sample).unwrap();
    let schema = schema();
    let mut rows = String::new();
    add_rows(&mut rows, &schema, schema.as_object().unwrap(), "");
    for row in rows.lines() {
        let key = row.split('`').nth(1).unwrap().rsplit(['.', ']']).next().unwrap();
        let shown = [format!("{key}:"), format!("{key}]")].iter().any(|it| sample.contains(it));
        assert!(shown || key.is_empty(), "deploy/samples/policy.yaml does not show {row}");
    }
}

fn add_rows(rows: &mut String, root: &Value, object: &Map<String, Value>, prefix: &str) {
    let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
    let required = object.get("required").and_then(Value::as_array);
    for (key, property) in properties {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let needed = required.is_some_and(|all| all.iter().any(|it| it == key));
        let target = resolve(root, property);
        let description = [property, target].iter().find_map(|it| it["description"].as_str());
        let accepted = accepted(root, property);
        let needed = if needed { "; required" } else { "" };
        let description = description.unwrap_or_default().replace('\n', " ");
        writeln!(rows, "| `{path}` | {accepted}{needed} | {description} |").unwrap();
        let item = resolve(root, &target["items"]);
        let inner = if item.is_object() { (format!("{path}[]"), item) } else { (path, target) };
        if let (prefix, Value::Object(object)) = inner {
            add_rows(rows, root, object, &prefix);
        }
    }
}

/// What a `$ref`, or the one branch that is not null, means. The branches of an object say which of
/// its keys are needed; of a text and an object, the object has the keys.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = follow(root, schema);
    if schema["properties"].is_object() {
        return schema;
    }
    let branches = branches(schema);
    let object = branches.iter().find(|branch| branch["$ref"].is_string());
    object.or(branches.first()).map_or(schema, |branch| resolve(root, branch))
}

/// What a `$ref` means.
fn follow<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The schemas of which a value must fit one, but null.
fn branches(schema: &Value) -> Vec<&Value> {
    let branches = schema["anyOf"].as_array().into_iter().flatten();
    branches.filter(|branch| branch["type"] != "null").collect()
}

fn accepted(root: &Value, schema: &Value) -> String {
    let followed = follow(root, schema);
    let is_object = followed["properties"].is_object();
    if let ([one, other], false) = (&branches(followed)[..], is_object) {
        return format!("{} or {}", accepted(root, one), accepted(root, other));
    }
    let schema = resolve(root, schema);
    if let Some(words) = schema["oneOf"].as_array() {
        let words: Vec<String> = words
            .iter()
            .filter_map(|it| it["const"].as_str())
            .map(|it| format!("`{it}`"))
            .collect();
        return words.join(", ");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> =
            words.iter().filter_map(Value::as_str).map(|it| format!("`{it}`")).collect();
        return words.join(", ");
    }
    let types = &schema["type"];
    let kind = types.as_str().or_else(|| types[0].as_str()).unwrap_or_default();
    match kind {
        "array" => format!("list of {}", accepted(root, &schema["items"])),
        "integer" => {
            let bound = |key: &str| schema[key].as_u64().unwrap_or(0);
            format!("{} to {}", bound("minimum"), bound("maximum"))
        }
        "boolean" => "`true`, `false`".to_owned(),
        "string" => "text".to_owned(),
        _ => "keys below".to_owned(),
    }
}
