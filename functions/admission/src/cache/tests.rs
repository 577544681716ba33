use ecr_admission_policy::SeverityLimit;
use ecr_admission_policy::facts::{
    Cause, ConfigFacts, Content, Finding, Findings, ImageScan, PlatformFacts, Scan, SigningFacts,
    Unavailable,
};
use ecr_admission_policy::testing::{platform, repository, tagged};

use super::*;

const MINUTE: Duration = Duration::from_mins(1);
const NOW: u64 = 1_795_176_000_000;

fn facts(mutability: &str, digit: u32) -> ImageFacts {
    ImageFacts {
        repository: repository(mutability, "SCAN_ON_PUSH"),
        digest: format!("sha256:{digit:064x}").parse().unwrap(),
        content: Content::Image(platform(ImageScan::NotFound)),
        checkpoint: None,
        signing: SigningFacts::NotRead,
    }
}

fn knows(cache: &Cache, image: &EcrImage, now_ms: u64) -> bool {
    !cache.recall([image], now_ms).is_empty()
}

/// Remembers the facts of an image that violates no rule.
fn remember(cache: &mut Cache, image: &EcrImage, facts: &Arc<ImageFacts>, now_ms: u64) {
    cache.remember(image, facts, now_ms);
    cache.learn(image, facts, false);
}

fn by_digest(facts: &ImageFacts) -> EcrImage {
    EcrImage { id: ImageId::Digest(facts.digest.clone()), ..tagged("x") }
}

#[test]
fn facts_are_known_until_they_are_too_old() {
    let mut cache = Cache::new(MINUTE);
    remember(&mut cache, &tagged("1"), &facts("IMMUTABLE", 1).into(), NOW);
    assert!(knows(&cache, &tagged("1"), NOW));
    assert!(knows(&cache, &tagged("1"), NOW + 59_999));
    assert!(!knows(&cache, &tagged("1"), NOW + 60_000));
    assert!(!knows(&cache, &tagged("2"), NOW));
    assert!(!knows(&cache, &tagged("1"), NOW - 1), "a clock set back makes stale, not young");
}

#[test]
fn a_tag_that_can_be_overwritten_is_never_remembered_its_digest_is() {
    let mut cache = Cache::new(MINUTE);
    let facts = Arc::new(facts("MUTABLE", 1));
    remember(&mut cache, &tagged("1"), &facts, NOW);
    assert!(!knows(&cache, &tagged("1"), NOW));
    assert!(knows(&cache, &by_digest(&facts), NOW));
}

#[test]
fn facts_are_kept_for_five_seconds_unless_a_verdict_found_no_violation() {
    for (verdicts, kept_ms) in [
        (&[][..], 5_000),
        (&[true], 5_000),
        (&[false], 60_000),
        (&[false, true], 5_000),
        (&[true, false], 5_000),
    ] {
        let (mut cache, facts) = (Cache::new(MINUTE), Arc::new(facts("IMMUTABLE", 1)));
        cache.remember(&tagged("1"), &facts, NOW);
        for violated in verdicts {
            cache.learn(&tagged("1"), &facts, *violated);
        }
        for image in [tagged("1"), by_digest(&facts)] {
            assert!(knows(&cache, &image, NOW + kept_ms - 1), "{verdicts:?}");
            assert!(!knows(&cache, &image, NOW + kept_ms), "{verdicts:?}");
        }
    }
}

#[test]
fn a_verdict_on_earlier_facts_says_nothing_about_newer_ones() {
    let mut cache = Cache::new(MINUTE);
    let earlier = Arc::new(facts("IMMUTABLE", 1));
    cache.remember(&tagged("1"), &earlier, NOW);
    cache.remember(&tagged("1"), &facts("IMMUTABLE", 1).into(), NOW + 1);
    cache.learn(&tagged("1"), &earlier, false);
    assert!(!knows(&cache, &tagged("1"), NOW + 5_001));
}

#[test]
fn zero_seconds_turn_it_off() {
    let mut cache = Cache::new(Duration::ZERO);
    remember(&mut cache, &tagged("1"), &facts("IMMUTABLE", 1).into(), NOW);
    assert!(!knows(&cache, &tagged("1"), NOW));
    assert!(cache.entries.is_empty());
}

#[test]
fn it_never_grows_beyond_its_capacity_and_drops_the_oldest_first() {
    let mut cache = Cache::new(MINUTE);
    for n in 0..5_000_u32 {
        let tag = tagged(&n.to_string());
        remember(&mut cache, &tag, &facts("IMMUTABLE", n).into(), NOW + u64::from(n));
        assert!(cache.entries.len() <= CAPACITY);
    }
    // By tag and by digest each; room is made for a sixteenth at a time.
    let known = |n: &u32| knows(&cache, &tagged(&n.to_string()), NOW + 5_000);
    let first = (0..5_000).find(known).unwrap();
    assert!((CAPACITY - CAPACITY / 16..CAPACITY).contains(&cache.entries.len()));
    assert_eq!(usize::try_from(5_000 - first).unwrap(), cache.entries.len() / 2);
    assert!((first..5_000).all(|n| known(&n)), "only the oldest are dropped");
}

