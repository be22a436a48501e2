//! What is remembered of sessions beside the database, and what the instances that share one know of each other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api_actix::{CacheHealth, CacheLook};
use chat_analytics::advisor::{CacheKind, CacheUse};
use kernel::error_chain;
use session_core::cache::{CachedContexts, CachedSessions, Fleet, MemoryCache, Renderings};
use session_core::ports::{
    FleetSignals, SessionCache, SessionRepository, StreamSlots, Telling, TurnRepository, TurnStreamLog,
    UserContextCache, UserContextStore,
};
use session_core::stream::MemoryStreamLog;
use storage_redis::{RedisCache, RedisLink, RedisStreamLog, RedisStreamSlots};

use super::{clock, ids, instance};
use crate::config::Config;

/// Bytes in a megabyte of the configuration.
const MEGABYTE: u64 = 1 << 20;
/// The part of a process's memory that is for what was made of sessions: a quarter.
const RENDERED: u64 = 4;

/// Sessions and turns with what remembers them before them.
pub(super) struct Remembered {
    pub(super) sessions: Arc<dyn SessionRepository>,
    pub(super) turns: Arc<dyn TurnRepository>,
    /// How much use it is.
    pub(super) uses: Arc<dyn Fn() -> CacheUse + Send + Sync>,
}

/// Where sessions are remembered.
#[derive(Clone)]
pub(crate) struct Remembering {
    fleet: Fleet,
    place: Place,
    rendered_bytes: u64,
}

#[derive(Clone)]
enum Place {
    Redis { link: RedisLink, cache: RedisCache },
    Memory(MemoryCache),
    Nowhere,
}

impl Remembering {
    /// Redis where it is configured, this process otherwise. `signals` reach the other processes that share the
    /// database; there are none where the database is this process's own.
    pub(super) async fn open(config: &Config, signals: Option<Arc<dyn FleetSignals>>) -> anyhow::Result<Self> {
        // A name that no process had before: the number of a process comes again.
        let me = format!("{}:{}", instance(), ids().uuid()).replace(' ', "_");
        let telling = match (config.redis.options(), config.cache.memory_mb) {
            (Some(_), _) => Telling::SharedCache,
            (None, 0) => Telling::Nobody,
            (None, _) => Telling::Signals,
        };
        let fleet = signals.map_or_else(Fleet::alone, |signals| Fleet::of(signals, me, telling));
        fleet.join().await;
        let lifetimes = config.cache.lifetimes();
        let place = if let Some(options) = config.redis.options() {
            let link = RedisLink::new(options, fleet.clone(), ids()).context("Redis cannot be used")?;
            if let Err(error) = link.connect().await {
                tracing::warn!(
                    error = error_chain(&error),
                    "redis is not there; the database does its part until it is"
                );
            }
            let cache = RedisCache::new(link.clone(), clock(), lifetimes);
            Place::Redis { link, cache }
        } else if config.cache.memory_mb > 0 {
            let bytes = config.cache.memory_mb * MEGABYTE;
            Place::Memory(MemoryCache::new(clock(), ids(), lifetimes, bytes - bytes / RENDERED, fleet.clone()))
        } else {
            Place::Nowhere
        };
        Ok(Self { fleet, place, rendered_bytes: config.cache.memory_mb * MEGABYTE / RENDERED })
    }

    /// Sessions and turns of a storage, remembered.
    pub(super) fn before<S>(&self, storage: &Arc<S>) -> Remembered
    where
        S: SessionRepository + TurnRepository + 'static,
    {
        let (kind, cache): (_, Arc<dyn SessionCache>) = match &self.place {
            Place::Redis { cache, .. } => (CacheKind::Redis, Arc::new(cache.clone())),
            Place::Memory(cache) => (CacheKind::None, Arc::new(cache.clone())),
            Place::Nowhere => {
                let uses = Arc::new(|| CacheUse::NONE);
                return Remembered { sessions: storage.clone(), turns: storage.clone(), uses };
            }
        };
        let cached = Arc::new(CachedSessions::new(storage.clone(), storage.clone(), cache));
        let counts = Arc::clone(cached.counts());
        // What a process remembers for itself does not stand in for Redis: no other one has anything of it.
        let uses = move || match kind {
            CacheKind::Redis => CacheUse { kind, hit_ratio: counts.hit_ratio() },
            CacheKind::None => CacheUse::NONE,
        };
        Remembered { sessions: cached.clone(), turns: cached, uses: Arc::new(uses) }
    }

    /// Counts live turns: in Redis where it is configured, and where `own` does while that is away.
    pub(super) fn slots(&self, own: Arc<dyn StreamSlots>) -> Arc<dyn StreamSlots> {
        match &self.place {
            Place::Redis { link, .. } => Arc::new(RedisStreamSlots::new(link.clone(), own)),
            Place::Memory(_) | Place::Nowhere => own,
        }
    }

    /// Users' contexts of a storage, remembered.
    pub(super) fn before_contexts(&self, contexts: Arc<dyn UserContextStore>) -> Arc<dyn UserContextStore> {
        let cache: Arc<dyn UserContextCache> = match &self.place {
            Place::Redis { cache, .. } => Arc::new(cache.clone()),
            Place::Memory(cache) => Arc::new(cache.clone()),
            Place::Nowhere => return contexts,
        };
        Arc::new(CachedContexts::new(contexts, cache))
    }

    /// What was made of sessions that are found so.
    pub(super) fn renderings(&self, sessions: Arc<dyn SessionRepository>) -> Renderings {
        Renderings::new(sessions, clock(), self.rendered_bytes)
    }

    /// Live streams: all instances' with Redis, this process's own without.
    pub(super) fn streams(&self, keep: Duration) -> Arc<dyn TurnStreamLog> {
        match &self.place {
            Place::Redis { link, .. } => Arc::new(RedisStreamLog::new(link.clone(), clock(), keep)),
            Place::Memory(_) | Place::Nowhere => Arc::new(MemoryStreamLog::new(clock(), keep)),
        }
    }

    /// Keeps up with the other instances and with Redis, for good.
    pub(crate) async fn run(&self) {
        match &self.place {
            Place::Redis { link, .. } => {
                tokio::join!(link.run(), self.fleet.run(|_| ()));
            }
            Place::Memory(cache) => cache.run().await,
            Place::Nowhere => self.fleet.run(|_| ()).await,
        }
    }
}

impl CacheHealth for Remembering {
    fn look(&self) -> CacheLook {
        match &self.place {
            Place::Redis { link, .. } => CacheLook { kind: "redis", well: link.is_well() },
            Place::Memory(_) => CacheLook { kind: "memory", well: true },
            Place::Nowhere => CacheLook { kind: "none", well: true },
        }
    }
}
