//! Measures the functions that ship: what `scripts/bench` runs.
//!
//! Two ways lead to a function. Through the front door of a local-cloud of its own
//! ([`local_cloud::stack::Stack`]), where what API Gateway and AWS add is part of the figure; and as a
//! process beside a Lambda Runtime API of ours ([`sandbox`]), where the figure is that of the process
//! alone: its CPU time, its memory, its instructions under callgrind.
//!
//! Counts, bytes and slopes are the result. Milliseconds are those of the machine, so what is a time is
//! shown beside that of the smallest function (the package `benchmark-probes`), measured in turns with it.

pub mod bench;
pub mod bomb;
pub mod callgrind;
pub mod catalogue;
pub mod cloud;
pub mod comparison;
pub mod cost;
pub mod event;
pub mod failure;
pub mod journal;
pub mod load;
pub mod machine;
pub mod options;
pub mod pair;
pub mod picture;
pub mod pods;
pub mod readme;
pub mod row;
pub mod rows;
pub mod sandbox;
pub mod shape;
pub mod share;
pub mod statistics;
