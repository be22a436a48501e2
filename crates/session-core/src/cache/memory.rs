//! The cache of a single process.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, IdSource, SessionId, StoreId, Timestamp};

use super::{CacheLifetimes, Fleet};
use crate::model::{Message, Session, SessionStats};
use crate::ports::{CacheTicket, Found, RECENT_MESSAGES, Recalled, Recent, SessionCache, Written};

/// Locks that sessions share by hash; more than there are cores is enough.
const SHARDS: usize = 64;
/// A write that is not over by then never will be: its process died, or was cut off in the middle. Statements and the
/// wait for a connection and for locks are bounded by far less.
const ABANDONED: Duration = Duration::from_mins(2);
/// How long whoever read something may take to keep it.
const FILLING: Duration = Duration::from_secs(2);
/// How long nothing is kept of a session that another process said it is going to write.
const WRITTEN_ELSEWHERE: Duration = Duration::from_secs(5);
/// A write that takes longer than this is told of again when it is over.
const SLOW: Duration = Duration::from_secs(2);
/// Marks in a shard beyond which those that are over are looked for.
const MANY_MARKS: usize = 1024;
/// Roughly what a session weighs beside its texts, in bytes.
const WEIGHT: usize = 600;

/// Keeps sessions in memory, the least used of them only as long as there is room.
#[derive(Clone)]
pub struct MemorySessionCache(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    lifetimes: CacheLifetimes,
    fleet: Fleet,
    entries: moka::sync::Cache<SessionId, Arc<Entry>>,
    /// What goes on with sessions; also locked while their entries change.
    shards: Vec<Mutex<HashMap<SessionId, Marks>>>,
    hasher: RandomState,
}

/// What is known of a session.
#[derive(Clone)]
struct Entry {
    known: Known,
    messages: Option<Vec<Arc<Message>>>,
    stats: Option<SessionStats>,
    until: Timestamp,
    era: u64,
}

#[derive(Clone)]
enum Known {
    Session(Session),
    Absent(Option<StoreId>),
}

/// What goes on with a session.
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
    fn is_written(&mut self, now: Timestamp) -> bool {
        self.writers.retain(|(_, since)| now.since(*since) < ABANDONED);
        self.elsewhere = self.elsewhere.filter(|until| now < *until);
        !self.writers.is_empty() || self.elsewhere.is_some()
    }

    fn is_filled(&mut self, now: Timestamp) -> bool {
        self.filling = self.filling.take().filter(|(_, until, _)| now < *until);
        self.filling.is_some()
    }

    fn is_quiet(&mut self, now: Timestamp) -> bool {
        !self.is_written(now) && !self.is_filled(now)
    }
}

type Shard<'a> = MutexGuard<'a, HashMap<SessionId, Marks>>;

impl MemorySessionCache {
    /// A cache of at most about `bytes`. What other processes write is heard of through the fleet:
    /// [`run`](Self::run).
    pub fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        lifetimes: CacheLifetimes,
        bytes: u64,
        fleet: Fleet,
    ) -> Self {
        let weigh = |_: &SessionId, entry: &Arc<Entry>| u32::try_from(entry.weight()).unwrap_or(u32::MAX);
        let entries = moka::sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(weigh)
            .time_to_live(lifetimes.session.max(lifetimes.absent))
            .build();
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let hasher = RandomState::new();
        Self(Arc::new(Inner { clock, ids, lifetimes, fleet, entries, shards, hasher }))
    }

    /// Hears of what other processes write, for good.
    pub async fn run(&self) {
        let inner = &self.0;
        inner.fleet.run(|sessions| sessions.iter().for_each(|id| inner.written_elsewhere(*id))).await;
    }
}

