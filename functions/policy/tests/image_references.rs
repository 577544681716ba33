//! Every image string of `cases/image-references.tsv` gets the class that the table gives it.

use std::collections::BTreeMap;

use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::testing::policy;
use ecr_admission_policy::{
    FieldPath, ImageReference, Inspection, Mode, Rule, Timestamp, decide, plan,
};

const CASES: &str = include_str!("cases/image-references.tsv");

fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CASES.lines().skip(1).map(|line| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        (cell(), cell(), cell())
    })
}

#[test]
fn every_image_string_has_its_class() {
    let mut classes = BTreeMap::new();
    for (image, class, why) in rows() {
        let parsed = match image.parse::<ImageReference>() {
            Ok(ImageReference::Ecr(_)) => "ecr",
            Ok(ImageReference::Other(_)) => "other",
            Err(_) => "malformed",
        };
        assert_eq!(parsed, class, "{image} ({why})");
        *classes.entry(class).or_insert(0) += 1;
    }
    assert_eq!(
        classes.into_iter().collect::<Vec<_>>(),
        [("ecr", 11), ("malformed", 9), ("other", 12)]
    );
}

#[test]
fn an_ecr_image_is_read_as_the_table_says() {
    let expected = [
        "123456789012/us-east-2/namespace/repo:40d6072",
        "123456789012/us-east-2/namespace/repo@sha256:e5e2a3236e64483c50dd2811e46e9cd49c67e82271e60d112ca69a075fc23005",
        "123456789012/us-east-2/repo@sha256:e5e2a3236e64483c50dd2811e46e9cd49c67e82271e60d112ca69a075fc23005",
        "123456789012/us-east-2/repo:latest",
        "123456789012/us-gov-west-1/repo:1",
        "123456789012/cn-north-1/repo:1",
        "123456789012/eusc-de-east-1/repo:1",
        "123456789012/us-iso-east-1/repo:1",
        "123456789012/us-west-2/repo:1",
        "123456789012/us-west-2/repo:1",
        "123456789012/us-west-2/public.ecr.aws/foo:latest",
    ];
    let read: Vec<String> = rows()
        .filter_map(|(image, ..)| match image.parse() {
            Ok(ImageReference::Ecr(reference)) => Some(reference.image().to_string()),
            Ok(ImageReference::Other(_)) | Err(_) => None,
        })
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn what_is_not_an_ecr_image_is_denied_with_the_wording_of_its_class() {
    let policy = policy();
    for (image, class, _) in rows().filter(|(_, class, _)| *class != "ecr") {
        let images = [(FieldPath::new("spec.containers[0].image"), image.to_owned())];
        let plan = plan(images, Mode::Deny, &policy);
        assert!(plan.lookups().is_empty(), "{image} is never looked up");
        let verdict =
            decide(&plan, &BTreeMap::<_, Inspection>::new(), &policy, Timestamp::from_seconds(0));
        let message = verdict.message().unwrap();
        assert_eq!(verdict.rules(Mode::Deny), [Rule::EcrRegistry].into(), "{message}");
        let wording = match class {
            "other" => "is not in an Amazon ECR private registry; ",
            _ => "is not a valid image reference (",
        };
        assert!(message.contains(wording), "{message}");
        assert!(message.ends_with(" [ecr-registry]"), "{message}");
    }
}

#[test]
fn a_digest_decides_over_a_tag() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let image = format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/pay:1@{digest}");
    let Ok(ImageReference::Ecr(reference)) = image.parse() else {
        panic!("{image} is an ECR image")
    };
    assert_eq!(reference.image().id, ImageId::Digest(digest.parse().unwrap()));
}

#[test]
fn a_slip_is_named_where_it_is() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let ours = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    let tag = "its tag is not 1 to 128 letters, digits, _ . or -, the first not . or -";
    let repository =
        "its repository is not a path of lower-case letters and digits, joined by . _ __ - or /";
    let length = "its repository does not have 2 to 256 characters, which Amazon ECR requires";
    let colon = "its digest follows a colon; write @ before sha256:";
    let scheme = "it begins with a scheme such as https://, which an image reference does not have";
    let host = "its registry is not a host name with an optional port";
    for (image, slip) in [
        // In the tag.
        (format!("{ours}/pay:feature/x"), tag),
        (format!("{ours}/pay:1:2"), tag),
        (format!("{ours}/team/pay:feature/x:1"), tag),
        (format!("{ours}/pay:feature/x@{digest}"), tag),
        (format!("{ours}/pay:.1"), tag),
        (format!("{ours}/pay:v1+build"), tag),
        (format!("{ours}/pay:{}", "a".repeat(129)), tag),
        ("nginx:feature/x".to_owned(), tag),
        ("nginx:1:2".to_owned(), tag),
        (format!("{ours}/pay:"), "its tag is empty"),
        // In the digest.
        (format!("{ours}/pay:{digest}"), colon),
        (format!("{ours}/pay:1:{digest}"), colon),
        (format!("nginx:{digest}"), colon),
        (
            format!("{ours}/pay@sha256:abc"),
            "its digest is not sha256: and 64 lower-case hexadecimal digits",
        ),
        // In the repository.
        (format!("{ours}/Pay:1"), repository),
        (format!("{ours}/pay/:1"), repository),
        (format!("{ours}//pay"), repository),
        (format!("{ours}/-pay:feature"), repository),
        (format!("{ours}/p:1"), length),
        (format!("{ours}/p"), length),
        (format!("{ours}/{}:1", "a".repeat(257)), length),
        (format!("{ours}/:1"), "it names no repository"),
        // In the registry.
        (format!("https://{ours}/pay:1"), scheme),
        ("docker://nginx".to_owned(), scheme),
        ("registry.example.com:port/pay:1".to_owned(), host),
        ("registry-.example.com/pay:1".to_owned(), host),
        ("localhost:port/pay:1".to_owned(), host),
        ("pay 1".to_owned(), "it holds white space or a control character"),
    ] {
        let problem = image.parse::<ImageReference>().unwrap_err().to_string();
        assert_eq!(problem, slip, "{image}");
    }
    // Amazon ECR takes no repository of one character; other registries do.
    for image in ["a/b:1", "registry.example.com/p:1", "registry:5000/p"] {
        assert!(matches!(image.parse(), Ok(ImageReference::Other(_))), "{image}");
    }
}
