//! `deploy/policy check` and `deploy/policy test`, run inside the test.
#![cfg(test)]

mod support;

mod cases;
mod check;
mod page;
mod refused;
mod required;
