use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::tokens::Token;
use crate::url_key::UrlKey;

const HOUR: Duration = Duration::from_hours(1);
const OVERLAP: Duration = Duration::from_hours(24);
const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const OLD_A: &str = "oooooooooooooooooooooooooooooooooooooooo";
const OLD_C: &str = "cccccccccccccccccccccccccccccccccccccccc";

fn token(text: &str) -> Credential {
    Credential::Token(Token::new(text))
}

/// The key that is derived from this token.
fn key_of(text: &str) -> Credential {
    Credential::UrlKey(Token::new(text).url_key())
}

fn rotated_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + 500_000 * HOUR
}

fn version(created: Option<SystemTime>, entries: &[(&str, &str)]) -> SecretVersion {
    let entries: BTreeMap<_, _> = entries.iter().copied().collect();
    SecretVersion::parse(String::new(), created, &serde_json::to_string(&entries).unwrap()).unwrap()
}

/// `east` and `west` have tokens; before the rotation `east` had another one, and there was
/// `gone`.
fn caller(
    presented: &Credential,
    overlap: Duration,
    since_rotation: Duration,
) -> Option<(String, Stage)> {
    let current = version(Some(rotated_at()), &[("east", A), ("west", B)]);
    let previous =
        version(Some(rotated_at() - HOUR), &[("east", OLD_A), ("gone", OLD_C), ("west", B)]);
    let now = rotated_at() + since_rotation;
    let found = authorize(presented, &current, Some(&previous), overlap, now)?;
    assert_eq!(found.via, presented.via());
    Some((found.cluster, found.stage))
}

#[test]
fn the_token_or_its_key_says_which_cluster_calls() {
    for (text, cluster) in [(A, "east"), (B, "west")] {
        for (overlap, since) in [(OVERLAP, HOUR), (OVERLAP, 2 * OVERLAP), (Duration::ZERO, HOUR)] {
            let expected = Some((cluster.to_owned(), Stage::Current));
            assert_eq!(caller(&token(text), overlap, since), expected, "{cluster}");
            assert_eq!(caller(&key_of(text), overlap, since), expected, "{cluster}");
        }
    }
}

#[test]
fn a_key_is_never_a_token_and_a_token_never_a_key() {
    let key = "k".repeat(UrlKey::LENGTH);
    let other = Token::new(key.clone()).url_key();
    // A token that has the form of a key, and is one cluster's token.
    let current = version(Some(rotated_at()), &[("east", &key)]);
    let found = |credential| authorize(&credential, &current, None, OVERLAP, rotated_at());
    assert!(found(token(&key)).is_some());
    assert!(found(Credential::UrlKey(UrlKey::parse(&key).unwrap())).is_none());
    assert!(found(Credential::UrlKey(other)).is_some());
    // Of the shared test vector: the key as a token.
    let text = "0123456789abcdef".repeat(4);
    let current = version(Some(rotated_at()), &[("east", &text)]);
    let vector = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";
    let found = |credential| authorize(&credential, &current, None, OVERLAP, rotated_at());
    assert!(found(Credential::UrlKey(UrlKey::parse(vector).unwrap())).is_some());
    assert!(found(token(vector)).is_none());
}

#[test]
fn the_previous_token_and_its_key_count_for_the_overlap() {
    let east = Some(("east".to_owned(), Stage::Previous));
    for (overlap, since, expected) in [
        (OVERLAP, Duration::ZERO, &east),
        (OVERLAP, Duration::from_secs(24 * 3600 - 1), &east),
        (OVERLAP, OVERLAP, &None),
        (OVERLAP, OVERLAP * 2, &None),
        (Duration::ZERO, Duration::ZERO, &None),
        (Duration::ZERO, HOUR, &None),
    ] {
        for presented in [token(OLD_A), key_of(OLD_A)] {
            assert_eq!(&caller(&presented, overlap, since), expected, "{overlap:?} {since:?}");
        }
    }
}

