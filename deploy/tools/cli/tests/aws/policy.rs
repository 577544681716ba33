//! `policy exempt`, `put`, `history` and `restore`: what they change in the policy secret, and what they never do.

use ecr_admission_policy::Document;

use crate::secret::{Secret, now};

const DOCUMENT: &str = "\
apiVersion: ecr-admission/v1
rules:
  scan-findings:
    fixableOnly: true # what has no fix yet does not deny
breakGlass:
  groups: [oncall]
";

const EXEMPT: [&str; 13] = [
    "exempt",
    "--stack",
    "web",
    "--namespace",
    "shop",
    "--rules",
    "scan-findings",
    "--for",
    "4h",
    "--reason",
    "INC-1",
    "--owner",
    "oncall",
];

fn exempted() -> String {
    format!(
        "{DOCUMENT}exemptions:\n  - rules: [scan-findings]\n    namespaces: [shop]\n    owner: oncall\n    reason: \
         INC-1\n    expires: 2026-11-27T03:55:00Z\n"
    )
}

#[tokio::test]
async fn an_exemption_is_in_force_and_says_how_to_undo_it() {
    let secret = Secret::holding(DOCUMENT);
    let answer = secret.run(&EXEMPT).await;
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{}", answer.out);
    let id = secret.version("AWSCURRENT").unwrap().id;
    assert_eq!(
        answer.out,
        format!(
            "\
--- version v-1, in force
+++ the new version
@@ -4,3 +4,9 @@
     fixableOnly: true # what has no fix yet does not deny
 breakGlass:
   groups: [oncall]
+exemptions:
+  - rules: [scan-findings]
+    namespaces: [shop]
+    owner: oncall
+    reason: INC-1
+    expires: 2026-11-27T03:55:00Z

exempt until 2026-11-27T03:55:00Z (4 hours): scan-findings for namespaces shop
version {id} is in force, for every review within 30 seconds (CacheSeconds)
to undo it:
  deploy/policy restore v-1 --stack web
it ends by itself at 2026-11-27T03:55:00Z; the entry then has no effect, and can be removed
if you keep the document in Git, add the entry there too, or the next put removes it
"
        )
    );
    assert_eq!(secret.text(), exempted());
    // The version before has a label too, so that Secrets Manager keeps it.
    assert_eq!(
        secret.labels(),
        ["AWSCURRENT", "AWSPREVIOUS", "policy-2026-11-26T22-55-00Z", "policy-2026-11-26T23-55-00Z"]
    );
    assert_eq!(secret.version("policy-2026-11-26T22-55-00Z").unwrap().id, "v-1");

    // The command that it printed.
    let undone = secret.run(&["restore", "v-1", "--stack", "web"]).await;
    assert_eq!((undone.code, undone.err.as_str()), (0, ""));
    assert!(undone.out.contains("\n-    reason: INC-1\n"), "{}", undone.out);
    assert!(
        undone.out.ends_with(&format!(
            "version v-1 is in force, for every review within 30 seconds (CacheSeconds)\nto undo it:\n  deploy/policy \
             restore {id} --stack web\n"
        )),
        "{}",
        undone.out
    );
    assert_eq!(secret.text(), DOCUMENT);
    // The same exemption once more is the same version.
    assert_eq!(secret.run(&EXEMPT).await.code, 0);
    assert_eq!(secret.version("AWSCURRENT").unwrap().id, id);
}

#[tokio::test]
async fn a_dry_run_shows_the_same_and_changes_nothing() {
    let secret = Secret::holding(DOCUMENT);
    let answer = secret.run(&[&EXEMPT[..], &["--dry-run"]].concat()).await;
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.contains("\n+    reason: INC-1\n"), "{}", answer.out);
    assert!(answer.out.ends_with("for namespaces shop\nnothing has changed (--dry-run)\n"));
    assert!(secret.changes().is_empty());
}

