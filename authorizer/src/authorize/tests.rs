use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const OVERLAP: Duration = Duration::from_hours(24);
const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const OLD_A: &str = "oooooooooooooooooooooooooooooooooooooooo";
const OLD_C: &str = "cccccccccccccccccccccccccccccccccccccccc";

fn rotated_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + 500_000 * HOUR
}

fn version(created: Option<SystemTime>, entries: &[(&str, &str)]) -> SecretVersion {
    let entries: BTreeMap<_, _> = entries.iter().copied().collect();
    SecretVersion::parse(String::new(), created, &serde_json::to_string(&entries).unwrap()).unwrap()
}

/// `east` and `west` have tokens; before the rotation `east` had another one, and there was
/// `gone`.
fn caller(presented: &str, overlap: Duration, since_rotation: Duration) -> Option<(String, Stage)> {
    let current = version(Some(rotated_at()), &[("east", A), ("west", B)]);
    let previous =
        version(Some(rotated_at() - HOUR), &[("east", OLD_A), ("gone", OLD_C), ("west", B)]);
    authorize(
        &Token::new(presented),
        &current,
        Some(&previous),
        overlap,
        rotated_at() + since_rotation,
    )
    .map(|caller| (caller.cluster, caller.stage))
}

#[test]
fn the_token_says_which_cluster_calls() {
    let east_and_west = [(A, "east"), (B, "west")];
    for (token, cluster) in east_and_west {
        for (overlap, since) in [(OVERLAP, HOUR), (OVERLAP, 2 * OVERLAP), (Duration::ZERO, HOUR)] {
            assert_eq!(
                caller(token, overlap, since),
                Some((cluster.to_owned(), Stage::Current)),
                "{cluster}"
            );
        }
    }
}

#[test]
fn the_previous_token_counts_for_the_overlap() {
    let east = Some(("east".to_owned(), Stage::Previous));
    for (overlap, since, expected) in [
        (OVERLAP, Duration::ZERO, &east),
        (OVERLAP, Duration::from_secs(24 * 3600 - 1), &east),
        (OVERLAP, OVERLAP, &None),
        (OVERLAP, OVERLAP * 2, &None),
        (Duration::ZERO, Duration::ZERO, &None),
        (Duration::ZERO, HOUR, &None),
    ] {
        assert_eq!(&caller(OLD_A, overlap, since), expected, "{overlap:?} {since:?}");
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
    assert_eq!(caller(OLD_C, OVERLAP, Duration::ZERO), None);
}

#[test]
fn a_cluster_whose_current_token_is_unusable_is_out_too() {
    let current = version(Some(rotated_at()), &[("east", "short")]);
    let previous = version(None, &[("east", OLD_A)]);
    for token in [OLD_A, "short"] {
        assert_eq!(
            authorize(&Token::new(token), &current, Some(&previous), OVERLAP, rotated_at()),
            None
        );
    }
}

#[test]
fn without_a_creation_time_no_previous_token_counts() {
    let current = version(None, &[("east", A)]);
    let previous = version(None, &[("east", OLD_A)]);
    assert_eq!(
        authorize(&Token::new(OLD_A), &current, Some(&previous), OVERLAP, rotated_at()),
        None
    );
}

#[test]
fn a_token_that_two_clusters_share_is_of_the_first() {
    let current = version(None, &[("west", A), ("east", A)]);
    let caller = authorize(&Token::new(A), &current, None, OVERLAP, rotated_at()).unwrap();
    assert_eq!(caller.cluster, "east");
}

#[test]
fn nothing_else_is_a_token() {
    let long = "a".repeat(100_000);
    let near = A.replacen('a', "b", 1);
    let short = A.replacen('a', "", 1);
    for token in
        ["", " ", "a", &short, &format!("{A}a"), &near, &A.to_uppercase(), "é", &long, "\0", "east"]
    {
        assert_eq!(caller(token, OVERLAP, HOUR), None, "{token:.50}");
    }
    let empty = version(Some(rotated_at()), &[]);
    assert_eq!(authorize(&Token::new(""), &empty, Some(&empty), OVERLAP, rotated_at()), None);
}

/// Few clusters and few tokens, so that both versions often share some.
fn tokens() -> impl Strategy<Value = BTreeMap<String, String>> {
    let token = "[a-f]".prop_map(|letter| letter.repeat(32));
    proptest::collection::btree_map("[a-h]", token, 0..8)
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
        for token in presented {
            let presented = Token::new(token.clone());
            let found = authorize(&presented, &now_tokens, Some(&old_tokens), OVERLAP, now);
            let by_current = current.iter().find(|(_, of)| *of == token);
            let by_previous = previous
                .iter()
                .filter(|_| since < OVERLAP.as_secs())
                .find(|(cluster, of)| *of == token && current.contains_key(*cluster));
            let expected = match (by_current, by_previous) {
                (Some((cluster, _)), _) => Some((cluster.clone(), Stage::Current)),
                (None, Some((cluster, _))) => Some((cluster.clone(), Stage::Previous)),
                (None, None) => None,
            };
            prop_assert_eq!(found.map(|caller| (caller.cluster, caller.stage)), expected);
        }
    }
}
