//! What makes a manifest odd: a field in other letters, twice, of another type, null, moved or gone.

use serde_json::{Value, json};

use crate::random::Random;
use crate::repository::{descriptor, digest};
use crate::tree::Tree;

const FIELDS: [&str; 18] = [
    "schemaVersion",
    "mediaType",
    "manifests",
    "config",
    "layers",
    "digest",
    "urls",
    "annotations",
    "platform",
    "os",
    "architecture",
    "variant",
    "os.version",
    "os.features",
    "fsLayers",
    "size",
    "artifactType",
    "subject",
];

/// A platform, usual or not.
pub(crate) fn platform(random: &mut Random) -> Value {
    let usual = [
        json!({"os": "linux", "architecture": "amd64"}),
        json!({"os": "linux", "architecture": "arm64"}),
        json!({"os": "linux", "architecture": "arm", "variant": "v7"}),
        json!({"os": "windows", "architecture": "amd64", "os.version": "10.0.17763.1"}),
        json!({"os": "unknown", "architecture": "unknown"}),
    ];
    let odd = [
        json!({"os": "linux", "architecture": "x86_64"}),
        json!({"os": "Linux", "architecture": "AMD64", "variant": "v1"}),
        json!({"os": "linux", "architecture": "arm64", "variant": "v8"}),
        json!({"os": "linux", "architecture": ""}),
        json!({"os": "linux", "architecture": "s390x", "os.features": ["x"]}),
        json!({"os": "", "architecture": "amd64"}),
        json!({"os": "Unknown", "architecture": "unknown"}),
        json!({"os": "unknown", "architecture": "amd64"}),
        json!({"os": "linux", "architecture": "unknown"}),
        json!({}),
    ];
    if random.percent(75) { random.one(&usual).clone() } else { random.one(&odd).clone() }
}

/// Makes it odd in one way. What it comes to name is one of `named`: nothing that is named by its digest
/// can lead back to itself.
pub(crate) fn mutate(tree: &mut Tree, named: &[char], random: &mut Random) {
    let mut objects = 0;
    tree.each_object(&mut |_| objects += 1);
    let chosen = random.below(objects);
    let mut position = 0;
    tree.each_object(&mut |members| {
        if position == chosen {
            mutate_object(members, named, random);
        }
        position += 1;
    });
}

fn mutate_object(members: &mut Vec<(String, Tree)>, named: &[char], random: &mut Random) {
    if members.is_empty() || random.percent(15) {
        let field = *random.one(&FIELDS);
        let key =
            if random.percent(60) { field.to_owned() } else { in_other_letters(field, random) };
        let value = value_of(field, named, random);
        return members.insert(random.below(members.len() + 1), (key, value));
    }
    let position = random.below(members.len());
    let (key, value) = members[position].clone();
    match random.below(8) {
        0 | 1 => {
            let twin = (in_other_letters(&key, random), value_of(&key, named, random));
            members.insert(random.below(members.len() + 1), twin);
        }
        2 => {
            let twin = (key.clone(), value_of(&key, named, random));
            members.insert(random.below(members.len() + 1), twin);
        }
        3 => members[position].0 = in_other_letters(&key, random),
        4 => members[position].1 = Tree::Scalar("null".to_owned()),
        5 => {
            members.remove(position);
        }
        6 => members[position].1 = value_of(&key, named, random),
        _ => {
            let other = random.below(members.len());
            members[position].1 = members[other].1.clone();
            members[other].1 = value;
        }
    }
}

/// A value for a field, mostly of its type.
fn value_of(field: &str, named: &[char], random: &mut Random) -> Tree {
    if random.percent(10) {
        let any =
            [json!(null), json!(7), json!("x"), json!([]), json!({}), json!([null]), json!(true)];
        return random.one(&any).clone().into();
    }
    let value = match field.to_lowercase().as_str() {
        "digest" => json!(digest(*random.one(named))),
        "platform" => platform(random),
        "os" => json!(*random.one(&["linux", "windows", "unknown", "Linux"])),
        "architecture" => json!(*random.one(&["amd64", "arm64", "unknown", "s390x"])),
        "manifests" => {
            json!((0..random.below(4)).map(|_| descriptor(named, random)).collect::<Vec<_>>())
        }
        "schemaversion" => json!(*random.one(&[1, 2])),
        "annotations" => json!({"org.opencontainers.image.title": "x", "OS": "linux"}),
        "urls" => json!(["https://blobs.example.com/x"]),
        "layers" | "os.features" | "fslayers" => json!([]),
        "config" | "subject" => json!({"mediaType": "x", "digest": digest('c'), "size": 1}),
        "mediatype" => json!(*random.one(&[
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.oci.image.config.v1+json",
        ])),
        _ => json!("x"),
    };
    value.into()
}

/// A key as Go takes it for the same field, and most others do not.
fn in_other_letters(key: &str, random: &mut Random) -> String {
    match random.below(4) {
        0 => key.to_uppercase(),
        1 => {
            let position = random.below(key.len());
            let flip = |(at, c): (usize, char)| {
                if at == position { c.to_ascii_uppercase() } else { c }
            };
            key.char_indices().map(flip).collect()
        }
        2 => key.replace('s', "ſ").replace('k', "\u{212a}"),
        _ => {
            let escape = |(at, c): (usize, char)| {
                if at == 0 { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
            };
            key.char_indices().map(escape).collect()
        }
    }
}
