//! deploy/policy.md: what it shows is good, and does what it says.

use crate::support::policy;

/// The YAML blocks of the page, without the indentation of a list.
fn blocks() -> Vec<String> {
    let page = std::fs::read_to_string("../../policy.md").unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(textwrap::dedent).collect()
}

#[test]
fn its_document_is_good_and_its_cases_come_out_as_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, key: &str| {
        let path = directory.path().join(name);
        let found = blocks().into_iter().filter(|block| block.contains(&format!("\n{key}:")));
        let [block] = found.collect::<Vec<_>>().try_into().unwrap();
        std::fs::write(&path, block).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let document = write("policy.yaml", "apiVersion");
    let cases = write("cases.yaml", "cases");
    assert_eq!(policy(&["check", &document]).code, 0);
    let answer = policy(&["test", &document, &cases]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    assert!(answer.out.contains("\n2 cases: 2 ok, 0 FAILED\n"), "{}", answer.out);
}
