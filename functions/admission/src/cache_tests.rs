use ecr_admission_policy::facts::{Content, ImageScan, RepositoryFacts, Scanning};
use ecr_admission_policy::mutability::TagMutability;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);
const NOW: u64 = 1_795_176_000_000;

fn image(tag: &str) -> EcrImage {
    EcrImage {
        account: "123456789012".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        repository: "pay".parse().unwrap(),
        id: ImageId::Tag(tag.parse().unwrap()),
    }
}

fn facts(mutability: &str, digit: u32) -> ImageFacts {
    ImageFacts {
        repository: RepositoryFacts {
            mutability: TagMutability::new(mutability, vec![]),
            scanning: Scanning::Effective("SCAN_ON_PUSH".into()),
        },
        digest: format!("sha256:{digit:064x}").parse().unwrap(),
        content: Content::Image(ImageScan::NotFound),
    }
}

fn knows(cache: &Cache, image: &EcrImage, now_ms: u64) -> bool {
    !cache.recall(&[image.clone()].into(), now_ms).is_empty()
}

fn by_digest(facts: &ImageFacts) -> EcrImage {
    EcrImage { id: ImageId::Digest(facts.digest.clone()), ..image("x") }
}

#[test]
fn facts_are_known_until_they_are_too_old() {
    let mut cache = Cache::new(MINUTE);
    cache.remember(&image("1"), &facts("IMMUTABLE", 1), false, NOW);
    assert!(knows(&cache, &image("1"), NOW));
    assert!(knows(&cache, &image("1"), NOW + 59_999));
    assert!(!knows(&cache, &image("1"), NOW + 60_000));
    assert!(!knows(&cache, &image("2"), NOW));
    assert!(!knows(&cache, &image("1"), NOW - 1), "a clock set back makes stale, not young");
}

#[test]
fn a_tag_that_can_be_overwritten_is_never_remembered_its_digest_is() {
    let mut cache = Cache::new(MINUTE);
    let facts = facts("MUTABLE", 1);
    cache.remember(&image("1"), &facts, false, NOW);
    assert!(!knows(&cache, &image("1"), NOW));
    assert!(knows(&cache, &by_digest(&facts), NOW));
}

#[test]
fn what_was_violated_is_soon_forgotten() {
    let mut cache = Cache::new(MINUTE);
    cache.remember(&image("1"), &facts("IMMUTABLE", 1), true, NOW);
    assert!(knows(&cache, &image("1"), NOW + 4_999));
    assert!(!knows(&cache, &image("1"), NOW + 5_000));
}

#[test]
fn zero_seconds_turn_it_off() {
    let mut cache = Cache::new(Duration::ZERO);
    cache.remember(&image("1"), &facts("IMMUTABLE", 1), false, NOW);
    assert!(!knows(&cache, &image("1"), NOW));
    assert!(cache.entries.is_empty());
}

#[test]
fn it_never_grows_past_its_capacity_and_drops_the_oldest_first() {
    let mut cache = Cache::new(MINUTE);
    for n in 0..2_000_u32 {
        let tag = image(&n.to_string());
        cache.remember(&tag, &facts("IMMUTABLE", n), false, NOW + u64::from(n));
        assert!(cache.entries.len() <= CAPACITY);
    }
    assert!(knows(&cache, &image("1999"), NOW + 2_000));
    assert!(!knows(&cache, &image("0"), NOW + 2_000));
}
