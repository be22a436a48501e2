//! The real application on in-memory adapters.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests fail by panicking

mod advisor;
mod chat;
mod desk;
mod documents;
mod errors;
mod export;
mod fuzz;
mod limits;
mod live_server;
mod lives;
mod observed;
mod openapi;
mod operations;
mod refusals;
mod rendered;
mod search;
mod session_chat;
mod sessions;
mod shares;
mod support;
mod turns;
mod users;
