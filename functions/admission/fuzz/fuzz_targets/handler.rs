//! Any bytes are answered, with 400 or with a review that says what became of them, as the body of an event of both
//! payload formats and as the event itself. None panics.
#![no_main]

use std::sync::LazyLock;

use ecr_admission_testing::check::Function;
use libfuzzer_sys::fuzz_target;

static FUNCTION: LazyLock<Function> = LazyLock::new(|| Function::new("ERROR"));

fuzz_target!(|bytes: &[u8]| {
    FUNCTION.check(bytes);
    FUNCTION.check_event(bytes);
});
