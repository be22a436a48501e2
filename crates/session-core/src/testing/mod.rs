//! For tests, here and in crates that use this one: samples, in-memory fakes of the storage ports, and
//! the contract suites that every adapter runs. Mocks (`MockSessionRepository` …) are in [`crate::ports`].

pub mod contract;
mod fleet;
mod memory;
pub mod samples;
mod spool;

use std::sync::Arc;

use kernel::testing::{ManualClock, SequentialIds};

use crate::cache::{CacheLifetimes, Fleet, MemoryCache};

/// A cache of this process alone, at a clock that stands still.
pub fn memory_cache() -> Arc<MemoryCache> {
    let (clock, ids) = (Arc::new(ManualClock::new()), Arc::new(SequentialIds::default()));
    Arc::new(MemoryCache::new(clock, ids, CacheLifetimes::default(), 1 << 20, Fleet::alone()))
}

pub use fleet::MemoryFleet;
pub use memory::{MemorySessions, WholeSession};
pub use spool::MemorySpool;
