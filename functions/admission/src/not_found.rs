//! Repositories and images that did not exist a moment ago.
//!
//! Apart from the facts in [`crate::cache`]: an author may invent any number of names, and they must not
//! push out what is known of images that exist. Remembered only for [`KEEP`], so that a push counts
//! almost at once. Any other failure is never remembered.

use std::collections::BTreeMap;
use std::time::Duration;

use ecr_admission_policy::names::{AccountId, Region, RepositoryName};
use ecr_admission_policy::{EcrImage, Inspection};

/// How long it is remembered that something does not exist, at most.
pub const KEEP: Duration = Duration::from_secs(5);

/// How many names are remembered: below 1 MB, however long they are.
pub const CAPACITY: usize = 512;

/// What a sandbox remembers not to exist. All times are milliseconds since the Unix epoch.
#[derive(Debug)]
pub struct NotFound {
    keep_ms: u64,
    /// When each was asked for.
    asked_ms: BTreeMap<Name, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    /// With it, every image in it.
    Repository(AccountId, Region, RepositoryName),
    Image(EcrImage),
}

impl Name {
    fn of_repository(image: &EcrImage) -> Self {
        let EcrImage { account, region, repository, .. } = image;
        Self::Repository(account.clone(), region.clone(), repository.clone())
    }
}

impl NotFound {
    /// Remembers names for `keep` and at most for [`KEEP`]; with zero, none.
    pub fn new(keep: Duration) -> Self {
        let keep_ms = u64::try_from(keep.min(KEEP).as_millis()).unwrap_or(u64::MAX);
        Self { keep_ms, asked_ms: BTreeMap::new() }
    }

    /// Those of `images` that are known not to exist.
    pub fn recall<'a>(
        &self,
        images: impl IntoIterator<Item = &'a EcrImage>,
        now_ms: u64,
    ) -> BTreeMap<EcrImage, Inspection> {
        if self.asked_ms.is_empty() {
            return BTreeMap::new();
        }
        let is_known = |name: &Name| {
            self.asked_ms.get(name).is_some_and(|asked_ms| self.is_fresh(*asked_ms, now_ms))
        };
        let recalled = |image: &EcrImage| {
            if is_known(&Name::of_repository(image)) {
                Some(Inspection::RepositoryNotFound)
            } else if is_known(&Name::Image(image.clone())) {
                Some(Inspection::ImageNotFound)
            } else {
                None
            }
        };
        let known = |image: &EcrImage| Some((image.clone(), recalled(image)?));
        images.into_iter().filter_map(known).collect()
    }

    /// Remembers that an image, or its repository, did not exist at `asked_ms` (when its look-ups began).
    /// No other inspection is remembered here.
    pub fn remember(&mut self, image: &EcrImage, inspection: &Inspection, asked_ms: u64) {
        let name = match inspection {
            Inspection::RepositoryNotFound => Name::of_repository(image),
            Inspection::ImageNotFound => Name::Image(image.clone()),
            Inspection::Inspected(_)
            | Inspection::NotImported
            | Inspection::Moved
            | Inspection::Unavailable(_) => return,
        };
        if self.keep_ms == 0 {
            return;
        }
        if !self.asked_ms.contains_key(&name) {
            self.make_room(asked_ms);
        }
        self.asked_ms.insert(name, asked_ms);
    }

    /// Forgets what is stale and, while that is not enough, what is oldest.
    fn make_room(&mut self, now_ms: u64) {
        if self.asked_ms.len() < CAPACITY {
            return;
        }
        let keep_ms = self.keep_ms;
        self.asked_ms.retain(|_, asked_ms| is_fresh(*asked_ms, now_ms, keep_ms));
        while self.asked_ms.len() >= CAPACITY {
            let oldest = self.asked_ms.iter().min_by_key(|(_, asked_ms)| **asked_ms);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else { return };
            self.asked_ms.remove(&oldest);
        }
    }

    fn is_fresh(&self, asked_ms: u64, now_ms: u64) -> bool {
        is_fresh(asked_ms, now_ms, self.keep_ms)
    }
}

/// A clock that was set back makes what is remembered stale, not young.
fn is_fresh(asked_ms: u64, now_ms: u64, keep_ms: u64) -> bool {
    now_ms.checked_sub(asked_ms).is_some_and(|age| age < keep_ms)
}

#[cfg(test)]
mod tests {
    use ecr_admission_policy::facts::{Cause, Unavailable};
    use ecr_admission_policy::image::ImageId;

