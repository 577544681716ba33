use proptest::prelude::*;

use super::*;

const NAME: &str = "ALLOWED_SOURCES";

fn allowed(value: &str) -> Result<AllowedSources, BadVariable> {
    AllowedSources::from_environment(&Environment::from_iter([(NAME, value)]), NAME)
}

fn contains(value: &str, text: &str) -> bool {
    allowed(value).unwrap().contains(address(text).unwrap())
}

#[test]
fn without_a_list_callers_may_come_from_anywhere() {
    for sources in [
        AllowedSources::from_environment(&Environment::default(), NAME).unwrap(),
        allowed("").unwrap(),
    ] {
        assert!(sources.is_any());
        assert!(sources.contains(address("198.51.100.7").unwrap()));
        assert!(sources.contains(address("2001:db8::1").unwrap()));
    }
    assert!(!allowed("0.0.0.0/0").unwrap().is_any());
}

#[test]
fn a_block_has_a_first_and_a_last_address() {
    for (cidr, inside, outside) in [
        ("203.0.113.7/32", &["203.0.113.7"][..], &["203.0.113.6", "203.0.113.8"][..]),
        ("203.0.113.0/24", &["203.0.113.0", "203.0.113.255"], &["203.0.112.255", "203.0.114.0"]),
        ("10.0.0.0/8", &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0"]),
        ("128.0.0.0/1", &["128.0.0.0", "255.255.255.255"], &["127.255.255.255", "0.0.0.0"]),
        ("0.0.0.0/0", &["0.0.0.0", "255.255.255.255"], &["::", "2001:db8::1"]),
        ("2001:db8::1/128", &["2001:db8::1"], &["2001:db8::", "2001:db8::2"]),
        (
            "2001:db8::/32",
            &["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
            &["2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"],
        ),
        ("::/0", &["::", "2001:db8::1", "::1"], &["0.0.0.0", "203.0.113.7"]),
    ] {
        for text in inside {
            assert!(contains(cidr, text), "{text} in {cidr}");
        }
        for text in outside {
            assert!(!contains(cidr, text), "{text} in {cidr}");
        }
    }
}

#[test]
fn any_block_of_the_list_may_contain_the_address() {
    let list = "203.0.113.0/24, 2001:db8::/32 ,198.51.100.7/32";
    for text in ["203.0.113.9", "2001:db8::9", "198.51.100.7"] {
        assert!(contains(list, text), "{text}");
    }
    for text in ["198.51.100.8", "2001:db9::", "192.0.2.1"] {
        assert!(!contains(list, text), "{text}");
    }
}

#[test]
fn an_ipv4_address_in_the_form_of_ipv6_is_that_of_ipv4() {
    for (cidr, text) in [
        ("203.0.113.0/24", "::ffff:203.0.113.7"),
        ("203.0.113.0/24", "::ffff:cb00:7107"),
        ("::ffff:203.0.113.0/120", "203.0.113.7"),
        ("::ffff:203.0.113.0/120", "::ffff:203.0.113.7"),
    ] {
        assert!(contains(cidr, text), "{text} in {cidr}");
    }
    assert!(!contains("203.0.113.0/24", "::ffff:203.0.114.7"));
    // The deprecated "IPv4-compatible" form is another address.
    assert!(!contains("203.0.113.0/24", "::203.0.113.7"));
    // A block that is larger than IPv4 is one of IPv6.
    assert!(!contains("::/80", "::ffff:203.0.113.7"));
    assert!(!contains("::fffe:0:0/95", "203.0.113.7"));
}

#[test]
fn a_bad_entry_says_what_to_write() {
    const BLOCKS: &str = "comma-separated CIDR blocks, such as 203.0.113.0/24 or 2001:db8::/32";
    for (value, expected, got) in [
        ("10.0.0.1/8", "10.0.0.0/8", "10.0.0.1/8"),
        ("192.0.2.0/24,203.0.113.7/24", "203.0.113.0/24", "203.0.113.7/24"),
        ("2001:db8::1/32", "2001:db8::/32", "2001:db8::1/32"),
        ("::ffff:203.0.113.7/120", "203.0.113.0/24", "::ffff:203.0.113.7/120"),
        ("203.0.113.7", "203.0.113.7/32", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1/128", "2001:db8::1"),
        ("203.0.113.0/33", BLOCKS, "203.0.113.0/33"),
        ("2001:db8::/129", BLOCKS, "2001:db8::/129"),
        ("203.0.113.0/", BLOCKS, "203.0.113.0/"),
        ("203.0.113.0/+24", BLOCKS, "203.0.113.0/+24"),
        ("203.0.113.0/024", BLOCKS, "203.0.113.0/024"),
        ("203.0.113.0/-1", BLOCKS, "203.0.113.0/-1"),
        ("203.0.113.0/24/24", BLOCKS, "203.0.113.0/24/24"),
        ("203.0.113.0/255.255.255.0", BLOCKS, "203.0.113.0/255.255.255.0"),
        ("203.0.113/24", BLOCKS, "203.0.113/24"),
        ("0203.0.113.0/24", BLOCKS, "0203.0.113.0/24"),
        ("[2001:db8::]/32", BLOCKS, "[2001:db8::]/32"),
        ("fe80::%eth0/64", BLOCKS, "fe80::%eth0/64"),
        ("/24", BLOCKS, "/24"),
        ("nat.example.com", BLOCKS, "nat.example.com"),
        ("*", BLOCKS, "*"),
        (" ", BLOCKS, " "),
        ("203.0.113.0/24,", BLOCKS, "203.0.113.0/24,"),
        ("203.0.113.0/24 198.51.100.0/24", BLOCKS, "203.0.113.0/24 198.51.100.0/24"),
    ] {
        assert_eq!(
            allowed(value).unwrap_err().to_string(),
            format!("environment variable ALLOWED_SOURCES: expected {expected}, got \"{got}\"")
        );
    }
}

#[test]
fn an_address_is_that_and_nothing_else() {
    for text in [
        "",
        " ",
        "IP",
        "203.0.113.7:443",
        "203.0.113.7 ",
        "203.0.113.0/24",
        "[::1]",
        "fe80::1%eth0",
    ] {
        assert_eq!(address(text), None, "{text:?}");
    }
    assert_eq!(address("::ffff:203.0.113.7").unwrap().to_string(), "203.0.113.7");
}

proptest! {
    #[test]
    fn a_block_contains_what_has_its_prefix(base: u32, other: u32, length in 0_u32..=32) {
        let text = |bits: u32| IpAddr::from(bits.to_be_bytes()).to_string();
        let first = base.checked_shr(32 - length).and_then(|kept| kept.checked_shl(32 - length)).unwrap_or(0);
        let cidr = format!("{}/{length}", text(first));
        let flipped = base ^ other.checked_shr(length).unwrap_or(0);
        prop_assert!(contains(&cidr, &text(base)));
        prop_assert!(contains(&cidr, &text(flipped)));
        prop_assert_eq!(contains(&cidr, &text(other)), length == 0 || (base ^ other) >> (32 - length) == 0);
        prop_assert_eq!(allowed(&cidr).unwrap().0[0].to_string(), cidr);
    }
}
