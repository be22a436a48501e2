//! A place of one's own in the Redis server that all tests share.

use std::sync::Arc;
use std::time::Duration;

use kernel::UuidV7Source;
use kernel::testing::ManualClock;
use session_core::cache::{CacheLifetimes, Fleet};
use session_core::stream::MemoryStreamSlots;
use storage_redis::{RedisLink, RedisOptions, RedisSessionCache, RedisStreamSlots};
use test_support::redis;

/// A link to a server, with keys of its own.
pub(crate) async fn link_to(url: &str, prefix: String) -> RedisLink {
    // A machine that is busy with tests must not pass for a Redis that is away.
    let options = RedisOptions { prefix, patience: Duration::from_secs(5), ..RedisOptions::new(url) };
    let link = RedisLink::new(options, Fleet::alone(), Arc::new(UuidV7Source)).unwrap();
    link.connect().await.unwrap();
    link
}

/// The server that all tests share; `None`, said loudly, without one.
async fn server() -> Option<&'static redis::RedisServer> {
    redis::server().await.map_err(|unavailable| test_support::skip_or_panic(&unavailable)).ok()
}

/// Slots of which none is taken.
pub(crate) async fn slots() -> Option<RedisStreamSlots> {
    let link = link_to(server().await?.url(), redis::prefix()).await;
    Some(RedisStreamSlots::new(link, Arc::new(MemoryStreamSlots::new(Arc::new(ManualClock::new())))))
}

/// A cache that knows nothing yet, at a clock that stands still; `None` without a server.
pub(crate) async fn cache() -> Option<RedisSessionCache> {
    let link = link_to(server().await?.url(), redis::prefix()).await;
    Some(RedisSessionCache::new(link, Arc::new(ManualClock::new()), CacheLifetimes::default()))
}
