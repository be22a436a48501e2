//! What a single process remembers, whatever it is.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::{Clock, IdSource, Timestamp};
use uuid::Uuid;

use super::Fleet;
use crate::ports::CacheTicket;

/// Locks that entries share by hash; more than there are cores is enough.
const SHARDS: usize = 64;
/// A write that is not over by then never will be: its process died, or was cut off in the middle. Statements and the
/// wait for a connection and for locks are bounded by far less.
const ABANDONED: Duration = Duration::from_mins(2);
/// How long whoever read something may take to keep it.
const FILLING: Duration = Duration::from_secs(2);
/// How long nothing is kept of what another process said it is going to write.
const WRITTEN_ELSEWHERE: Duration = Duration::from_secs(5);
/// A write that takes longer than this is told of again when it is over.
const SLOW: Duration = Duration::from_secs(2);
/// Marks in a shard beyond which those that are over are looked for.
const MANY_MARKS: usize = 1024;

/// Entries by key, the least used of them only as long as there is room.
pub(super) struct Entries<V> {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    fleet: Fleet,
    known: moka::sync::Cache<Uuid, Arc<Entry<V>>>,
    /// What goes on with entries; also locked while they change.
    shards: Vec<Mutex<HashMap<Uuid, Marks>>>,
    hasher: RandomState,
}

struct Entry<V> {
    value: V,
    until: Timestamp,
    era: u64,
}

/// What becomes of an entry.
pub(super) enum Change<V> {
    /// It stays as it is.
    Leave,
    /// It is this, for so long.
    Put(V, Duration),
    /// It is not known any more.
    Forget,
}

/// What goes on with an entry.
#[derive(Default)]
struct Marks {
    /// Those who write it, and since when.
    writers: Vec<(CacheTicket, Timestamp)>,
    /// Who reads it in order to keep it, until when, and in what era.
    filling: Option<(CacheTicket, Timestamp, u64)>,
    /// Until when another process may be writing it.
    elsewhere: Option<Timestamp>,
}

impl Marks {
    fn is_written_elsewhere(&mut self, now: Timestamp) -> bool {
        self.elsewhere = self.elsewhere.filter(|until| now < *until);
        self.elsewhere.is_some()
    }

    fn is_written(&mut self, now: Timestamp) -> bool {
        self.writers.retain(|(_, since)| now.since(*since) < ABANDONED);
        self.is_written_elsewhere(now) || !self.writers.is_empty()
    }

    fn is_filled(&mut self, now: Timestamp) -> bool {
        self.filling = self.filling.take().filter(|(_, until, _)| now < *until);
        self.filling.is_some()
    }

    fn is_quiet(&mut self, now: Timestamp) -> bool {
        !self.is_written(now) && !self.is_filled(now)
    }
}

type Shard<'a> = MutexGuard<'a, HashMap<Uuid, Marks>>;