impl Inner {
    fn shard(&self, id: SessionId) -> Shard<'_> {
        let place = self.hasher.hash_one(id) % SHARDS as u64;
        self.shards[usize::try_from(place).unwrap_or_default()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, if it is not being written.
    fn entry(&self, shard: &mut Shard<'_>, id: SessionId, now: Timestamp) -> Option<Arc<Entry>> {
        if shard.get_mut(&id).is_some_and(|marks| marks.is_written(now)) || !self.fleet.hears() {
            return None;
        }
        self.current(id, now)
    }

    /// What is kept, whoever writes it.
    fn current(&self, id: SessionId, now: Timestamp) -> Option<Arc<Entry>> {
        self.entries.get(&id).filter(|entry| now < entry.until && entry.era == self.fleet.era())
    }

    fn put(&self, id: SessionId, entry: Entry) {
        self.entries.insert(id, Arc::new(entry));
    }

    /// Something that is known from now on; `None` when it cannot be relied on.
    fn fresh(&self, known: Known, now: Timestamp) -> Option<Entry> {
        let ttl = match &known {
            Known::Session(session) => self.lifetimes.of_session(session, now)?,
            Known::Absent(_) => self.lifetimes.absent,
        };
        let until = now.plus(super::jittered(ttl, &*self.ids));
        Some(Entry { known, messages: None, stats: None, until, era: self.fleet.era() })
    }

    fn mark(&self, shard: &mut Shard<'_>, id: SessionId, now: Timestamp, mark: impl FnOnce(&mut Marks)) {
        if shard.len() > MANY_MARKS {
            shard.retain(|_, marks| !marks.is_quiet(now));
        }
        mark(shard.entry(id).or_default());
    }

    fn written_elsewhere(&self, id: SessionId) {
        let (now, mut shard) = (self.clock.now(), self.shard(id));
        self.mark(&mut shard, id, now, |marks| {
            marks.elsewhere = Some(now.plus(WRITTEN_ELSEWHERE));
            marks.filling = None;
        });
        self.entries.invalidate(&id);
    }

    /// Ends a write. Answers since when it was going on.
    fn settle(&self, shard: &mut Shard<'_>, id: SessionId, ticket: &CacheTicket, now: Timestamp) -> Option<Timestamp> {
        let marks = shard.get_mut(&id)?;
        let place = marks.writers.iter().position(|(writer, _)| writer == ticket)?;
        let (_, since) = marks.writers.swap_remove(place);
        if marks.is_quiet(now) {
            shard.remove(&id);
        }
        Some(since)
    }

    fn changed(&self, shard: &mut Shard<'_>, id: SessionId, session: &Session, said: Option<&Message>, now: Timestamp) {
        // What another process writes may come after this.
        if shard.get_mut(&id).is_some_and(|marks| marks.is_written(now) && marks.elsewhere.is_some()) {
            return self.entries.invalidate(&id);
        }
        let before = self.current(id, now);
        let before = before.as_deref().and_then(|entry| match &entry.known {
            Known::Session(known) => Some((known.revision, entry)),
            Known::Absent(_) => None,
        });
        let Some(mut entry) = self.fresh(Known::Session(session.clone()), now) else {
            return self.entries.invalidate(&id);
        };
        match before {
            // A later write was told of before this one.
            Some((revision, _)) if revision >= session.revision => return,
            Some((revision, before)) if revision + 1 == session.revision => {
                entry.messages = before.messages.clone().map(|messages| appended(messages, said));
                entry.stats = before.stats;
                if let (Some(stats), Some(said)) = (&mut entry.stats, said) {
                    stats.count(said);
                }
            }
            _ => {}
        }
        self.put(id, entry);
    }
}

fn appended(mut messages: Vec<Arc<Message>>, said: Option<&Message>) -> Vec<Arc<Message>> {
    messages.extend(said.map(|said| Arc::new(said.clone())));
    let surplus = messages.len().saturating_sub(RECENT_MESSAGES);
    messages.drain(..surplus);
    messages
}

impl Entry {
    /// Roughly what it costs to keep, in bytes.
    fn weight(&self) -> usize {
        let of = |message: &Arc<Message>| {
            let sources: usize = message.sources.iter().map(|source| source.content.len() + WEIGHT / 2).sum();
            message.content.len() + sources + WEIGHT
        };
        WEIGHT + self.messages.as_deref().map_or(0, |messages| messages.iter().map(of).sum())
    }

