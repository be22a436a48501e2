//! How the servers for tests behave, seen by a test that uses them.

#![expect(clippy::unwrap_used, reason = "clippy knows #[test] functions as tests, but not their helpers")]

mod browser;
mod chroma;
mod lifetime;
mod postgres;
mod redis;
mod restarts;