#[test]
fn a_clock_behind_the_rotation_is_inside_the_overlap_unless_there_is_none() {
    let current = version(Some(rotated_at()), &[("east", A)]);
    let before = rotated_at() - HOUR;
    assert!(in_overlap(&current, OVERLAP, before));
    assert!(!in_overlap(&current, Duration::ZERO, before));
}

#[test]
fn a_cluster_that_current_no_longer_names_is_out_at_once() {
    assert_eq!(caller(&token(OLD_C), OVERLAP, Duration::ZERO), None);
    assert_eq!(caller(&key_of(OLD_C), OVERLAP, Duration::ZERO), None);
}

#[test]
fn a_cluster_whose_current_token_is_unusable_is_out_too() {
    let current = version(Some(rotated_at()), &[("east", "short")]);
    let previous = version(None, &[("east", OLD_A)]);
    for presented in [token(OLD_A), token("short"), key_of(OLD_A), key_of("short")] {
        let found = authorize(&presented, &current, Some(&previous), OVERLAP, rotated_at());
        assert_eq!(found, None);
    }
}

#[test]
fn without_a_creation_time_no_previous_token_counts() {
    let current = version(None, &[("east", A)]);
    let previous = version(None, &[("east", OLD_A)]);
    for presented in [token(OLD_A), key_of(OLD_A)] {
        let found = authorize(&presented, &current, Some(&previous), OVERLAP, rotated_at());
        assert_eq!(found, None);
    }
}

#[test]
fn a_token_that_two_clusters_share_is_of_the_first() {
    let current = version(None, &[("west", A), ("east", A)]);
    for presented in [token(A), key_of(A)] {
        let found = authorize(&presented, &current, None, OVERLAP, rotated_at()).unwrap();
        assert_eq!(found.cluster, "east");
    }
}

#[test]
fn nothing_else_is_a_token() {
    let long = "a".repeat(100_000);
    let near = A.replacen('a', "b", 1);
    let short = A.replacen('a', "", 1);
    for text in
        ["", " ", "a", &short, &format!("{A}a"), &near, &A.to_uppercase(), "é", &long, "\0", "east"]
    {
        for presented in [token(text), key_of(text)] {
            assert_eq!(caller(&presented, OVERLAP, HOUR), None, "{text:.50}");
        }
    }
    let empty = version(Some(rotated_at()), &[]);
    assert_eq!(authorize(&token(""), &empty, Some(&empty), OVERLAP, rotated_at()), None);
}

/// Few clusters and few tokens, so that both versions often share some.
fn tokens() -> impl Strategy<Value = BTreeMap<String, String>> {
    let text = "[a-f]".prop_map(|letter| letter.repeat(32));
    proptest::collection::btree_map("[a-h]", text, 0..8)
}

fn parsed(tokens: &BTreeMap<String, String>) -> SecretVersion {
    SecretVersion::parse(String::new(), Some(rotated_at()), &serde_json::to_string(tokens).unwrap())
        .unwrap()
}

proptest! {
    #[test]
    fn exactly_the_tokens_of_the_secret_authorize(
        current in tokens(),
        previous in tokens(),
        other in "[a-f]{31,33}|[!-~]{0,48}",
        since in 0_u64..48 * 3600,
    ) {
        let now = rotated_at() + Duration::from_secs(since);
        let (now_tokens, old_tokens) = (parsed(&current), parsed(&previous));
        let presented = current.values().chain(previous.values()).chain([&other]);
        for text in presented {
            let by_current = current.iter().find(|(_, of)| *of == text);
            let by_previous = previous
                .iter()
                .filter(|_| since < OVERLAP.as_secs())
                .find(|(cluster, of)| *of == text && current.contains_key(*cluster));
            let expected = match (by_current, by_previous) {
                (Some((cluster, _)), _) => Some((cluster.clone(), Stage::Current)),
                (None, Some((cluster, _))) => Some((cluster.clone(), Stage::Previous)),
                (None, None) => None,
            };
            for presented in [token(text), key_of(text)] {
                let found = authorize(&presented, &now_tokens, Some(&old_tokens), OVERLAP, now);
                prop_assert_eq!(found.map(|found| (found.cluster, found.stage)), expected.clone());
            }
        }
    }
}