    fn recent(&self, messages: usize) -> Option<Recent> {
        let Known::Session(session) = &self.known else { return None };
        let newest = self.messages.as_deref().map(|all| {
            let newest = &all[all.len().saturating_sub(messages)..];
            newest.iter().map(|message| (**message).clone()).collect()
        });
        Some(Recent { session: session.clone(), messages: newest, stats: self.stats })
    }
}

#[async_trait]
impl SessionCache for MemorySessionCache {
    async fn recall(&self, id: SessionId) -> Recalled {
        let inner = &self.0;
        let (now, mut shard) = (inner.clock.now(), inner.shard(id));
        if let Some(entry) = inner.entry(&mut shard, id, now) {
            return match &entry.known {
                Known::Session(session) => Recalled::Session(Box::new(session.clone())),
                Known::Absent(from) => Recalled::Absent(from.clone()),
            };
        }
        if !inner.fleet.hears() || shard.get_mut(&id).is_some_and(|marks| !marks.is_quiet(now)) {
            return Recalled::Missing(None);
        }
        let ticket = CacheTicket::generate(&*inner.ids);
        let filling = (ticket.clone(), now.plus(FILLING), inner.fleet.era());
        inner.mark(&mut shard, id, now, |marks| marks.filling = Some(filling));
        Recalled::Missing(Some(ticket))
    }

    async fn recall_recent(&self, id: SessionId, messages: usize) -> Option<Recent> {
        let inner = &self.0;
        let (now, mut shard) = (inner.clock.now(), inner.shard(id));
        let entry = inner.entry(&mut shard, id, now)?;
        drop(shard);
        entry.recent(messages)
    }

    async fn keep(&self, id: SessionId, ticket: &CacheTicket, found: Found<'_>) -> bool {
        let inner = &self.0;
        let (now, mut shard) = (inner.clock.now(), inner.shard(id));
        let Some(marks) = shard.get_mut(&id) else { return false };
        let mine = marks.is_filled(now)
            && marks.filling.as_ref().is_some_and(|(filler, _, era)| filler == ticket && *era == inner.fleet.era());
        if !mine {
            return false;
        }
        shard.remove(&id);
        let known = match found {
            Found::Session(session) => Known::Session(session.clone()),
            Found::Absent(from) => Known::Absent(from.cloned()),
        };
        let entry = inner.fresh(known, now);
        let kept = entry.is_some();
        entry.into_iter().for_each(|entry| inner.put(id, entry));
        kept
    }

    async fn keep_recent(
        &self,
        id: SessionId,
        revision: u64,
        messages: Option<&[Message]>,
        stats: Option<&SessionStats>,
    ) {
        let inner = &self.0;
        let (now, mut shard) = (inner.clock.now(), inner.shard(id));
        let Some(entry) = inner.entry(&mut shard, id, now) else { return };
        if !matches!(&entry.known, Known::Session(session) if session.revision == revision) {
            return;
        }
        let mut entry = (*entry).clone();
        if let Some(messages) = messages {
            entry.messages = Some(messages.iter().map(|message| Arc::new(message.clone())).collect());
        }
        entry.stats = stats.copied().or(entry.stats);
        inner.put(id, entry);
    }

    async fn writing(&self, id: SessionId) -> CacheTicket {
        let inner = &self.0;
        let ticket = CacheTicket::generate(&*inner.ids);
        {
            let (now, mut shard) = (inner.clock.now(), inner.shard(id));
            inner.mark(&mut shard, id, now, |marks| {
                marks.writers.push((ticket.clone(), now));
                marks.filling = None;
            });
        }
        inner.fleet.writing(id).await;
        ticket
    }

    async fn wrote(&self, id: SessionId, ticket: Option<CacheTicket>, written: Written<'_>) {
        let inner = &self.0;
        let slow = {
            let (now, mut shard) = (inner.clock.now(), inner.shard(id));
            let since = ticket.and_then(|ticket| inner.settle(&mut shard, id, &ticket, now));
            match written {
                Written::Unchanged => {}
                Written::New(session) => {
                    if let Some(entry) = inner.fresh(Known::Session(session.clone()), now) {
                        let (messages, stats) = (Some(Vec::new()), Some(SessionStats::default()));
                        inner.put(id, Entry { messages, stats, ..entry });
                    }
                }
                Written::Changed(session, said) => inner.changed(&mut shard, id, session, said, now),
                Written::Doubtful => inner.entries.invalidate(&id),
            }
            since.is_some_and(|since| now.since(since) > SLOW)
        };
        if slow && !matches!(written, Written::Unchanged) {
            inner.fleet.writing(id).await;
        }
    }
}