#[test]
fn facts_for_other_needs_are_forgotten() {
    let needs = |config| Needs {
        severity_limit: SeverityLimit::Critical,
        all_findings: false,
        config,
        signing: false,
        foreign_layers: false,
    };
    let mut cache = Cache::new(MINUTE);
    cache.forget_other_needs(&needs(false));
    remember(&mut cache, &tagged("1"), &facts("IMMUTABLE", 1).into(), NOW);
    cache.forget_other_needs(&needs(false));
    assert!(knows(&cache, &tagged("1"), NOW));
    cache.forget_other_needs(&needs(true));
    assert!(!knows(&cache, &tagged("1"), NOW));
}

#[test]
fn signing_statuses_that_could_not_be_read_are_not_remembered() {
    let unavailable =
        Unavailable { operation: "ecr:DescribeImageSigningStatus", cause: Cause::Throttled };
    for (signing, known) in [
        (SigningFacts::Unavailable(unavailable), false),
        (SigningFacts::Read(vec![]), true),
        (SigningFacts::NotRead, true),
    ] {
        let facts = ImageFacts { signing, ..facts("IMMUTABLE", 1) };
        let mut cache = Cache::new(MINUTE);
        remember(&mut cache, &tagged("1"), &facts.into(), NOW);
        assert_eq!(knows(&cache, &tagged("1"), NOW), known);
    }
}

#[test]
fn a_config_that_could_not_be_read_is_not_remembered() {
    let mut facts = facts("IMMUTABLE", 1);
    let unavailable = Unavailable { operation: "ecr:BatchGetImage", cause: Cause::Throttled };
    let config = ConfigFacts::Unavailable(unavailable);
    facts.content = Content::Image(PlatformFacts::new(ImageScan::NotFound, config));
    let mut cache = Cache::new(MINUTE);
    remember(&mut cache, &tagged("1"), &facts.into(), NOW);
    assert!(!knows(&cache, &tagged("1"), NOW));
}

#[test]
fn what_is_remembered_is_bounded_in_bytes() {
    let with_findings = |digit: u32, count: usize| {
        let finding = Finding {
            vulnerability: None,
            severity: "CRITICAL".into(),
            package: None,
            fixed_in: None,
            fix: "NO".into(),
            first_observed_at: None,
        };
        let mut facts = facts("IMMUTABLE", digit);
        let scan = ImageScan::Found(Scan {
            status: "COMPLETE".into(),
            completed_at: None,
            source_updated_at: None,
            any_open: count > 0,
            counts: [("CRITICAL".into(), count as u64)].into(),
            findings: Findings::All(vec![finding; count]),
        });
        facts.content = Content::Image(PlatformFacts::new(scan, ConfigFacts::NotRead));
        Arc::new(facts)
    };
    let quarter = MAX_BYTES / 4 / size_of::<Finding>() - 10;
    let mut cache = Cache::new(MINUTE);
    // By tag and by digest each.
    remember(&mut cache, &tagged("1"), &with_findings(1, quarter), NOW);
    remember(&mut cache, &tagged("2"), &with_findings(2, quarter), NOW + 1);
    assert!(knows(&cache, &tagged("1"), NOW + 1) && knows(&cache, &tagged("2"), NOW + 1));
    remember(&mut cache, &tagged("3"), &with_findings(3, 100), NOW + 2);
    assert!(knows(&cache, &tagged("3"), NOW + 2) && knows(&cache, &tagged("2"), NOW + 2));
    assert!(!knows(&cache, &tagged("1"), NOW + 2));
    remember(&mut cache, &tagged("4"), &with_findings(4, 5 * quarter), NOW + 3);
    assert!(!knows(&cache, &tagged("4"), NOW + 3), "larger than all that may be remembered");
    assert!(knows(&cache, &tagged("3"), NOW + 3), "and nothing is forgotten for it");
    let counted: usize = cache.entries.values().map(|entry| entry.facts.bytes()).sum();
    assert_eq!(cache.bytes, counted);
    cache.forget_other_needs(&Needs {
        severity_limit: SeverityLimit::High,
        all_findings: true,
        config: false,
        signing: false,
        foreign_layers: false,
    });
    assert_eq!((cache.bytes, cache.entries.len()), (0, 0));
}
