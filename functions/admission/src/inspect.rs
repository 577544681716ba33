//! All the look-ups of a review, in parallel, inside its deadline.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ecr_admission_policy::facts::{
    Cause, Content, ImageFacts, RepositoryFacts, SigningFacts, Unavailable,
};
use ecr_admission_policy::names::{AccountId, Digest, Region, RepositoryName};
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, Inspection};
use futures_util::future::{join, join_all};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The most calls of one review in flight at a time: a Pod of a hundred images of as many
/// repositories still waits for one round trip. Each call may need a connection of its own.
pub const MOST_CALLS: usize = 128;

/// The images of one review beyond which fewer of its calls are in flight at a time.
pub const MANY_IMAGES: usize = 50;

/// The most calls in flight for a review of many images: ECR counts the calls of all
/// reviews together, and other reviews need their share.
pub const MOST_CALLS_FOR_MANY: usize = 32;

/// How many bytes of manifests may be in memory at a time. Manifests have a few thousand bytes; one may
/// have 4 MiB (service quotas of Amazon ECR), and the author of an image decides.
const MANIFESTS: usize = 12 << 20;

/// Looks facts up. Implemented over Amazon ECR, and over plain data in tests.
///
/// A look-up that fails is an answer, not an error: see [`Missing`].
pub trait InspectImage {
    /// The facts of `names` in one registry, each looked up or missing for a reason.
    fn repositories(
        &self,
        registry: &Registry,
        names: &BTreeSet<RepositoryName>,
        budget: &Budget,
    ) -> impl Future<Output = BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>>>;

    /// What `images` are now, each found or missing for a reason, with what `needs` asks for.
    fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        needs: &Needs,
        budget: &Budget,
    ) -> impl Future<Output = BTreeMap<EcrImage, Result<Found, Missing>>>;
}

/// An image that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The digest that its tag or digest stands for now.
    pub digest: Digest,
    /// One image, or an index of several.
    pub content: Content,
    /// See [`ImageFacts::checkpoint`].
    pub checkpoint: Option<String>,
    /// See [`ImageFacts::signing`].
    pub signing: SigningFacts,
}

impl From<(Digest, Content)> for Found {
    /// An image without a checkpoint, whose signing nobody asked for.
    fn from((digest, content): (Digest, Content)) -> Self {
        Self { digest, content, checkpoint: None, signing: SigningFacts::NotRead }
    }
}

/// A private registry, and whether it is that of the function's own account: some calls of ECR cannot
/// be made for another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registry {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// Whether the function runs in this account.
    pub own: bool,
}

/// Why there are no facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The repository does not exist.
    Repository,
    /// The repository does not hold the image.
    Image,
    /// The repository is a pull-through cache that has not imported the image yet.
    NotImported,
    /// Between two look-ups the tag moved from one image to another, and again when they were repeated.
    Moved,
    /// The look-up failed.
    Unavailable(Unavailable),
}

impl Missing {
    /// Of two reasons the one to name: what does not exist before what could not be asked, since the
    /// author can do something about it.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let rank = |missing: &Self| match missing {
            Self::Repository => 0,
            Self::Image => 1,
            Self::NotImported => 2,
            Self::Moved => 3,
            Self::Unavailable(_) => 4,
        };
        if rank(&other) < rank(&self) { other } else { self }
    }

    /// A look-up by `operation` that failed.
    pub fn unavailable(operation: &'static str, cause: Cause) -> Self {
        Self::Unavailable(Unavailable { operation, cause })
    }
}

/// What the look-ups of one review may use, and have used.
#[derive(Debug)]
pub struct Budget {
    /// When the last of them must be over.
    pub deadline: Instant,
    calls: AtomicU32,
    throttled: AtomicU32,
    room: Semaphore,
    /// Whether the room is to stay as it is, however many images there are.
    is_narrow: AtomicBool,
    manifests: Arc<Semaphore>,
}

impl Budget {
    /// A budget that ends at `deadline`.
    pub fn new(deadline: Instant) -> Self {
        Self::of(deadline, MOST_CALLS, false)
    }

