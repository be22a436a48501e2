//! What all instances share beside the database, in Redis: remembered sessions with what was said last in them, the
//! live streams of turns, and how many there are.
//!
//! Nothing here is the only copy of anything, and nothing waits for Redis for longer than a moment: when it is away,
//! the database answers.

mod keys;
mod link;
mod options;
mod scripts;
mod sessions;
mod slots;

pub use link::RedisLink;
pub use options::{InvalidRedisUrl, RedisOptions};
pub use sessions::RedisSessionCache;
pub use slots::RedisStreamSlots;
