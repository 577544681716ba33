//! The measurements, each a file of rows.

pub mod bombs;
pub mod burst;
pub mod calls;
pub mod deadline;
pub mod init;
pub mod instructions;
pub mod memory;
pub mod metrics;
pub mod plateau;
pub mod round_trips;
pub mod size;
pub mod sizes;
pub mod storm;
pub mod sustained;
pub mod timing;
pub mod warm;