impl<V: Clone + Send + Sync + 'static> Entries<V> {
    /// Entries that weigh at most about `bytes` together, as `weigh` says.
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        fleet: Fleet,
        bytes: u64,
        weigh: impl Fn(&V) -> usize + Send + Sync + 'static,
    ) -> Self {
        let weigh = move |_: &Uuid, entry: &Arc<Entry<V>>| u32::try_from(weigh(&entry.value)).unwrap_or(u32::MAX);
        let known = moka::sync::Cache::builder().max_capacity(bytes).weigher(weigh).build();
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { clock, ids, fleet, known, shards, hasher: RandomState::new() }
    }

    /// What is known, or the right to keep what is read next, if nobody has it and nobody writes.
    pub(super) fn recall(&self, key: Uuid) -> Result<V, Option<CacheTicket>> {
        let (now, mut shard) = (self.clock.now(), self.shard(key));
        if let Some(entry) = self.readable(&mut shard, key, now) {
            return Ok(entry.value.clone());
        }
        if !self.fleet.hears() || shard.get_mut(&key).is_some_and(|marks| !marks.is_quiet(now)) {
            return Err(None);
        }
        let ticket = CacheTicket::generate(&*self.ids);
        let filling = (ticket.clone(), now.plus(FILLING), self.fleet.era());
        mark(&mut shard, key, now, |marks| marks.filling = Some(filling));
        Err(Some(ticket))
    }

    /// What a look at the entry gives, if it is known.
    pub(super) fn look<T>(&self, key: Uuid, look: impl FnOnce(&V) -> T) -> Option<T> {
        let entry = self.readable(&mut self.shard(key), key, self.clock.now())?;
        Some(look(&entry.value))
    }

    /// Changes what is known, if it is, for as long as it was to be known anyway.
    pub(super) fn amend(&self, key: Uuid, amend: impl FnOnce(&V) -> Option<V>) {
        let (now, mut shard) = (self.clock.now(), self.shard(key));
        let Some(entry) = self.readable(&mut shard, key, now) else { return };
        if let Some(value) = amend(&entry.value) {
            self.known.insert(key, Arc::new(Entry { value, until: entry.until, era: entry.era }));
        }
    }

    /// Keeps what was read with a ticket, if nothing was written meanwhile.
    pub(super) fn keep(&self, key: Uuid, ticket: &CacheTicket, value: V, lifetime: Duration) -> bool {
        let (now, mut shard) = (self.clock.now(), self.shard(key));
        let Some(marks) = shard.get_mut(&key) else { return false };
        let mine = marks.is_filled(now)
            && marks.filling.as_ref().is_some_and(|(filler, _, era)| filler == ticket && *era == self.fleet.era());
        if mine {
            shard.remove(&key);
            self.put(key, value, lifetime, now);
        }
        mine
    }

    /// Says that an entry is going to be written; answers when the other processes know.
    pub(super) async fn writing(&self, key: Uuid) -> CacheTicket {
        let ticket = CacheTicket::generate(&*self.ids);
        {
            let (now, mut shard) = (self.clock.now(), self.shard(key));
            mark(&mut shard, key, now, |marks| {
                marks.writers.push((ticket.clone(), now));
                marks.filling = None;
            });
        }
        self.fleet.writing(key).await;
        ticket
    }

    /// Ends a write. `change` is told what is kept, whoever else writes it.
    pub(super) async fn wrote(
        &self,
        key: Uuid,
        ticket: Option<CacheTicket>,
        change: impl FnOnce(Option<&V>) -> Change<V> + Send,
    ) {
        let tell_again = {
            let (now, mut shard) = (self.clock.now(), self.shard(key));
            let since = ticket.and_then(|ticket| settle(&mut shard, key, &ticket, now));
            let elsewhere = shard.get_mut(&key).is_some_and(|marks| marks.is_written_elsewhere(now));
            let kept = self.known.get(&key).filter(|entry| self.is_current(entry, now));
            let changed = match change(kept.as_deref().map(|entry| &entry.value)) {
                Change::Leave => false,
                // What another process writes may come after this.
                Change::Put(value, lifetime) if !elsewhere => {
                    self.put(key, value, lifetime, now);
                    true
                }
                Change::Put(..) | Change::Forget => {
                    self.known.invalidate(&key);
                    true
                }
            };
            changed && since.is_some_and(|since| now.since(since) > SLOW)
        };
        if tell_again {
            self.fleet.writing(key).await;
        }
    }

    /// Takes note of what another process is going to write.
    pub(super) fn written_elsewhere(&self, key: Uuid) {
        let (now, mut shard) = (self.clock.now(), self.shard(key));
        mark(&mut shard, key, now, |marks| {
            marks.elsewhere = Some(now.plus(WRITTEN_ELSEWHERE));
            marks.filling = None;
        });
        self.known.invalidate(&key);
    }

    fn shard(&self, key: Uuid) -> Shard<'_> {
        let place = self.hasher.hash_one(key) % SHARDS as u64;
        self.shards[usize::try_from(place).unwrap_or_default()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, if it is not being written and nothing was missed.
    fn readable(&self, shard: &mut Shard<'_>, key: Uuid, now: Timestamp) -> Option<Arc<Entry<V>>> {
        if shard.get_mut(&key).is_some_and(|marks| marks.is_written(now)) || !self.fleet.hears() {
            return None;
        }
        self.known.get(&key).filter(|entry| self.is_current(entry, now))
    }

    fn is_current(&self, entry: &Entry<V>, now: Timestamp) -> bool {
        now < entry.until && entry.era == self.fleet.era()
    }

    fn put(&self, key: Uuid, value: V, lifetime: Duration, now: Timestamp) {
        let until = now.plus(super::jittered(lifetime, &*self.ids));
        self.known.insert(key, Arc::new(Entry { value, until, era: self.fleet.era() }));
    }
}

fn mark(shard: &mut Shard<'_>, key: Uuid, now: Timestamp, mark: impl FnOnce(&mut Marks)) {
    if shard.len() > MANY_MARKS {
        shard.retain(|_, marks| !marks.is_quiet(now));
    }
    mark(shard.entry(key).or_default());
}

/// Ends a write. Answers since when it was going on.
fn settle(shard: &mut Shard<'_>, key: Uuid, ticket: &CacheTicket, now: Timestamp) -> Option<Timestamp> {
    let marks = shard.get_mut(&key)?;
    let place = marks.writers.iter().position(|(writer, _)| writer == ticket)?;
    let (_, since) = marks.writers.swap_remove(place);
    if marks.is_quiet(now) {
        shard.remove(&key);
    }
    Some(since)
}
