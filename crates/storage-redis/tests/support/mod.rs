//! A place of one's own in the Redis server that all tests share.

use std::sync::Arc;

use kernel::UuidV7Source;
use kernel::testing::ManualClock;
use session_core::cache::{CacheLifetimes, Fleet};
use storage_redis::{RedisLink, RedisOptions, RedisSessionCache};
use test_support::redis;

/// A link to a server, with keys of its own.
pub(crate) async fn link_to(url: &str, prefix: String) -> RedisLink {
    let options = RedisOptions { prefix, ..RedisOptions::new(url) };
    let link = RedisLink::new(options, Fleet::alone(), Arc::new(UuidV7Source)).unwrap();
    link.connect().await.unwrap();
    link
}

/// A cache that knows nothing yet, at a clock that stands still; `None` without a server.
pub(crate) async fn cache() -> Option<RedisSessionCache> {
    let server = match redis::server().await {
        Ok(server) => server,
        Err(unavailable) => {
            test_support::skip_or_panic(&unavailable);
            return None;
        }
    };
    let link = link_to(server.url(), redis::prefix()).await;
    Some(RedisSessionCache::new(link, Arc::new(ManualClock::new()), CacheLifetimes::default()))
}
