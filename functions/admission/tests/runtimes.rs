//! What nodes run is what was evaluated: containerd's `images.Manifest` and containers/image's
//! `ChooseInstance` over tens of thousands of repositories, the same in every run.
//!
//! Run by `scripts/checks/runtimes`, which builds the Go program with both of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use ecr_admission::manifest::{INDEX_TYPES, Kind, read};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[path = "runtimes/mutate.rs"]
mod mutate;
#[path = "runtimes/random.rs"]
mod random;
#[path = "runtimes/repository.rs"]
mod repository;
#[path = "runtimes/seeds.rs"]
mod seeds;
#[path = "runtimes/tree.rs"]
mod tree;

use random::Random;
use repository::Repository;

/// Where the Go program is.
const PROGRAM: &str = "ECR_ADMISSION_RUNTIMES";
const CASES: usize = 20_000;
const SEED: u64 = 20_261_126;

#[derive(Serialize)]
struct Question<'a> {
    id: usize,
    root: &'a str,
    blobs: Vec<QuestionBlob<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuestionBlob<'a> {
    digest: &'a str,
    media_type: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    id: usize,
    containerd: BTreeSet<String>,
    containers: BTreeSet<String>,
    refused: BTreeSet<String>,
}

/// What becomes of a repository's root here.
enum Evaluated {
    Denied,
    Images {
        /// The digests that are evaluated.
        evaluated: BTreeSet<String>,
        /// The digests that are left out for what their own manifest says.
        artifacts: BTreeSet<String>,
    },
}

fn evaluate(repository: &Repository) -> Evaluated {
    let (mut evaluated, mut artifacts) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![repository.root.clone()];
    while let Some(digest) = open.pop() {
        let Some(blob) = repository.blobs.get(&digest) else {
            evaluated.insert(digest);
            continue;
        };
        let Ok(manifest) = read(blob.media_type.as_deref().unwrap_or_default(), &blob.text) else {
            return Evaluated::Denied;
        };
        match manifest.kind {
            Kind::Index(entries) => {
                let chosen = entries.into_iter().filter(|entry| !entry.never_chosen);
                open.extend(chosen.map(|entry| entry.digest.to_string()));
            }
            Kind::Image(image) if image.artifact && digest != repository.root => {
                artifacts.insert(digest);
            }
            Kind::Image(_) => {
                evaluated.insert(digest);
            }
        }
    }
    Evaluated::Images { evaluated, artifacts }
}

/// The digests that a reader finds who knows nothing of other letters.
fn naive(repository: &Repository, digest: &str, found: &mut BTreeSet<String>) {
    found.insert(digest.to_owned());
    let Some(blob) = repository.blobs.get(digest) else { return };
    let document: Value = serde_json::from_str(&blob.text).unwrap_or_default();
    for descriptor in document["manifests"].as_array().into_iter().flatten() {
        if let Some(child) = descriptor["digest"].as_str()
            && descriptor["platform"]["os"] != "unknown"
        {
            naive(repository, child, found);
        }
    }
}

/// How much of what was generated reached what it is to reach.
#[derive(Debug, Default)]
struct Reached {
    /// Cases that are not denied.
    accepted: usize,
    /// Of them, those of which containerd chooses something.
    containerd: usize,
    /// Of them, those of which containers/image chooses something.
    containers: usize,
    /// Of them, those of which a reader chooses an artifact that was left out, and then refuses it.
    refused: usize,
    /// Cases that are denied, and of which a reader chooses something all the same.
    denied_and_chosen: usize,
    /// Cases of which a reader chooses what a naive reader does not find.
    naive_fooled: usize,
}

