//! For tests, here and in crates that use this one: samples, in-memory fakes of the storage ports, and
//! the contract suites that every adapter runs. Mocks (`MockSessionRepository` …) are in [`crate::ports`].

pub mod contract;
mod memory;
pub mod samples;
mod spool;

pub use memory::{MemorySessions, WholeSession};
pub use spool::MemorySpool;