#[tokio::test]
async fn without_an_owner_the_credentials_are_the_owner() {
    let secret = Secret::holding(DOCUMENT);
    let without: Vec<&str> = EXEMPT[..11].to_vec();
    assert_eq!(secret.run(&without).await.code, 0);
    let document = Document::from_yaml(&secret.text()).unwrap();
    let owner = document.exemptions().next().unwrap().excuse.owner.clone();
    assert_eq!(owner, "arn:aws:iam::123456789012:user/dev");
}

#[tokio::test]
async fn every_list_is_written_with_its_key() {
    let secret = Secret::holding("apiVersion: ecr-admission/v1\nexemptions: []\n");
    let all = [
        &["exempt", "--stack", "web", "--rules", "pinned,scan-findings", "--until", "2027-01-01"][..],
        &[
            "--cluster",
            "blue,prod-*",
            "--namespace",
            "shop,team-*",
            "--user",
            "system:serviceaccount:ci:deployer",
        ],
        &[
            "--repository",
            "legacy/*",
            "--account",
            "123456789012",
            "--registry-region",
            "us-east-1",
        ],
        &["--reason", "moves: May #1", "--owner", "web"],
    ];
    let answer = secret.run(&all.concat()).await;
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
    assert_eq!(
        secret.text(),
        "apiVersion: ecr-admission/v1\nexemptions: [{rules: [pinned, scan-findings], clusters: [blue, prod-*], namespaces: \
         [shop, team-*], users: [\"system:serviceaccount:ci:deployer\"], repositories: [legacy/*], accounts: \
         [\"123456789012\"], regions: [us-east-1], owner: web, reason: \"moves: May #1\", expires: \
         2027-01-01T00:00:00Z}]\n"
    );
    assert!(answer.out.contains("exempt until 2027-01-01T00:00:00Z (35 days): pinned, scan-findings for clusters blue, prod-*; "), "{}", answer.out);
}

#[tokio::test]
async fn of_two_changes_at_the_same_time_one_wins_and_the_other_says_so() {
    let rival = "apiVersion: ecr-admission/v1\nmode: warn\n";
    let secret = Secret::holding(DOCUMENT).with_rival(rival);
    let answer = secret.run(&EXEMPT).await;
    assert_eq!((answer.code, answer.out.as_str()), (2, ""));
    assert_eq!(
        answer.err,
        "somebody else changed the policy at the same time: version rival is in force, and this command changed nothing; \
         see deploy/policy history --stack web, then run it again\n"
    );
    assert_eq!(secret.text(), rival);
    // What it had put has no label left.
    assert_eq!(secret.labels(), ["AWSCURRENT", "AWSPREVIOUS"]);

    // The answer about the move is lost, but it moved.
    let secret = Secret::holding(DOCUMENT).with_lost_answer();
    let answer = secret.run(&EXEMPT).await;
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
    assert_eq!(secret.text(), exempted());
}

