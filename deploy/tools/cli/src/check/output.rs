//! The report in the form that each reader expects. Every form says the same: none leaves out what another denies.

pub mod github;
mod place;
pub mod sarif;
mod summary;
#[cfg(test)]
mod testing;
