//! Values of a case that are neither plain text nor plain numbers.

use std::fmt;

use ecr_admission_policy::Timestamp;
use ecr_admission_policy::text::quote;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A word of the ECR API. Only those that ECR is known to use are valid: a misspelled one would be
/// unknown, and so denied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word(pub(super) &'static str);

/// Makes a function that reads one of these words.
macro_rules! words {
    ($($name:ident: $($word:literal)|+;)+) => {$(
        pub(super) fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
            deserializer.deserialize_str(OneOf(&[$($word),+]))
        }
    )+};
}

words! {
    tag_mutability: "IMMUTABLE" | "MUTABLE";
    scan_frequency: "SCAN_ON_PUSH" | "CONTINUOUS_SCAN" | "MANUAL";
    scan_status: "COMPLETE" | "ACTIVE" | "PENDING" | "IN_PROGRESS" | "FAILED" | "UNSUPPORTED_IMAGE"
        | "SCAN_ELIGIBILITY_EXPIRED" | "FINDINGS_UNAVAILABLE" | "LIMIT_EXCEEDED" | "IMAGE_ARCHIVED"
        | "NOT_SCANNED";
    severity: "CRITICAL" | "HIGH" | "MEDIUM" | "LOW" | "INFORMATIONAL" | "UNTRIAGED" | "UNDEFINED";
    signing_status: "COMPLETE" | "IN_PROGRESS" | "FAILED";
    fix_available: "YES" | "NO" | "PARTIAL";
}

struct OneOf(&'static [&'static str]);

impl Visitor<'_> for OneOf {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Word, E> {
        self.0.iter().find(|word| **word == text).map(|word| Word(word)).ok_or_else(|| {
            E::custom(format!("expected {}, got {}", self.0.join(", "), quote(text, 64)))
        })
    }
}

/// When something was done, as ECR says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Instant {
    /// At the instant of the case: the key is left out.
    #[default]
    Now,
    /// Then.
    At(Timestamp),
    /// ECR does not say: `null`.
    Unsaid,
}

impl Instant {
    pub(super) fn seen_at(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Now => Some(now),
            Self::At(then) => Some(then),
            Self::Unsaid => None,
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|given| given.map_or(Self::Unsaid, Self::At))
    }
}

/// The result of looking up the image.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Found {
    /// `true`: it is there.
    #[default]
    Image,
    /// `false`: its repository holds no such image.
    NoImage,
    /// `repository`: there is no such repository.
    NoRepository,
    /// `unknown`: the call failed.
    Unknown,
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FoundVisitor)
    }
}

struct FoundVisitor;

/// What `found` may be.
const FOUND: &str =
    "true, false, repository (the repository is missing) or unknown (the call failed)";

impl Visitor<'_> for FoundVisitor {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FOUND)
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<Found, E> {
        Ok(if found { Found::Image } else { Found::NoImage })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Found, E> {
        match text {
            "repository" => Ok(Found::NoRepository),
            "unknown" => Ok(Found::Unknown),
            _ => Err(E::custom(format!("expected {FOUND}, got {}", quote(text, 64)))),
        }
    }
}
