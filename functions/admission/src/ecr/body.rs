//! Limits the length of the bodies of answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecr::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_ecr::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecr::error::BoxError;
use aws_smithy_types::body::SdkBody;
use futures_util::{FutureExt, TryStreamExt};
use http_body_util::{BodyStream, LengthLimitError, Limited, StreamBody};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Ends a body that is too long while it is read.
#[derive(Debug, Clone)]
pub struct LimitBody {
    limit: usize,
    memory: Option<Memory>,
}

/// Room for one body at a time, taken from what all of them may have together.
#[derive(Debug, Clone)]
struct Memory {
    all: Arc<Semaphore>,
    room: Arc<Room>,
}

/// The state of a body. Its room is free again when this is dropped: keep it while what was read is in
/// memory.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: Mutex<Option<OwnedSemaphorePermit>>,
    too_long: AtomicBool,
}

impl Room {
    fn hold(&self, permit: Option<OwnedSemaphorePermit>) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }

    /// Whether the body was longer than its limit.
    pub(super) fn is_too_small(&self) -> bool {
        self.too_long.load(Ordering::Relaxed)
    }
}

impl LimitBody {
    /// A limit in bytes.
    pub fn to(limit: usize) -> Self {
        Self { limit, memory: None }
    }

    /// The same; a body is read only when `all`, of which a permit is a byte, has room for it.
    pub(super) fn within(limit: usize, all: Arc<Semaphore>) -> (Self, Arc<Room>) {
        let room = Arc::<Room>::default();
        let memory = Memory { all, room: Arc::clone(&room) };
        (Self { limit, memory: Some(memory) }, room)
    }
}

impl Intercept for LimitBody {
    fn name(&self) -> &'static str {
        "LimitBody"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let length = response.headers().get("content-length").and_then(|text| text.parse().ok());
        let length: Option<u64> = length.or(response.body().content_length());
        let length = length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let body = Limited::new(response.take_body(), self.limit);
        *response.body_mut() = match self.memory.clone() {
            None => SdkBody::from_body_1_x(body),
            // Not read at all. To the SDK an empty body is an answer, so it does not repeat the call.
            Some(Memory { room, .. }) if length.is_some_and(|length| length > self.limit) => {
                room.too_long.store(true, Ordering::Relaxed);
                SdkBody::empty()
            }
            Some(Memory { all, room }) => {
                // Without a length it may be as long as it can be.
                let bytes = length.unwrap_or(self.limit);
                let noted = Arc::clone(&room);
                let frames = async move {
                    let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
                    // The body of a repeated call replaces the one before.
                    room.hold(None);
                    room.hold(all.acquire_many_owned(permits).await.ok());
                    BodyStream::new(body)
                };
                let frames = frames.flatten_stream().inspect_err(move |error: &BoxError| {
                    if error.is::<LengthLimitError>() {
                        noted.too_long.store(true, Ordering::Relaxed);
                    }
                });
                SdkBody::from_body_1_x(StreamBody::new(frames))
            }
        };
        Ok(())
    }
}
