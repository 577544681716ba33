use super::*;

fn parse(text: &str) -> Result<SecretVersion, NotTokens> {
    SecretVersion::parse("v1".to_owned(), None, text)
}

#[test]
fn tokens_are_kept_by_cluster_as_digests() {
    let token = "k".repeat(32);
    let version = parse(&format!(r#"{{"staging":"{token}","default":"{token}x"}}"#)).unwrap();
    let clusters: Vec<_> = version.tokens.iter().map(|token| token.cluster.as_str()).collect();
    assert_eq!(clusters, ["default", "staging"]);
    assert!(version.unusable.is_empty());
    assert!(version.names("staging") && !version.names("prod"));
    let key = Token::new(token.clone()).url_key();
    assert!(bool::from(version.tokens[1].url_key.ct_eq(&key.digest())));
    assert!(!bool::from(version.tokens[1].url_key.ct_eq(&version.tokens[1].token)));
    assert!(bool::from(version.tokens[1].token.ct_eq(&Token::new(token.clone()).digest())));
}

#[test]
fn a_digest_is_sha_256() {
    // The example of FIPS 180-2, B.1.
    let expected = [
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad,
    ];
    assert_eq!(Token::new("abc").digest().0.as_ref(), expected);
}

#[test]
fn entries_that_never_authorize() {
    let good = "k".repeat(32);
    for (cluster, token, flaw) in [
        ("a", "", Flaw::Short),
        ("a", &"k".repeat(31), Flaw::Short),
        ("a", &format!("{good}\\n"), Flaw::NotVisibleAscii),
        ("a", &format!("{good} {good}"), Flaw::NotVisibleAscii),
        ("a", &"é".repeat(32), Flaw::NotVisibleAscii),
        ("", &good, Flaw::ClusterName),
        (":a", &good, Flaw::ClusterName),
        ("a b", &good, Flaw::ClusterName),
        ("ü", &good, Flaw::ClusterName),
        (&"a-".repeat(128), &good, Flaw::ClusterName),
    ] {
        let version = parse(&format!(r#"{{"{cluster}":"{token}"}}"#)).unwrap();
        assert!(version.tokens.is_empty(), "{cluster} {token}");
        assert_eq!(
            version.unusable,
            [Unusable { cluster: cluster.to_owned(), flaw }],
            "{cluster} {token}"
        );
    }
}

#[test]
fn other_texts_are_refused_and_never_quoted() {
    for text in [
        "",
        "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
        r#""kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk""#,
        r#"["kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"]"#,
        "null",
        r#"{"a":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"} x"#,
        r#"{"a":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk""#,
    ] {
        let refusal = format!("{:?}", parse(text).unwrap_err());
        assert_eq!(refusal, "NotTokens", "{text}");
    }
}

#[test]
fn a_bad_entry_does_not_affect_the_others() {
    let good = "k".repeat(32);
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for value in
        ["1", "1e999", "null", "true", r#"["t"]"#, r#"{"token":"t"}"#, r#""\ud800""#, &deep]
    {
        let version = parse(&format!(r#"{{"bad":{value},"good":"{good}"}}"#)).unwrap();
        assert!(version.names("good") && !version.names("bad"), "{value}");
        let bad = Unusable { cluster: "bad".to_owned(), flaw: Flaw::NotString };
        assert_eq!(version.unusable, [bad], "{value}");
    }
}

#[test]
fn a_byte_order_mark_is_read_past() {
    let version = parse(&format!("\u{feff}{{\"default\":\"{}\"}}", "k".repeat(32))).unwrap();
    assert!(version.names("default"));
}

#[test]
fn a_token_in_the_place_of_a_name_is_not_shown() {
    for (name, shown) in [
        ("k".repeat(64), false),
        (format!("{}==", "k".repeat(32)), false),
        (format!("{}_-x", "k".repeat(40)), false),
        (format!("{}\\n", "k".repeat(64)), false),
        ("k".repeat(31), true),
        ("arn:aws:eks:us-east-1:123456789012:cluster/production".to_owned(), true),
        ("production.eu-central-1.k8s.example.com".to_owned(), true),
    ] {
        let version = parse(&format!(r#"{{"{name}":"default"}}"#)).unwrap();
        assert_eq!(version.unusable[0].cluster == name, shown, "{name}");
        assert_eq!(version.unusable[0].cluster.contains("kkkk"), shown && name.contains("kkkk"));
    }
}

#[test]
fn an_empty_object_names_no_cluster() {
    let version = parse("{}").unwrap();
    assert!(version.tokens.is_empty() && version.unusable.is_empty());
}

#[test]
fn debug_shows_neither_token_nor_digest() {
    let token = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
    assert_eq!(format!("{:?}", Token::new(token)), "Token(…)");
    let version = parse(&format!(r#"{{"default":"{token}","weak":"hunter2"}}"#)).unwrap();
    let debug = format!("{version:?}");
    assert!(debug.contains("CredentialDigest(…)") && debug.contains("weak"), "{debug}");
    assert!(!debug.contains("kkk") && !debug.contains("hunter2"), "{debug}");
}
