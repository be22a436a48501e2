//! Sessions and what was said last in them, read from a cache where it knows them and from the storage where it does
//! not.

mod fleet;
mod flights;
mod lifetimes;
mod memory;
mod sessions;

pub use fleet::Fleet;
pub use lifetimes::{CacheLifetimes, jittered};
pub use memory::MemorySessionCache;
pub use sessions::{CacheCounts, CachedSessions};

#[cfg(test)]
mod tests;
