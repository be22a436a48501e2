//! What all instances share beside the database, in Redis: remembered sessions with what was said last in them,
//! users' contexts, the live streams of turns, and how many there are.
//!
//! Nothing here is the only copy of anything, and nothing waits for Redis for longer than a moment: when it is away,
//! the database answers.

mod cache;
mod contexts;
mod keys;
mod link;
mod news;
mod options;
mod own;
mod revisions;
mod scripts;
mod sessions;
mod slots;
mod streams;
mod untold;

pub use cache::RedisCache;
pub use link::RedisLink;
pub use options::{InvalidRedisUrl, RedisOptions};
pub use slots::RedisStreamSlots;
pub use streams::RedisStreamLog;

/// A time as Redis takes it.
fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
