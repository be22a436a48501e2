//! The caches of a single process.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Clock, IdSource, SessionId, StoreId, UserId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::entries::{Change, Entries};
use super::{CacheLifetimes, Fleet, weights};
use crate::model::{Message, Session, SessionStats, UserContext};
use crate::ports::{
    CacheTicket, Found, RECENT_MESSAGES, Recalled, RecalledContext, Recent, SessionCache, UserContextCache, Written,
};

/// Remembers sessions and users' contexts in memory, the least used of them only as long as there is room.
#[derive(Clone)]
pub struct MemoryCache(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    lifetimes: CacheLifetimes,
    fleet: Fleet,
    sessions: Entries<Known>,
    contexts: Entries<Option<UserContext>>,
}

/// What is known of a session.
#[derive(Clone)]
enum Known {
    Session(Box<Conversation>),
    Absent(Option<StoreId>),
}

#[derive(Clone)]
struct Conversation {
    session: Session,
    messages: Option<Vec<Arc<Message>>>,
    stats: Option<SessionStats>,
}

impl MemoryCache {
    /// A cache of at most about `bytes`, a tenth of it for users' contexts. What other processes write is heard of
    /// through the fleet: [`run`](Self::run).
    pub fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        lifetimes: CacheLifetimes,
        bytes: u64,
        fleet: Fleet,
    ) -> Self {
        let sessions = Entries::new(clock.clone(), ids.clone(), fleet.clone(), bytes / 10 * 9, Known::weight);
        let weight = |context: &Option<UserContext>| weights::of_context(context.as_ref());
        let contexts = Entries::new(clock.clone(), ids, fleet.clone(), bytes / 10, weight);
        Self(Arc::new(Inner { clock, lifetimes, fleet, sessions, contexts }))
    }

    /// Hears of what other processes write, for good.
    pub async fn run(&self) {
        let inner = &self.0;
        let written = |keys: &[Uuid]| {
            for key in keys {
                inner.sessions.written_elsewhere(*key);
                inner.contexts.written_elsewhere(*key);
            }
        };
        inner.fleet.run(written).await;
    }
}

impl Inner {
    /// A change to something that is known from now on, if it can be relied on.
    fn put(&self, conversation: Conversation) -> Change<Known> {
        match self.lifetimes.of_session(&conversation.session, self.clock.now()) {
            Some(lifetime) => Change::Put(Known::Session(Box::new(conversation)), lifetime),
            None => Change::Forget,
        }
    }

    fn changed(&self, before: Option<&Known>, session: &Session, said: Option<&Message>) -> Change<Known> {
        let mut now = Conversation { session: session.clone(), messages: None, stats: None };
        match before {
            // A later write was told of before this one.
            Some(Known::Session(before)) if before.session.revision >= session.revision => return Change::Leave,
            Some(Known::Session(before)) if before.session.revision + 1 == session.revision => {
                now.messages = before.messages.clone().map(|messages| appended(messages, said));
                now.stats = before.stats;
                if let (Some(stats), Some(said)) = (&mut now.stats, said) {
                    stats.count(said);
                }
            }
            _ => {}
        }
        self.put(now)
    }
}

fn appended(mut messages: Vec<Arc<Message>>, said: Option<&Message>) -> Vec<Arc<Message>> {
    messages.extend(said.map(|said| Arc::new(said.clone())));
    let surplus = messages.len().saturating_sub(RECENT_MESSAGES);
    messages.drain(..surplus);
    messages
}

impl Known {
    /// Roughly what it costs to keep, in bytes.
    fn weight(&self) -> usize {
        let Self::Session(conversation) = self else { return weights::WEIGHT };
        let messages = conversation.messages.as_deref().unwrap_or_default();
        let messages: usize = messages.iter().map(|message| weights::of_message(message)).sum();
        weights::of_session(&conversation.session) + messages
    }

    fn recent(&self, messages: usize) -> Option<Recent> {
        let Self::Session(conversation) = self else { return None };
        let newest = conversation.messages.as_deref().map(|all| {
            let newest = &all[all.len().saturating_sub(messages)..];
            newest.iter().map(|message| (**message).clone()).collect()
        });
        Some(Recent { session: conversation.session.clone(), messages: newest, stats: conversation.stats })
    }
}

