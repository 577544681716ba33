//! deploy/evidence.md shows a line of the log as the function writes it.

use end_to_end::support::{VALIDATE, denial, image, pod, stack};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../../deploy/evidence.md");

#[tokio::test]
async fn the_page_shows_a_denial_as_the_function_logs_it() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let reply = stack.review(VALIDATE, &pod("u", &[&image("web/frontend:2.1")])).await.unwrap();
    denial(&reply);
    // The line is there when the function has ended.
    let log = stack.stop().await.unwrap().log;
    let lines =
        log.lines().filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok());
    let logged: Value = lines.into_iter().find(|line: &Value| line["event"] == "review").unwrap();
    let (_, shown) = PAGE.split_once("<!-- evidence:begin -->\n```json\n").unwrap();
    let (shown, _) = shown.split_once("\n```\n<!-- evidence:end -->").unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();
    assert_eq!(without_what_varies(&logged), without_what_varies(&shown), "{logged}");
}

/// The fields that differ from one review to the next are there, and their values do not count.
fn without_what_varies(line: &Value) -> Value {
    let mut line = line.clone();
    for field in ["timestamp", "uid", "cluster", "user", "elapsed_ms"] {
        assert!(line[field].is_string() || line[field].is_number(), "{field} in {line}");
        line[field] = json!(null);
    }
    line
}