/// What a reader chooses of a repository and was not evaluated.
fn check(repository: &Repository, answer: &Answer, reached: &mut Reached) -> Vec<String> {
    let chosen: BTreeSet<&String> = answer.containerd.union(&answer.containers).collect();
    let mut found = BTreeSet::new();
    naive(repository, &repository.root, &mut found);
    reached.naive_fooled += usize::from(chosen.iter().any(|digest| !found.contains(*digest)));
    let Evaluated::Images { evaluated, artifacts } = evaluate(repository) else {
        reached.denied_and_chosen += usize::from(!chosen.is_empty());
        return vec![];
    };
    reached.accepted += 1;
    reached.containerd += usize::from(!answer.containerd.is_empty());
    reached.containers += usize::from(!answer.containers.is_empty());
    let left_out = |digest: &str| artifacts.contains(digest) && answer.refused.contains(digest);
    reached.refused += usize::from(chosen.iter().any(|digest| left_out(digest)));
    let escaped = chosen.into_iter().filter(|d| !evaluated.contains(*d) && !left_out(d));
    escaped.cloned().collect()
}

fn ask(program: &str, repositories: &[Repository]) -> BTreeMap<usize, Answer> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut questions = child.stdin.take().unwrap();
    let answers = BufReader::new(child.stdout.take().unwrap());
    let answers: BTreeMap<usize, Answer> = std::thread::scope(|scope| {
        scope.spawn(move || {
            for (id, repository) in repositories.iter().enumerate() {
                let blobs = repository.blobs.iter().map(|(digest, blob)| QuestionBlob {
                    digest,
                    media_type: blob.media_type.as_deref().unwrap_or_default(),
                    text: &blob.text,
                });
                let question = Question { id, root: &repository.root, blobs: blobs.collect() };
                writeln!(questions, "{}", serde_json::to_string(&question).unwrap()).unwrap();
            }
        });
        let answers = answers.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        answers.map(|answer: Answer| (answer.id, answer)).collect()
    });
    assert!(child.wait().unwrap().success());
    answers
}

#[test]
#[ignore = "needs the Go program that scripts/checks/runtimes builds"]
fn what_nodes_run_is_what_was_evaluated() {
    let program = std::env::var(PROGRAM).expect("the path of the Go program");
    let mut random = Random(SEED);
    let mut repositories = seeds::repositories();
    let seeds = repositories.len();
    repositories.extend((0..CASES).map(|_| Repository::random(&mut random)));
    let answers = ask(&program, &repositories);
    let mut reached = Reached::default();
    let mut failed = 0;
    let mut out = std::io::stdout();
    for (id, repository) in repositories.iter().enumerate() {
        let escaped = check(repository, &answers[&id], &mut reached);
        if !escaped.is_empty() {
            failed += 1;
            writeln!(out, "case {id}: of {}, not evaluated: {escaped:?}", repository.root).unwrap();
            for (digest, blob) in &repository.blobs {
                writeln!(out, "  {digest} {:?} {}", blob.media_type, blob.text).unwrap();
            }
        }
        if id < seeds {
            assert!(
                !answers[&id].containerd.is_empty() && !answers[&id].containers.is_empty(),
                "seed {id}: no reader chooses anything"
            );
        }
    }
    writeln!(out, "{reached:?}").unwrap();
    writeln!(out, "{} passed, {failed} failed", repositories.len() - failed).unwrap();
    assert_eq!(failed, 0);
    // Else nothing was proven.
    assert!(reached.accepted > CASES * 30 / 100);
    assert!(reached.containerd > reached.accepted * 60 / 100);
    assert!(reached.containers > reached.accepted * 60 / 100);
    assert!(reached.refused > CASES / 100);
    assert!(reached.denied_and_chosen > CASES / 10);
    assert!(reached.naive_fooled > CASES / 100);
}

#[test]
fn a_usual_index_is_evaluated_and_its_artifacts_are_left_out() {
    let all = seeds::repositories();
    let outcomes: Vec<(usize, usize)> = all
        .iter()
        .map(|repository| match evaluate(repository) {
            Evaluated::Denied => (0, 0),
            Evaluated::Images { evaluated, artifacts } => (evaluated.len(), artifacts.len()),
        })
        .collect();
    assert_eq!(outcomes, [(1, 1), (2, 0), (1, 0), (0, 0), (0, 0), (0, 0)]);
    assert_eq!(all[0].blobs[&all[0].root].media_type.as_deref(), Some(INDEX_TYPES[0]));
}