#[tokio::test]
async fn an_exemption_that_check_refuses_or_that_could_never_apply_changes_nothing() {
    for (instead, code, problem) in [
        (
            &["--rules", "ecr-registry", "--repository", "legacy/*", "--for", "1h"][..],
            1,
            "the exemption is refused: exemptions: the exemption of owner \"oncall\": ecr-registry cannot be exempted by \
             account, Region or repository: an image outside the allowed registries is in none of them",
        ),
        (
            &["--rules", "scan-findings", "--for", "1h"],
            1,
            "the exemption is refused: exemptions: the exemption of owner \"oncall\": it needs accounts, regions, \
             repositories, clusters, namespaces or users; without them it would exempt everything",
        ),
        (
            &["--rules", "scan-findings", "--namespace", "shop", "--until", "2026-11-26"],
            1,
            "the exemption would end at 2026-11-26T00:00:00Z, which is not in the future; use --for or a later --until",
        ),
        (
            &["--rules", "scan-findings", "--namespace", "shop", "--for", "0s"],
            1,
            "the exemption would end at 2026-11-26T23:55:00Z, which is not in the future; use --for or a later --until",
        ),
        (
            &["--rules", "scan-findings", "--namespace", "shop.web", "--for", "1h"],
            1,
            "--namespace \"shop.web\": expected a name that a namespace can have, of 1 to 63 lower-case letters, digits \
             and -",
        ),
        (
            &["--rules", "scan-findings", "--namespace", "kube-system,ingress", "--for", "1h"],
            1,
            "--namespace kube-system,ingress: is in IgnoredNamespaces, so that its Pods are admitted without evaluation; \
             no exemption is needed",
        ),
        (
            &["--rules", "scan-findings", "--account", "333333333333", "--for", "1h"],
            1,
            "--account 333333333333: is not in RegistryIds of the stack, so that ecr-registry denies every image there; \
             exempt from ecr-registry by --namespace or --user instead",
        ),
        (
            &["--rules", "scan-findings", "--registry-region", "eu-west-1", "--for", "1h"],
            1,
            "--registry-region eu-west-1: is not in RegistryRegion of the stack, so that ecr-registry denies every image \
             there; exempt from ecr-registry by --namespace or --user instead",
        ),
        (
            &["--rules", "signed,image-config", "--namespace", "shop", "--for", "1h"],
            1,
            "--rules image-config,signed: is off in the document, so that it denies nothing; name the rule in brackets at \
             the end of the denial",
        ),
    ] {
        let secret = Secret::holding(DOCUMENT);
        let words =
            [&["exempt", "--stack", "web", "--reason", "INC-1", "--owner", "oncall"], instead];
        let answer = secret.run(&words.concat()).await;
        assert_eq!((answer.err, answer.code), (format!("{problem}\n"), code));
        assert!(secret.changes().is_empty(), "{instead:?}");
    }
}

#[tokio::test]
async fn what_an_exemption_does_not_do_is_said() {
    let secret = Secret::holding(DOCUMENT);
    let words =
        ["exempt", "--stack", "web", "--reason", "INC-1", "--owner", "oncall", "--for", "1h"];
    let registry = [&words[..], &["--rules", "ecr-registry", "--namespace", "*"]].concat();
    let answer = secret.run(&registry).await;
    assert_eq!(answer.code, 0, "{}", answer.err);
    for caution in [
        "caution: exemption 1 covers every namespace and every image: until 2026-11-27T00:55:00Z, these rules deny \
         nothing: ecr-registry.\n",
        "caution: an image that violates ecr-registry has no facts for later rules, so those of them that deny still deny \
         it: image-available, tag-immutability, pinned, scan-on-push, scan-findings, image-config, signed. Where \
         --admission-policy deny is applied, the apiserver refuses images of other registries all the same \
         (deploy/failure-policies.md).\n",
    ] {
        assert!(answer.out.contains(caution), "{}", answer.out);
    }
    assert!(!answer.out.contains("expires within"), "{}", answer.out);
}

#[tokio::test]
async fn a_document_that_is_not_one_is_never_shown_and_is_replaced_by_a_good_one() {
    let other = "password: correct-horse-battery-staple\n";
    let secret = Secret::holding(other);
    secret.hold("v-0", DOCUMENT, now().seconds() - 7_200, &["AWSPREVIOUS"]);
    let answer = secret.run(&EXEMPT).await;
    assert_eq!(
        (answer.code, answer.err),
        (
            1,
            format!(
                "version v-1 of the policy secret {} is not a valid policy document: line 1, column 1: the key is unknown; \
                 first put a good one in force: deploy/policy restore VERSION --stack web\n",
                crate::stack::SECRET
            )
        )
    );
    let restored = secret.run(&["restore", "AWSPREVIOUS", "--stack", "web"]).await;
    assert_eq!(restored.code, 0, "{}", restored.err);
    assert!(
        restored.out.starts_with(
            "version v-1, which is in force, is not a valid policy document, so the difference is not shown\n"
        ),
        "{}",
        restored.out
    );
    assert_eq!(secret.text(), DOCUMENT);
    // And not back.
    let back = secret.run(&["restore", "v-1", "--stack", "web"]).await;
    assert_eq!(back.code, 1);
    assert!(back.err.ends_with("the key is unknown; restore another version\n"), "{}", back.err);
    for answer in [&restored, &back] {
        assert!(!format!("{answer:?}").contains("correct-horse"));
    }
    assert_eq!(secret.text(), DOCUMENT);
}

