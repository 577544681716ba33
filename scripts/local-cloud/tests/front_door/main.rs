//! The front door: what API Gateway and Lambda do, with a scripted function behind it.
#![cfg(test)]

mod events;
mod replies;
mod rest;
mod sandboxes;
mod start;
mod support;
