//! `DescribeImages` and `BatchGetImage`.

mod batch_get;
mod describe;

pub(super) use batch_get::batch_get;
pub(super) use describe::{describe, image_not_found};

/// The most images in one request.
const MOST_IMAGES: usize = 100;