    /// The same with room for so many calls, however many images there are.
    pub fn with_room_for(calls: usize, deadline: Instant) -> Self {
        Self::of(deadline, calls, true)
    }

    fn of(deadline: Instant, room: usize, is_narrow: bool) -> Self {
        let (calls, throttled) = (AtomicU32::new(0), AtomicU32::new(0));
        let (room, manifests) = (Semaphore::new(room), Semaphore::new(MANIFESTS).into());
        Self { deadline, calls, throttled, room, is_narrow: is_narrow.into(), manifests }
    }

    /// Memory for the bodies of manifests: a permit is a byte.
    pub(crate) fn memory(&self) -> Arc<Semaphore> {
        Arc::clone(&self.manifests)
    }

    /// Leaves room for other reviews if so many images are to be looked up. To be called before the first
    /// call is on its way; once narrow, the room stays so.
    pub fn prepare_for(&self, images: usize) {
        if images > MANY_IMAGES && !self.is_narrow.swap(true, Ordering::Relaxed) {
            self.room.forget_permits(MOST_CALLS - MOST_CALLS_FOR_MANY);
        }
    }

    /// Waits until there is room for one more call, and counts it. It is on its way until what is
    /// returned is dropped; `None` never comes, since nothing closes the semaphore.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let turn = self.room.acquire().await.ok();
        self.count_call();
        turn
    }

    /// Counts one call of the registry's API. The SDK's own repeats of a call are not counted again.
    pub fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// How many calls were made.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Counts one call that was refused for its rate: once, however often the SDK repeated it.
    pub fn count_throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    /// How many calls were refused for their rate.
    pub fn throttled(&self) -> u32 {
        self.throttled.load(Ordering::Relaxed)
    }
}

/// Looks every image up: repositories once each and images once each, all at the same time.
pub async fn gather(
    inspector: &impl InspectImage,
    own_account: &AccountId,
    images: &BTreeSet<EcrImage>,
    needs: &Needs,
    budget: &Budget,
) -> BTreeMap<EcrImage, Inspection> {
    budget.prepare_for(images.len());
    let mut registries: BTreeMap<Registry, BTreeSet<RepositoryName>> = BTreeMap::new();
    for image in images {
        registries
            .entry(registry(image, own_account))
            .or_default()
            .insert(image.repository.clone());
    }
    let repositories = join_all(
        registries.iter().map(|(registry, names)| inspector.repositories(registry, names, budget)),
    );
    let found = inspector.images(images, needs, budget);
    let (repositories, mut found) = join(repositories, found).await;
    let repositories: BTreeMap<&Registry, _> = registries.keys().zip(repositories).collect();
    let unanswered = || Missing::unavailable("the look-up", Cause::Internal);
    images
        .iter()
        .map(|image| {
            let repository = repositories
                .get(&registry(image, own_account))
                .and_then(|names| names.get(&image.repository))
                .cloned()
                .unwrap_or_else(|| Err(unanswered()));
            let found = found.remove(image).unwrap_or_else(|| Err(unanswered()));
            (image.clone(), combine(repository, found))
        })
        .collect()
}

fn registry(image: &EcrImage, own_account: &AccountId) -> Registry {
    let (account, region) = (image.account.clone(), image.region.clone());
    Registry { own: account == *own_account, account, region }
}

fn combine(
    repository: Result<RepositoryFacts, Missing>,
    found: Result<Found, Missing>,
) -> Inspection {
    let missing = match (repository, found) {
        (Ok(repository), Ok(Found { digest, content, checkpoint, signing })) => {
            let facts = ImageFacts { repository, digest, content, checkpoint, signing };
            return Inspection::Inspected(facts.into());
        }
        (Err(missing), Ok(_)) | (Ok(_), Err(missing)) => missing,
        (Err(one), Err(other)) => one.or(other),
    };
    match missing {
        Missing::Repository => Inspection::RepositoryNotFound,
        Missing::Image => Inspection::ImageNotFound,
        Missing::NotImported => Inspection::NotImported,
        Missing::Moved => Inspection::Moved,
        Missing::Unavailable(unavailable) => Inspection::Unavailable(unavailable),
    }
}
