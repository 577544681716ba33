//! A cache never changes a verdict other than by its age: random changes of a registry, reviews and
//! waits, held against a model that has no cache.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ecr_admission::inspect::{Budget, Found, InspectImage, Missing, Registry};
use ecr_admission::lookups::Lookups;
use ecr_admission_policy::facts::{Cause, Content, RepositoryFacts};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::RepositoryName;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, FieldPath, Inspection, Mode, Verdict, decide, plan, testing};
use ecr_admission_testing::{REGISTRY, arrival, digest, platform, scan};
use proptest::prelude::*;

const KEEP_MS: u64 = 60_000;
const UNTIL_COMPLIANT_MS: u64 = 5_000;
const START_MS: u64 = 1_795_176_000_000;

/// A registry with one repository, `pay`, as it is at one moment.
#[derive(Debug, Clone)]
struct State {
    mutable: bool,
    scanned: bool,
    /// Which digest each tag has.
    tags: BTreeMap<&'static str, char>,
    /// The images that have a critical finding.
    critical: BTreeSet<char>,
    /// Whether ECR answers at all.
    down: bool,
}

/// What can happen.
#[derive(Debug, Clone)]
enum Step {
    Mutable(bool),
    Scanned(bool),
    Tag(&'static str, char),
    Untag(&'static str),
    Critical(char, bool),
    Down(bool),
    Wait(u64),
    Review(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let tag = || prop_oneof![Just("one"), Just("two")];
    let image = || prop_oneof![Just('a'), Just('b'), Just('c')];
    let wait = prop_oneof![0..200_u64, 4_000..6_000_u64, 20_000..70_000_u64];
    prop_oneof![
        2 => any::<bool>().prop_map(Step::Mutable),
        1 => any::<bool>().prop_map(Step::Scanned),
        2 => (tag(), image()).prop_map(|(tag, image)| Step::Tag(tag, image)),
        1 => tag().prop_map(Step::Untag),
        2 => (image(), any::<bool>()).prop_map(|(image, critical)| Step::Critical(image, critical)),
        1 => any::<bool>().prop_map(Step::Down),
        4 => wait.prop_map(Step::Wait),
        8 => prop_oneof![Just("one"), Just("two"), Just("@a"), Just("@b")].prop_map(Step::Review),
    ]
}

impl State {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Mutable(mutable) => self.mutable = *mutable,
            Step::Scanned(scanned) => self.scanned = *scanned,
            Step::Tag(tag, image) => _ = self.tags.insert(tag, *image),
            Step::Untag(tag) => _ = self.tags.remove(tag),
            Step::Critical(image, true) => _ = self.critical.insert(*image),
            Step::Critical(image, false) => _ = self.critical.remove(image),
            Step::Down(down) => self.down = *down,
            Step::Wait(_) | Step::Review(_) => {}
        }
    }

    fn content(&self, image: &EcrImage) -> Result<Found, Missing> {
        if self.down {
            return Err(Missing::unavailable("ecr:Any", Cause::Throttled));
        }
        let found = match &image.id {
            ImageId::Tag(tag) => self.tags.get(tag.as_str()).copied(),
            ImageId::Digest(digest) => digest.as_str().chars().last(),
        };
        let image = found.ok_or(Missing::Image)?;
        let findings: &[(&str, u64)] =
            if self.critical.contains(&image) { &[("CRITICAL", 1)] } else { &[] };
        Ok((digest(image), Content::Image(platform(scan("COMPLETE", findings)))).into())
    }

    fn repository(&self) -> Result<RepositoryFacts, Missing> {
        if self.down {
            return Err(Missing::unavailable("ecr:Any", Cause::Throttled));
        }
        let mutability = if self.mutable { "MUTABLE" } else { "IMMUTABLE" };
        let frequency = if self.scanned { "SCAN_ON_PUSH" } else { "MANUAL" };
        Ok(testing::repository(mutability, frequency))
    }
}

/// The registry as it is now.
struct Now(RefCell<State>);

impl InspectImage for &Now {
    async fn repositories(
        &self,
        _: &Registry,
        names: &BTreeSet<RepositoryName>,
        _: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        names.iter().map(|name| (name.clone(), self.0.borrow().repository())).collect()
    }

    async fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        _: &Needs,
        _: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        images.iter().map(|image| (image.clone(), self.0.borrow().content(image))).collect()
    }
}

/// The verdict on `pay:one`, or `pay@sha256:aa…` for `@a`, with whatever `lookups` remembers.
async fn review(lookups: &Lookups<&Now>, image: &str, now_ms: u64) -> Verdict {
    let image = match image.strip_prefix('@') {
        Some(digit) => format!("{REGISTRY}/pay@{}", digest(digit.chars().next().unwrap())),
        None => format!("{REGISTRY}/pay:{image}"),
    };
    let policy = testing::policy();
    let plan = plan([(FieldPath::new("image"), image)], Mode::Deny, &policy);
    let own = "123456789012".parse().unwrap();
    let arrival = arrival(now_ms);
    let known = lookups.inspect(plan.lookups(), &own, &policy.needs(), &arrival).await;
    let failed = |i: &Inspection| matches!(i, Inspection::Unavailable(_));
    assert!(known.remembered == 0 || !known.inspections.values().any(failed));
    let verdict = decide(&plan, &known.inspections, &policy, arrival.timestamp());
    lookups.learn(&known, &verdict.violating);
    verdict
}

