//! A place of one's own in the Redis server that all tests share.

pub(crate) mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::testing::ManualClock;
use kernel::{TurnId, UuidV7Source};
use session_core::cache::{CacheLifetimes, Fleet};
use session_core::ports::{Glance, StreamBatch, StreamLogError, TurnStreamLog};
use session_core::stream::{MemoryStreamSlots, TurnEvent};
use storage_redis::{RedisCache, RedisLink, RedisOptions, RedisStreamLog, RedisStreamSlots};
use test_support::redis::{self, RedisServer};

/// A link to a server, with keys of its own.
pub(crate) async fn link_to(url: &str, prefix: String) -> RedisLink {
    // A machine that is busy with tests must not pass for a Redis that is away.
    let options = RedisOptions { prefix, patience: Duration::from_secs(5), ..RedisOptions::new(url) };
    let link = RedisLink::new(options, Fleet::alone(), Arc::new(UuidV7Source)).unwrap();
    link.connect().await.unwrap();
    link
}

async fn server() -> Option<&'static RedisServer> {
    match redis::server().await {
        Ok(server) => Some(server),
        Err(unavailable) => {
            test_support::skip_or_panic(&unavailable);
            None
        }
    }
}

/// A cache that knows nothing yet, at a clock that stands still; `None` without a server.
pub(crate) async fn cache() -> Option<RedisCache> {
    let link = link_to(server().await?.url(), redis::prefix()).await;
    Some(RedisCache::new(link, Arc::new(ManualClock::new()), CacheLifetimes::default()))
}

/// Slots of which none is taken.
pub(crate) async fn slots() -> Option<RedisStreamSlots> {
    let link = link_to(server().await?.url(), redis::prefix()).await;
    Some(RedisStreamSlots::new(link, Arc::new(MemoryStreamSlots::new(Arc::new(ManualClock::new())))))
}

/// The stream log of a process; `None` without a server.
pub(crate) async fn streams(prefix: String, clock: Arc<ManualClock>) -> Option<RedisStreamLog> {
    let link = link_to(server().await?.url(), prefix).await;
    Some(RedisStreamLog::new(link, clock, Duration::from_mins(10)))
}

/// A log that one process writes and another reads.
pub(crate) struct Across {
    writer: RedisStreamLog,
    reader: RedisStreamLog,
}

impl Across {
    pub(crate) async fn processes(clock: Arc<ManualClock>) -> Option<Self> {
        let prefix = redis::prefix();
        let writer = streams(prefix.clone(), clock.clone()).await?;
        Some(Self { writer, reader: streams(prefix, clock).await? })
    }
}

#[async_trait]
impl TurnStreamLog for Across {
    async fn open(&self, turn: TurnId) -> Result<(), StreamLogError> {
        self.writer.open(turn).await
    }

    /// Answers when the other process can read it.
    async fn append(&self, turn: TurnId, event: TurnEvent) -> Result<u64, StreamLogError> {
        let ends = event.ends_turn();
        let number = self.writer.append(turn, event).await?;
        let there = async || match self.reader.glance(turn, number - u64::from(!ends)).await {
            Ok(Glance::Batch(batch)) => !ends || batch.ended,
            _ => false,
        };
        let begun = std::time::Instant::now();
        while !there().await {
            assert!(begun.elapsed() < Duration::from_secs(30), "event {number} was not copied");
            tokio::task::yield_now().await;
        }
        Ok(number)
    }

    async fn glance(&self, turn: TurnId, after: u64) -> Result<Glance, StreamLogError> {
        self.reader.glance(turn, after).await
    }

    async fn read(&self, turn: TurnId, after: u64) -> Result<Option<StreamBatch>, StreamLogError> {
        self.reader.read(turn, after).await
    }
}
