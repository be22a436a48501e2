//! Sessions and what was said last in them, read from a cache where it knows them and from the storage where it does
//! not.

mod contexts;
mod counts;
mod entries;
mod fleet;
mod flights;
mod lifetimes;
mod memory;
mod pages;
mod renderings;
mod sessions;
mod weights;

pub use contexts::CachedContexts;
pub use counts::CacheCounts;
pub use fleet::Fleet;
pub use lifetimes::{ABANDONED, CacheLifetimes, FILLING, jittered};
pub use memory::MemoryCache;
pub use renderings::{Renderings, View};
pub use sessions::CachedSessions;

#[cfg(test)]
mod tests;
