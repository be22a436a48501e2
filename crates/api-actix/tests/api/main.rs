//! The real application on in-memory adapters.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail by panicking

mod chat;
mod errors;
mod fuzz;
mod live_server;
mod observed;
mod openapi;
mod operations;
mod refusals;
mod search;
mod sessions;
mod support;
mod turns;
