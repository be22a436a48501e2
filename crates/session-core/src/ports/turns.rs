use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, TurnId};

use crate::model::{ClosedTurn, Lease, Message, NewTurn, SessionStats, Turn, TurnClosing, TurnOpening};

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
    /// `Duplicate` whatever the session's state is by now. A question that is answered once more
    /// (`again`) is not stored a second time and takes no sequence number.
    async fn open_turn(&self, turn: &NewTurn) -> Result<TurnOpening, RepositoryError>;

    /// Closes a turn: in one transaction stores the answer under the next sequence number, moves the
    /// session's counters and agent, and sets the turn's state. Closing twice changes nothing, except
    /// that what comes late may fill a turn that was interrupted unanswered ([`Turn::takes`]).
    async fn close_turn(&self, turn: &ClosedTurn) -> Result<TurnClosing, RepositoryError>;

    /// Finds a turn.
    async fn find_turn(&self, store: &StoreId, id: TurnId) -> Result<Option<Turn>, RepositoryError>;

    /// Finds the turn of a session that holds a client message id.
    async fn find_request(
        &self,
        store: &StoreId,
        session: SessionId,
        client_message_id: &str,
    ) -> Result<Option<Turn>, RepositoryError>;

    /// Finds the turn of a session that is open; it has one at most.
    async fn find_open(&self, store: &StoreId, session: SessionId) -> Result<Option<Turn>, RepositoryError>;

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

    /// Holds an open turn until `lease_until`, so that nobody takes its session for abandoned.
    async fn renew_lease(&self, store: &StoreId, id: TurnId, lease_until: Timestamp) -> Result<Lease, RepositoryError>;

    /// Asks whoever answers an open turn to stop, and answers the turn as it is then; a turn that is
    /// closed is left as it is.
    async fn request_cancel(&self, store: &StoreId, id: TurnId, at: Timestamp)
    -> Result<Option<Turn>, RepositoryError>;

    /// Figures of a session; of an unknown one, zeros.
    async fn stats(&self, store: &StoreId, session: SessionId) -> Result<SessionStats, RepositoryError>;

    /// Closes as interrupted every open turn, of any store, whose lease was over at `now`.
    /// Answers how many.
    async fn interrupt_stale(&self, now: Timestamp) -> Result<u64, RepositoryError>;
}