#[async_trait]
impl SessionCache for MemoryCache {
    async fn recall(&self, id: SessionId) -> Recalled {
        match self.0.sessions.recall(id.as_uuid()) {
            Ok(Known::Session(conversation)) => Recalled::Session(Box::new(conversation.session)),
            Ok(Known::Absent(from)) => Recalled::Absent(from),
            Err(ticket) => Recalled::Missing(ticket),
        }
    }

    async fn revision(&self, id: SessionId) -> Option<u64> {
        let revision = |known: &Known| match known {
            Known::Session(conversation) => Some(conversation.session.revision),
            Known::Absent(_) => None,
        };
        self.0.sessions.look(id.as_uuid(), revision).flatten()
    }

    async fn recall_recent(&self, id: SessionId, messages: usize) -> Option<Recent> {
        self.0.sessions.look(id.as_uuid(), |known| known.recent(messages)).flatten()
    }

    async fn keep(&self, id: SessionId, ticket: &CacheTicket, found: Found<'_>) -> bool {
        let inner = &self.0;
        let (known, lifetime) = match found {
            Found::Session(session) => {
                let Some(lifetime) = inner.lifetimes.of_session(session, inner.clock.now()) else { return false };
                let conversation = Conversation { session: session.clone(), messages: None, stats: None };
                (Known::Session(Box::new(conversation)), lifetime)
            }
            Found::Absent(from) => (Known::Absent(from.cloned()), inner.lifetimes.absent),
        };
        inner.sessions.keep(id.as_uuid(), ticket, known, lifetime)
    }

    async fn keep_recent(
        &self,
        id: SessionId,
        revision: u64,
        messages: Option<&[Message]>,
        stats: Option<&SessionStats>,
    ) {
        self.0.sessions.amend(id.as_uuid(), |known| {
            let Known::Session(known) = known else { return None };
            let messages = messages.map(|all| all.iter().map(|message| Arc::new(message.clone())).collect());
            (known.session.revision == revision).then(|| {
                let messages = messages.or_else(|| known.messages.clone());
                let stats = stats.copied().or(known.stats);
                Known::Session(Box::new(Conversation { session: known.session.clone(), messages, stats }))
            })
        });
    }

    async fn writing(&self, id: SessionId) -> CacheTicket {
        self.0.sessions.writing(id.as_uuid()).await
    }

    async fn wrote(&self, id: SessionId, ticket: Option<CacheTicket>, written: Written<'_>) {
        let inner = &self.0;
        let change = |before: Option<&Known>| match written {
            Written::Unchanged => Change::Leave,
            Written::New(session) => {
                let (messages, stats) = (Some(Vec::new()), Some(SessionStats::default()));
                inner.put(Conversation { session: session.clone(), messages, stats })
            }
            Written::Changed(session, said) => inner.changed(before, session, said),
            Written::Doubtful => Change::Forget,
        };
        inner.sessions.wrote(id.as_uuid(), ticket, change).await;
    }
}

/// The key of a user's context. Two with the same one would only be forgotten together, were it not for the check of
/// who it is that is recalled.
fn key_of(store: &StoreId, user: &UserId) -> Uuid {
    let store = store.as_str();
    let digest = Sha256::new().chain_update(store.len().to_be_bytes()).chain_update(store).chain_update(user.as_str());
    let mut key = [0; 16];
    key.copy_from_slice(&digest.finalize()[..16]);
    Uuid::from_bytes(key)
}

#[async_trait]
impl UserContextCache for MemoryCache {
    async fn recall_context(&self, store: &StoreId, user: &UserId) -> RecalledContext {
        match self.0.contexts.recall(key_of(store, user)) {
            Ok(context) => match context {
                Some(other) if (&other.store, &other.user) != (store, user) => RecalledContext::Missing(None),
                context => RecalledContext::Known(context.map(Box::new)),
            },
            Err(ticket) => RecalledContext::Missing(ticket),
        }
    }

    async fn keep_context(&self, store: &StoreId, user: &UserId, ticket: &CacheTicket, found: Option<&UserContext>) {
        let lifetimes = &self.0.lifetimes;
        let lifetime = if found.is_some() { lifetimes.context } else { lifetimes.absent };
        self.0.contexts.keep(key_of(store, user), ticket, found.cloned(), lifetime);
    }

    async fn writing_context(&self, store: &StoreId, user: &UserId) -> CacheTicket {
        self.0.contexts.writing(key_of(store, user)).await
    }

    async fn wrote_context(&self, store: &StoreId, user: &UserId, ticket: CacheTicket) {
        self.0.contexts.wrote(key_of(store, user), Some(ticket), |_| Change::Forget).await;
    }
}
