//! For tests, here and in crates that use this one: fakes of the ports, and the contract suite that every
//! storage runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)] // assertions

pub mod contract;
mod fixed;
mod memory;

pub use fixed::{FixedCpu, FixedFacts};
pub use memory::MemoryFacts;
