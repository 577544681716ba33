//! A stack whose two functions are the scripted one (examples/scripted.rs).

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use local_cloud::build;
use local_cloud::client::Reply;
use local_cloud::door::Door;
use local_cloud::stack::{Stack, StackOptions};
use serde_json::{Value, json};

/// A token that the scripted authorizer lets in.
pub(crate) const ALLOWED: (&str, &str) = ("authorization", "Bearer allow");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// Options for a stack with scripted functions and an empty ECR.
pub(crate) fn options() -> StackOptions {
    options_over(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/front_door/registry.yaml"))
}

/// The same with this ECR.
pub(crate) fn options_over(registry: &Path) -> StackOptions {
    static SCRIPTED: OnceLock<PathBuf> = OnceLock::new();
    let scripted =
        SCRIPTED.get_or_init(|| build::build("local-cloud", "--example", "scripted").unwrap());
    Stack::options()
        .program(env!("CARGO_BIN_EXE_local-cloud"))
        .admission(scripted)
        .authorizer(scripted)
        .args(["--registry".as_ref(), registry.as_os_str()])
}

/// A running stack with scripted functions.
pub(crate) async fn stack(args: &[&str]) -> Stack {
    options().args(args).start().await.unwrap()
}

/// The same with this door.
pub(crate) async fn stack_with(door: Door, args: &[&str]) -> Stack {
    stack(&[door.args(), args].concat()).await
}

/// Has the admission function do this.
pub(crate) async fn order(stack: &Stack, order: Value) -> Reply {
    stack.post("/validate", &[ALLOWED, JSON], order.to_string()).await.unwrap()
}

/// Asks the admission function for what it saw.
pub(crate) async fn seen(stack: &Stack) -> Value {
    let reply = order(stack, json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json().unwrap()
}
