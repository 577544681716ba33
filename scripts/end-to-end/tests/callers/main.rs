//! Who gets in, and that nothing which a caller presents is written anywhere: by a token in the header and by a
//! key in the path, through the front door, on the binaries that ship.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod credentials;
mod private;
mod quiet;
mod rotation;
mod sources;