/// What the model, which asks every time, says of an image in one state.
async fn without_cache(state: &State, image: &str, now_ms: u64) -> Verdict {
    let now = Now(RefCell::new(state.clone()));
    review(&Lookups::new(&now, Duration::ZERO), image, now_ms).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_is_one_that_was_right_a_short_while_ago(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let first = State {
            mutable: false,
            scanned: true,
            tags: [("one", 'a'), ("two", 'b')].into(),
            critical: BTreeSet::new(),
            down: false,
        };
        let now = Now(RefCell::new(first.clone()));
        let cached = Lookups::new(&now, Duration::from_millis(KEEP_MS));
        let mut now_ms = START_MS;
        // Every state there was, and until when it was so.
        let mut history: Vec<(State, u64)> = vec![];
        let mut state = first;
        for step in steps {
            match &step {
                Step::Wait(ms) => now_ms += ms,
                Step::Review(image) => {
                    let verdict = runtime.block_on(review(&cached, image, now_ms));
                    let keep =
                        if verdict.violations.is_empty() { KEEP_MS } else { UNTIL_COMPLIANT_MS };
                    let recent = history.iter().filter(|(_, until)| until + keep > now_ms);
                    let right = recent.map(|(state, _)| state).chain([&state]).any(|state| {
                        // Only what was answered can have been remembered.
                        let then = runtime.block_on(without_cache(state, image, now_ms));
                        then == verdict
                    });
                    prop_assert!(right, "{image} at {}: {verdict:?}", now_ms - START_MS);
                }
                change => {
                    history.push((state.clone(), now_ms));
                    state.apply(change);
                    *now.0.borrow_mut() = state.clone();
                }
            }
        }
    }
}

#[tokio::test]
async fn a_failed_look_up_is_never_remembered_nor_a_tag_that_can_be_moved() {
    let state = |mutable, down, image| State {
        mutable,
        scanned: true,
        tags: [("one", image)].into(),
        critical: ['b'].into(),
        down,
    };
    // A failure is forgotten at once.
    let now = Now(RefCell::new(state(false, true, 'a')));
    let lookups = Lookups::new(&now, Duration::from_millis(KEEP_MS));
    assert!(review(&lookups, "one", START_MS).await.has_failed_lookup());
    *now.0.borrow_mut() = state(false, false, 'a');
    assert_eq!(review(&lookups, "one", START_MS).await.violations, []);
    // A tag that cannot be moved is remembered: the change to `b` is seen when it is too old.
    *now.0.borrow_mut() = state(false, false, 'b');
    assert_eq!(review(&lookups, "one", START_MS + KEEP_MS - 1).await.violations, []);
    assert_ne!(review(&lookups, "one", START_MS + KEEP_MS).await.violations, []);
    // One that can be moved is asked for every time.
    let now = Now(RefCell::new(state(true, false, 'a')));
    let lookups = Lookups::new(&now, Duration::from_millis(KEEP_MS));
    let before = review(&lookups, "one", START_MS).await;
    *now.0.borrow_mut() = state(true, false, 'b');
    assert_ne!(review(&lookups, "one", START_MS).await, before);
}

#[tokio::test]
async fn what_does_not_exist_is_remembered_for_five_seconds_beside_the_facts() {
    let now = Now(RefCell::new(State {
        mutable: false,
        scanned: true,
        tags: [("one", 'a')].into(),
        critical: BTreeSet::new(),
        down: false,
    }));
    let lookups = Lookups::new(&now, Duration::from_millis(KEEP_MS));
    assert_eq!(review(&lookups, "one", START_MS).await.violations, []);
    let absent = review(&lookups, "two", START_MS).await;
    assert!(absent.message().unwrap().contains("holds no image with tag \"two\""), "{absent:?}");
    // More invented names than facts are remembered.
    for n in 0..600 {
        assert_ne!(review(&lookups, &format!("none-{n}"), START_MS + 1).await.violations, []);
    }
    // They evict no facts: `one` is still known when it has moved.
    now.0.borrow_mut().apply(&Step::Critical('a', true));
    assert_eq!(review(&lookups, "one", START_MS + 2).await.violations, []);
    // A push is seen 5 seconds after the name was asked for, and no sooner.
    assert_eq!(review(&lookups, "two", START_MS + 5_002).await, absent);
    now.0.borrow_mut().apply(&Step::Tag("two", 'b'));
    assert_eq!(review(&lookups, "two", START_MS + 10_001).await, absent);
    assert_eq!(review(&lookups, "two", START_MS + 10_002).await.violations, []);
}
