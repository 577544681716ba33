//! What the two Lambda functions share at their rim: the process environment, the settings of the
//! AWS SDK clients, the log lines, and how a function stops that cannot start.
//!
//! ```no_run
//! use std::time::Duration;
//! use ecr_admission_lambda::{Environment, Event, Level, Log, Sdk, Service, Timeouts};
//!
//! const READY: Event = Event::new("ready");
//!
//! # fn main() -> Result<(), ecr_admission_lambda::BadVariable> {
//! let environment = Environment::from_process();
//! let log = Log::new(Level::from_environment(&environment)?);
//! let sdk = Sdk::from_environment(
//!     &environment,
//!     Timeouts {
//!         connect: Duration::from_secs(1),
//!         attempt: Duration::from_secs(1),
//!         operation: None,
//!     },
//! )?;
//! let ecr = sdk.config_for(Service::Ecr);
//! log.info(READY, "ready", &serde_json::json!({ "region": ecr.region().map(AsRef::as_ref) }));
//! # Ok(())
//! # }
//! ```

mod connections;
pub mod env;
mod events;
pub mod log;
pub mod sdk;
pub mod stop;

pub use env::{BadVariable, Environment};
pub use log::{Event, Level, Log};
pub use sdk::{Sdk, Service, Timeouts};
