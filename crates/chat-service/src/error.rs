use kernel::{RepositoryError, TurnId};
use session_core::SessionError;
use session_core::model::InvalidBusinessMetadata;
use session_core::ports::{SpoolError, StreamLimit, StreamLogError};

/// Why a question was not taken, or a stream cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// Nothing was asked.
    #[error("the message is empty")]
    EmptyMessage,
    /// Too much was asked.
    #[error("the message has more than {max} characters")]
    MessageTooLong {
        /// The longest accepted, in characters.
        max: usize,
    },
    /// The message holds NUL, which no database keeps.
    #[error("the message has a NUL character")]
    InvalidCharacters,
    /// Not 1 to 128 characters, or with control characters.
    #[error("a client message id has 1 to 128 characters and no control characters")]
    InvalidClientMessageId,
    /// Business metadata over a limit.
    #[error("the business metadata is not acceptable")]
    InvalidBusiness(#[from] InvalidBusinessMetadata),
    /// The session is unknown, expired or ended.
    #[error("the session cannot be used")]
    Session(#[from] SessionError),
    /// Another turn of the session was not done in time.
    #[error("another turn of the session is being answered")]
    TurnInProgress {
        /// That turn.
        turn: TurnId,
    },
    /// As many turns are being answered at once as the limit allows. Nothing was stored; it may be asked again.
    #[error("no more than {allowed} turns are answered at once")]
    TooManyStreams {
        /// The limit that is reached.
        limit: StreamLimit,
        /// How many turns it allows.
        allowed: u32,
    },
    /// The client message id was used before with another body.
    #[error("the client message id was used for another message")]
    KeyReused {
        /// The turn that holds it.
        turn: TurnId,
    },
    /// The store has no such turn.
    #[error("the turn is not known")]
    UnknownTurn,
    /// The store has no such message, or it is not the caller's to see.
    #[error("the message is not known")]
    UnknownMessage,
    /// A message that is neither a question nor an answer to one.
    #[error("the message has no question that could be answered again")]
    NothingToAnswer,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// The storage failed.
    #[error("the chat storage failed")]
    Repository(#[from] RepositoryError),
    /// The stream log failed.
    #[error("the stream log failed")]
    Stream(#[from] StreamLogError),
    /// The emergency spool failed.
    #[error("the emergency spool failed")]
    Spool(#[from] SpoolError),
}
