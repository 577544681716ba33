//! Any bytes are answered, with 400 or with a review that says what became of them. None panics.
#![no_main]

use std::sync::LazyLock;

use ecr_admission_testing::check::Function;
use libfuzzer_sys::fuzz_target;

static FUNCTION: LazyLock<Function> = LazyLock::new(|| Function::new("ERROR"));

fuzz_target!(|body: &[u8]| {
    FUNCTION.check(body);
});
