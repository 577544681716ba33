//! The extensions inside a sandbox. Only internal ones can occur: the function registers them
//! itself (`lambda_runtime` does, so that SIGTERM announces its end).

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::api::Refusal;

/// All extensions of one sandbox, by identifier.
#[derive(Debug, Default)]
pub(super) struct Extensions(BTreeMap<String, Extension>);

#[derive(Debug)]
struct Extension {
    name: String,
    invoke: bool,
    waits: Option<oneshot::Sender<Value>>,
}

impl Extensions {
    /// Adds one and gives its identifier.
    pub(super) fn register(&mut self, name: String, events: &[String]) -> Result<String, Refusal> {
        if self.0.values().any(|extension| extension.name == name) {
            return Err(Refusal(
                "Extension.AlreadyRegistered",
                format!("an extension {name:?} is registered already"),
            ));
        }
        if let Some(event) = events.iter().find(|event| *event != "INVOKE") {
            let message =
                format!("an internal extension can register for INVOKE only, not for {event:?}");
            return Err(Refusal("ShutdownEventNotSupportedForInternalExtension", message));
        }
        let id = Uuid::new_v4().to_string();
        let extension = Extension { name, invoke: !events.is_empty(), waits: None };
        self.0.insert(id.clone(), extension);
        Ok(id)
    }

    /// Notes that one waits for its next event, which will arrive here.
    pub(super) fn wait(&mut self, id: &str) -> Result<oneshot::Receiver<Value>, Refusal> {
        let extension = self.0.get_mut(id).ok_or_else(|| unknown(id))?;
        let (event, arrival) = oneshot::channel();
        extension.waits = Some(event);
        Ok(arrival)
    }

    /// Removes one that failed.
    pub(super) fn remove(&mut self, id: &str) -> Result<(), Refusal> {
        self.0.remove(id).map(|_| ()).ok_or_else(|| unknown(id))
    }

    /// Whether every one has asked for its next event.
    pub(super) fn all_wait(&self) -> bool {
        self.0.values().all(|extension| extension.waits.is_some())
    }

    /// Sends those that registered for events the one that has arrived.
    pub(super) fn invoke(&mut self, event: &Value) {
        for extension in self.0.values_mut().filter(|extension| extension.invoke) {
            if let Some(waits) = extension.waits.take() {
                let _hung_up = waits.send(event.clone());
            }
        }
    }

    /// Whether there is any, which decides how the sandbox is stopped.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

fn unknown(id: &str) -> Refusal {
    Refusal("Extension.UnknownExtensionIdentifier", format!("no extension is registered as {id:?}"))
}
