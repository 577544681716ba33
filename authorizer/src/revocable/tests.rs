use super::*;

type TestCopy = RevocableCopy<&'static str, &'static str>;

const GONE: &str = "gone";

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn read_at_0() -> TestCopy {
    let mut copy = TestCopy::default();
    copy.renew("value", at(0));
    copy
}

/// Whether the copy serves when the clock shows `seconds`.
fn serves(copy: &mut TestCopy, seconds: u64) -> bool {
    copy.settle(at(seconds));
    copy.at_hand().is_some()
}

#[test]
fn without_doubt_a_copy_serves_for_an_hour() {
    let mut copy = read_at_0();
    assert!(serves(&mut copy, 3600));
    assert!(!serves(&mut copy, 3601));
    assert!(!copy.is_gone() && !copy.is_dropped());
}

#[test]
fn a_copy_in_doubt_serves_while_it_is_younger_than_70_seconds() {
    let mut copy = read_at_0();
    copy.suspect(GONE, at(15));
    assert!(serves(&mut copy, 69) && !copy.is_dropped());
    assert!(!serves(&mut copy, 70));
    assert!(copy.is_dropped() && !copy.is_gone());
}

#[test]
fn an_older_copy_is_dropped_by_the_first_doubt() {
    let mut copy = read_at_0();
    copy.suspect(GONE, at(70));
    assert!(copy.at_hand().is_none() && copy.is_dropped() && !copy.is_gone());
}

#[test]
fn two_readings_agree_when_they_are_10_seconds_apart() {
    let mut copy = read_at_0();
    copy.suspect(GONE, at(15));
    copy.suspect(GONE, at(24));
    assert!(copy.at_hand().is_some() && !copy.is_gone());
    copy.suspect(GONE, at(25));
    assert!(copy.at_hand().is_none() && copy.is_gone() && copy.is_dropped());
}

#[test]
fn a_good_reading_ends_all_doubt() {
    let mut copy = read_at_0();
    copy.suspect(GONE, at(15));
    copy.renew("again", at(20));
    copy.suspect(GONE, at(30));
    assert_eq!(copy.at_hand(), Some(&"again"));
    copy.suspect(GONE, at(40));
    assert!(copy.is_gone());
    copy.renew("restored", at(50));
    assert!(serves(&mut copy, 3650) && !copy.is_gone() && !copy.is_dropped());
}

#[test]
fn without_a_copy_there_is_none_to_drop() {
    let mut copy = TestCopy::default();
    copy.suspect(GONE, at(0));
    assert!(!copy.is_dropped() && !copy.is_gone());
    copy.suspect(GONE, at(10));
    assert!(copy.is_gone());
}

#[test]
fn a_clock_that_is_set_back_brings_no_copy_back() {
    let mut copy = read_at_0();
    assert!(!serves(&mut copy, 3601) && !serves(&mut copy, 10));
    let mut copy = read_at_0();
    copy.suspect(GONE, at(60));
    assert!(!serves(&mut copy, 70) && !serves(&mut copy, 10));
    let mut copy = read_at_0();
    copy.settle(at(0) - Duration::from_secs(1));
    assert!(copy.at_hand().is_none(), "read in the future");
}
