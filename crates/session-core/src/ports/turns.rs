use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, TurnId};

use crate::model::{ClosedTurn, Message, NewTurn, Turn, TurnClosing, TurnOpening};

/// Which part of a conversation to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRange {
    /// The newest messages.
    Latest,
    /// The newest messages with a lower sequence number.
    Before(u64),
    /// The oldest messages with a higher sequence number.
    After(u64),
}

/// Keeps turns and their messages. Every method is atomic and scoped to one store.
///
/// Contract: sequence numbers are 1, 2, 3 … within a session, without gaps or doubles under any
/// concurrency; at most one turn of a session is open; a client message id opens one turn at most.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TurnRepository: Send + Sync {
    /// Opens a turn: in one transaction checks the session's state, refuses a repeated or reused client
    /// message id and a second open turn, takes the next sequence number, stores the user's message and
    /// moves the session's counters, title (if it has none), business fields and expiry.
    /// A turn whose lease is over is closed as interrupted on the way. A repeated request is answered
    /// `Duplicate` whatever the session's state is by now.
    async fn open_turn(&self, turn: &NewTurn) -> Result<TurnOpening, RepositoryError>;

    /// Closes a turn: in one transaction stores the answer under the next sequence number, moves the
    /// session's counters and agent, and sets the turn's state. Closing twice changes nothing.
    async fn close_turn(&self, turn: &ClosedTurn) -> Result<TurnClosing, RepositoryError>;

    /// Finds a turn.
    async fn find_turn(&self, store: &StoreId, id: TurnId) -> Result<Option<Turn>, RepositoryError>;

    /// Finds a message.
    async fn find_message(&self, store: &StoreId, id: MessageId) -> Result<Option<Message>, RepositoryError>;

    /// Reads a part of a conversation, always oldest first. `next` is, for `Latest` and `Before`, the
    /// sequence number to read on *before*; for `After`, the one to read on after.
    /// An unknown session has no messages.
    async fn messages(
        &self,
        store: &StoreId,
        session: SessionId,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Page<Message, u64>, RepositoryError>;

    /// Closes as interrupted every open turn, of any store, whose lease was over at `now`.
    /// Answers how many.
    async fn interrupt_stale(&self, now: Timestamp) -> Result<u64, RepositoryError>;
}
