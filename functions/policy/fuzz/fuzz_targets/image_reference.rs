//! Any text is an image reference that displays as it was written, or is refused. None panics.
#![no_main]

use ecr_admission_policy::ImageReference;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(reference) = text.parse::<ImageReference>() else { return };
    assert_eq!(reference.to_string(), text);
    let ImageReference::Ecr(reference) = reference else { return };
    let image = reference.image();
    assert!(text.starts_with(image.account.as_str()));
    let host = text.split('/').next().unwrap_or_default();
    assert!(host.contains(image.region.as_str()));
    assert!(
        host.ends_with(".com")
            || host.ends_with(".com.cn")
            || host.ends_with(".aws")
            || host.ends_with(".eu")
            || host.ends_with(".gov")
            || host.ends_with(".uk")
    );
});