#[tokio::test]
async fn a_file_is_put_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policy.yaml");
    let file = path.to_str().unwrap();
    let put = ["put", file, "--stack", "web"];
    // A secret that was created without a value.
    let secret = Secret::default();
    std::fs::write(&path, "apiVersion: ecr-admission/v1\nmode: dny\n").unwrap();
    let answer = secret.run(&put).await;
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("policy.yaml:2:7: mode: unknown variant `dny`"), "{}", answer.err);
    assert!(secret.changes().is_empty());

    std::fs::write(&path, DOCUMENT).unwrap();
    let answer = secret.run(&put).await;
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
    assert!(
        answer.out.contains("\n+breakGlass:\n") && !answer.out.contains("to undo"),
        "{}",
        answer.out
    );
    assert_eq!(secret.text(), DOCUMENT);
    let answer = secret.run(&put).await;
    assert_eq!(answer.out, "this document is in force already; nothing has changed\n");
}

#[tokio::test]
async fn the_history_is_the_newest_first_and_keeps_15_labels() {
    let secret = Secret::holding(DOCUMENT);
    for number in 0..20_i64 {
        let created = now().seconds() - 86_400 + number;
        let id = format!("old-{number:02}");
        let label = format!("policy-2026-11-25T23-55-{number:02}Z");
        let labels = if number < 5 { vec![] } else { vec![label.as_str()] };
        secret.hold(&id, DOCUMENT, created, &labels);
    }
    assert_eq!(secret.run(&EXEMPT).await.code, 0);
    let labels = secret.labels();
    let ours = labels.iter().filter(|label| label.starts_with("policy-"));
    assert_eq!(ours.count(), 15, "{labels:?}");

    let history = secret.run(&["history", "--stack", "web"]).await;
    assert_eq!((history.code, history.err.as_str()), (0, ""));
    let lines: Vec<&str> = history.out.lines().collect();
    assert_eq!(lines[0], "VERSION                               CREATED               LABELS");
    assert!(
        lines[1].ends_with("  2026-11-26T23:55:00Z  AWSCURRENT, policy-2026-11-26T23-55-00Z"),
        "{}",
        lines[1]
    );
    assert_eq!(
        lines[2],
        "v-1                                   2026-11-26T22:55:00Z  AWSPREVIOUS, policy-2026-11-26T22-55-00Z"
    );
    let oldest = "old-00                                2026-11-25T23:55:00Z  none: Secrets Manager may delete it";
    assert_eq!((lines.len(), lines[22]), (23, oldest));

    // An older version is had by its label too, and says what else it undoes.
    let restored = secret.run(&["restore", "policy-2026-11-25T23-55-19Z", "--stack", "web"]).await;
    assert!(
        restored.out.contains(
            "caution: 1 further version came after old-19; what they changed is undone too\n"
        ),
        "{}",
        restored.out
    );
    let unknown = secret.run(&["restore", "old-99", "--stack", "web"]).await;
    assert_eq!(
        (unknown.code, unknown.err.as_str()),
        (2, "the policy secret has no version \"old-99\"; see deploy/policy history --stack web\n")
    );
}

#[tokio::test]
async fn a_stack_without_a_policy_secret_says_what_to_do() {
    let secret = Secret::holding(DOCUMENT);
    let answer = secret.run_with(&EXEMPT, &[("PolicySecretInForce", "")]).await;
    assert_eq!(
        (answer.code, answer.err.as_str()),
        (
            2,
            "the stack \"web\" has no policy secret, so its parameters are the whole policy; create one and set \
             PolicySecret (deploy/policy.md)\n"
        )
    );
    // Without the output, the default is said.
    let answer = secret.run_with(&EXEMPT, &[]).await;
    let expected =
        "is in force, for every review within CacheSeconds of the stack, 60 seconds by default\n";
    assert!(answer.out.contains(expected), "{}", answer.out);
}
