//! What instances share in Redis: the ports' contracts, and a Redis that is away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod contract;
mod outage;
mod support;
