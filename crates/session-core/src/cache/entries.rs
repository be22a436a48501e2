//! What a single process remembers, whatever it is.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::{Clock, IdSource, Timestamp};
use uuid::Uuid;

use super::{ABANDONED, FILLING, Fleet};
use crate::ports::CacheTicket;

/// Locks that entries share by hash; more than there are cores is enough.
const SHARDS: usize = 64;
/// How long nothing is kept of what another process said it is going to write.
const WRITTEN_ELSEWHERE: Duration = Duration::from_secs(5);
/// A write that takes longer than this, or could not be told of, is told of again when it is over.
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

/// Who writes an entry.
struct Writer {
    ticket: CacheTicket,
    since: Timestamp,
    /// The era in which it began.
    era: u64,
    /// Whether the other processes know.
    told: bool,
}

/// What goes on with an entry.
#[derive(Default)]
struct Marks {
    writers: Vec<Writer>,
    /// Whether another write ended, while these go on, of which it is not known what it left: it may be the later one.
    in_doubt: bool,
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
        self.is_written_elsewhere(now) || !self.writers.is_empty()
    }

    /// Drops the writes that will never be over; answers whether there were any. Nobody knows what came of them.
    fn drop_abandoned(&mut self, now: Timestamp) -> bool {
        let before = self.writers.len();
        self.writers.retain(|writer| now.since(writer.since) < ABANDONED);
        self.in_doubt &= !self.writers.is_empty();
        self.writers.len() < before
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
        if !self.fleet.hears_all() || shard.get_mut(&key).is_some_and(|marks| !marks.is_quiet(now)) {
            return Err(None);
        }
        let ticket = CacheTicket::generate(&*self.ids);
        let filling = (ticket.clone(), now.plus(FILLING), self.fleet.era());
        self.mark(&mut shard, key, now, |marks| marks.filling = Some(filling));
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
            self.mark(&mut shard, key, now, |marks| {
                marks.writers.push(Writer { ticket: ticket.clone(), since: now, era: self.fleet.era(), told: true });
                marks.filling = None;
            });
        }
        if !self.fleet.writing(key).await {
            let mut shard = self.shard(key);
            let writers = shard.get_mut(&key).map(|marks| marks.writers.iter_mut());
            writers
                .into_iter()
                .flatten()
                .filter(|writer| writer.ticket == ticket)
                .for_each(|writer| writer.told = false);
        }
        ticket
    }

    /// Ends a write. `change` is told what is kept, whoever else writes it.
    pub(super) async fn wrote(
        &self,
        key: Uuid,
        ticket: Option<CacheTicket>,
        change: impl FnOnce(Option<&V>) -> Change<V> + Send,
    ) {
        let tell = {
            let (now, mut shard) = (self.clock.now(), self.shard(key));
            // What another process writes, or wrote meanwhile, may come after this.
            let mut overtaken =
                shard.get_mut(&key).is_some_and(|marks| marks.is_written_elsewhere(now) || marks.in_doubt);
            let mut late = false;
            if let Some(ticket) = ticket {
                let writer = settle(&mut shard, key, &ticket, now);
                overtaken |= writer.as_ref().is_none_or(|writer| writer.era != self.fleet.era());
                late = writer.is_none_or(|writer| !writer.told || now.since(writer.since) > SLOW);
            }
            let kept = self.known.get(&key).filter(|entry| self.is_current(entry, now));
            let changed = match change(kept.as_deref().map(|entry| &entry.value)) {
                Change::Leave => false,
                Change::Put(value, lifetime) if !overtaken => {
                    self.put(key, value, lifetime, now);
                    true
                }
                Change::Put(..) | Change::Forget => {
                    self.known.invalidate(&key);
                    if let Some(marks) = shard.get_mut(&key) {
                        marks.in_doubt = !marks.writers.is_empty();
                    }
                    true
                }
            };
            changed && late
        };
        if tell {
            self.fleet.writing(key).await;
        }
    }

    /// Takes note of what another process is going to write.
    pub(super) fn written_elsewhere(&self, key: Uuid) {
        let (now, mut shard) = (self.clock.now(), self.shard(key));
        self.mark(&mut shard, key, now, |marks| {
            marks.elsewhere = Some(now.plus(WRITTEN_ELSEWHERE));
            marks.filling = None;
        });
        self.known.invalidate(&key);
    }

    fn shard(&self, key: Uuid) -> Shard<'_> {
        let place = self.hasher.hash_one(key) % SHARDS as u64;
        self.shards[usize::try_from(place).unwrap_or_default()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, shard: &mut Shard<'_>, key: Uuid, now: Timestamp, mark: impl FnOnce(&mut Marks)) {
        if shard.len() > MANY_MARKS {
            shard.retain(|key, marks| {
                self.forget_abandoned(*key, marks, now);
                !marks.is_quiet(now)
            });
        }
        let marks = shard.entry(key).or_default();
        self.forget_abandoned(key, marks, now);
        mark(marks);
    }

    /// A write that was never over may have been made: what is known from before it is known no more.
    fn forget_abandoned(&self, key: Uuid, marks: &mut Marks, now: Timestamp) {
        if marks.drop_abandoned(now) {
            self.known.invalidate(&key);
        }
    }

    /// What is known, if it is not being written and nothing was missed.
    fn readable(&self, shard: &mut Shard<'_>, key: Uuid, now: Timestamp) -> Option<Arc<Entry<V>>> {
        let is_written = shard.get_mut(&key).is_some_and(|marks| {
            self.forget_abandoned(key, marks, now);
            marks.is_written(now)
        });
        if is_written || !self.fleet.hears_all() {
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

/// Ends a write. Answers who wrote.
fn settle(shard: &mut Shard<'_>, key: Uuid, ticket: &CacheTicket, now: Timestamp) -> Option<Writer> {
    let marks = shard.get_mut(&key)?;
    let place = marks.writers.iter().position(|writer| writer.ticket == *ticket)?;
    let writer = marks.writers.swap_remove(place);
    marks.in_doubt &= !marks.writers.is_empty();
    if marks.is_quiet(now) {
        shard.remove(&key);
    }
    Some(writer)
}