    use super::*;

    const NOW: u64 = 1_795_176_000_000;
    const MINUTE: Duration = Duration::from_mins(1);

    fn image(repository: &str, tag: &str) -> EcrImage {
        EcrImage {
            account: "123456789012".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            repository: repository.parse().unwrap(),
            id: ImageId::Tag(tag.parse().unwrap()),
        }
    }

    fn recalled(memory: &NotFound, image: &EcrImage, now_ms: u64) -> Option<Inspection> {
        memory.recall([image], now_ms).remove(image)
    }

    #[test]
    fn what_did_not_exist_is_remembered_for_five_seconds() {
        let mut memory = NotFound::new(MINUTE);
        let (gone, absent) = (image("gone", "1"), image("pay", "9"));
        memory.remember(&gone, &Inspection::RepositoryNotFound, NOW);
        memory.remember(&absent, &Inspection::ImageNotFound, NOW);
        for now_ms in [NOW, NOW + 4_999] {
            assert_eq!(recalled(&memory, &gone, now_ms), Some(Inspection::RepositoryNotFound));
            assert_eq!(recalled(&memory, &absent, now_ms), Some(Inspection::ImageNotFound));
        }
        // A repository that does not exist holds no image; one that holds no `9` may hold another.
        let other_tag = recalled(&memory, &image("gone", "2"), NOW);
        assert_eq!(other_tag, Some(Inspection::RepositoryNotFound));
        let elsewhere = EcrImage { region: "eu-west-1".parse().unwrap(), ..gone.clone() };
        for unknown in [image("pay", "1"), elsewhere] {
            assert_eq!(recalled(&memory, &unknown, NOW), None, "{unknown}");
        }
        // Stale, or of a clock that was set back.
        for now_ms in [NOW + 5_000, NOW - 1] {
            assert_eq!(recalled(&memory, &gone, now_ms), None);
            assert_eq!(recalled(&memory, &absent, now_ms), None);
        }
    }

    #[test]
    fn nothing_else_that_failed_is_remembered() {
        let mut memory = NotFound::new(MINUTE);
        for cause in [
            Cause::Throttled,
            Cause::AccessDenied,
            Cause::TimedOut,
            Cause::Internal,
            Cause::NotAsked,
            Cause::NotRecorded,
            Cause::Outdated,
        ] {
            let unavailable = Unavailable { operation: "ecr:DescribeRepositories", cause };
            memory.remember(&image("pay", "1"), &Inspection::Unavailable(unavailable), NOW);
            assert_eq!(recalled(&memory, &image("pay", "1"), NOW), None, "{cause:?}");
        }
    }

    #[test]
    fn where_facts_are_kept_for_less_so_is_this() {
        let mut memory = NotFound::new(Duration::from_secs(2));
        memory.remember(&image("gone", "1"), &Inspection::RepositoryNotFound, NOW);
        assert!(recalled(&memory, &image("gone", "1"), NOW + 1_999).is_some());
        assert!(recalled(&memory, &image("gone", "1"), NOW + 2_000).is_none());
        let mut off = NotFound::new(Duration::ZERO);
        off.remember(&image("gone", "1"), &Inspection::RepositoryNotFound, NOW);
        assert!(recalled(&off, &image("gone", "1"), NOW).is_none());
    }

    #[test]
    fn the_oldest_names_make_room_for_new_ones() {
        let mut memory = NotFound::new(MINUTE);
        let gone = |n: u64| image(&format!("gone-{n}"), "1");
        for n in 0..600 {
            memory.remember(&gone(n), &Inspection::RepositoryNotFound, NOW + n);
            // Once more what is remembered takes no further room.
            memory.remember(&gone(n), &Inspection::RepositoryNotFound, NOW + n);
            assert!(memory.asked_ms.len() <= CAPACITY);
        }
        let known = |n| recalled(&memory, &gone(n), NOW + 600).is_some();
        assert_eq!(
            (0..600).filter(|n| known(*n)).collect::<Vec<_>>(),
            (88..600).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_is_stale_makes_room_first() {
        let mut memory = NotFound::new(MINUTE);
        for n in 0..512 {
            memory.remember(&image("pay", &n.to_string()), &Inspection::ImageNotFound, NOW);
        }
        memory.remember(&image("pay", "new"), &Inspection::ImageNotFound, NOW + 5_000);
        assert_eq!(memory.asked_ms.len(), 1);
    }
}
