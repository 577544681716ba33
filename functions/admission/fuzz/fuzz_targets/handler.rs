//! Any bytes are answered, with 400 or with a review that says what became of them. None panics.
#![no_main]

#[path = "handler/check.rs"]
mod check;
#[path = "handler/patch.rs"]
mod patch;
#[path = "handler/registry.rs"]
mod registry;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static FUNCTION: LazyLock<check::Function> = LazyLock::new(|| check::Function::new("ERROR"));

fuzz_target!(|body: &[u8]| {
    FUNCTION.check(body);
});
