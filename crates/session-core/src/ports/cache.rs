use async_trait::async_trait;
use kernel::{IdSource, SessionId, StoreId, UserId};

use crate::model::{Message, Session, SessionStats, UserContext};

/// The most messages of a session that are kept: what the longest page of recent messages asks for.
pub const RECENT_MESSAGES: usize = 50;

/// Names one attempt to keep or to write something, so that a cache tells it from all others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheTicket(String);

impl CacheTicket {
    /// A ticket that nobody else has.
    pub fn generate(ids: &dyn IdSource) -> Self {
        Self(ids.uuid().simple().to_string())
    }

    /// A ticket that carries more than its own name: what a cache has to know again when it comes back.
    #[must_use]
    pub fn carrying(self, more: &str) -> Self {
        Self(format!("{}.{more}", self.0))
    }

    /// Its own name, and what it carries.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('.').unwrap_or((&self.0, ""))
    }
}

/// What a cache knows of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Recalled {
    /// It is as the storage has it.
    Session(Box<Session>),
    /// There is none: in that store, or anywhere.
    Absent(Option<StoreId>),
    /// Nothing is known. With the ticket, what is read from the storage from now on may be kept. There is none while
    /// somebody writes the session, or reads it to keep it.
    Missing(Option<CacheTicket>),
}

/// A session with what was said last in it, all of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Recent {
    /// The session.
    pub session: Session,
    /// Its newest messages, oldest first, without gaps up to the last; `None` when they are not known.
    pub messages: Option<Vec<Message>>,
    /// Its figures, if they are known.
    pub stats: Option<SessionStats>,
}

/// What was found in the storage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found<'a> {
    /// A session.
    Session(&'a Session),
    /// None, in that store or anywhere.
    Absent(Option<&'a StoreId>),
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Written<'a> {
    /// The storage changed nothing.
    Unchanged,
    /// A new session, without messages.
    New(&'a Session),
    /// The session is so now, and this was said by the write. One write raises the revision by one.
    Changed(&'a Session, Option<&'a Message>),
    /// What was known was wrong, or it is not known what came of it.
    Doubtful,
}

/// Keeps what was last read and written of sessions, so that they need not be read again.
///
/// Contract: what is recalled is never older than the last write that was [`wrote`](Self::wrote) before, nor than one
/// that is being written. From [`writing`](Self::writing) on until that write is over, nothing is known; a write that
/// never ends (its process died) is believed to be over after two minutes, and what is known then is what is read anew.
/// What was read before or during a write is not kept. A cache never fails: what it cannot do it does not know.
#[async_trait]
pub trait SessionCache: Send + Sync {
    /// What is known of a session.
    async fn recall(&self, id: SessionId) -> Recalled;

    /// The revision of a session, if it is known: what was made of the session at that revision is as good as it.
    async fn revision(&self, id: SessionId) -> Option<u64>;

    /// A session, at most its `messages` newest messages and its figures, if the session at least is known.
    async fn recall_recent(&self, id: SessionId, messages: usize) -> Option<Recent>;

    /// Keeps what was read with a ticket. `false` when it was not kept: it may be outdated.
    async fn keep(&self, id: SessionId, ticket: &CacheTicket, found: Found<'_>) -> bool;

    /// Keeps newest messages, or figures, that were read while the session was known to be at `revision`; what of
    /// them is `None` stays as it is.
    async fn keep_recent(
        &self,
        id: SessionId,
        revision: u64,
        messages: Option<&[Message]>,
        stats: Option<&SessionStats>,
    );

    /// Says that a session is going to be written.
    async fn writing(&self, id: SessionId) -> CacheTicket;

    /// Says what came of writing it. A new session needs no ticket: nobody knew its id.
    async fn wrote(&self, id: SessionId, ticket: Option<CacheTicket>, written: Written<'_>);
}

/// What a cache knows of a user's context.
#[derive(Debug, Clone, PartialEq)]
pub enum RecalledContext {
    /// It is so; `None` when the store keeps nothing of the user.
    Known(Option<Box<UserContext>>),
    /// Nothing is known. The ticket is as that of [`Recalled::Missing`].
    Missing(Option<CacheTicket>),
}

/// Keeps what was last read of users' contexts.
///
/// Contract: as that of [`SessionCache`]; a write makes a context unknown until it is read again.
#[async_trait]
pub trait UserContextCache: Send + Sync {
    /// What is known of a user's context.
    async fn recall_context(&self, store: &StoreId, user: &UserId) -> RecalledContext;

    /// Keeps what was read with a ticket, if nothing was written meanwhile.
    async fn keep_context(&self, store: &StoreId, user: &UserId, ticket: &CacheTicket, found: Option<&UserContext>);

    /// Says that a context is going to be written.
    async fn writing_context(&self, store: &StoreId, user: &UserId) -> CacheTicket;

    /// Says that the write is over: what is kept is from before it.
    async fn wrote_context(&self, store: &StoreId, user: &UserId, ticket: CacheTicket);
}
