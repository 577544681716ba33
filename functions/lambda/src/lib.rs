//! What the two Lambda functions share: the process environment, the settings of the AWS SDK clients and
//! what their errors mean, the good copy of a secret, the log lines, and how a function that cannot start
//! stops.
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

pub mod aws_error;
mod connections;
mod connector;
pub mod env;
mod events;
pub mod good_copy;
pub mod log;
pub mod sdk;
pub mod stop;
#[cfg(feature = "testing")]
pub mod testing;
mod trust;
mod verified;

pub use aws_error::{AwsError, error_text};
pub use env::{BadVariable, Environment};
pub use good_copy::GoodCopy;
pub use log::{Event, Level, Log};
pub use sdk::{Sdk, Service, Timeouts};
