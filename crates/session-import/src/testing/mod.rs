//! For tests: a source and a target in memory, samples, and the contracts that every adapter keeps.

pub mod contract;
mod imports;
pub mod samples;
mod source;

pub use imports::MemoryImports;
pub use source::MemorySource;
