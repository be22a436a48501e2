use async_trait::async_trait;
use kernel::TurnId;

use crate::stream::TurnEvent;

/// Events read from a log, numbered from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamBatch {
    /// The number of the first event; the others follow without gaps.
    pub first: u64,
    /// The events.
    pub events: Vec<TurnEvent>,
    /// Whether the log is finished and these are its last: nothing follows.
    pub ended: bool,
}

/// What a log has for a reader now.
#[derive(Debug, Clone, PartialEq)]
pub enum Glance {
    /// The log is unknown: never opened, or forgotten.
    Unknown,
    /// There is nothing new, and the log is not finished.
    Waiting,
    /// This.
    Batch(StreamBatch),
}

/// Why a stream log cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum StreamLogError {
    /// What comes next for this reader is no longer held: the turn said more than a log holds before it was read.
    #[error("the stream has gone on beyond what the log holds")]
    Behind {
        /// The number of the oldest event that is still held.
        oldest: u64,
    },
    /// No log of that turn is open for writing.
    #[error("the stream is not open")]
    NotOpen,
    /// The log's storage failed.
    #[error("the stream log failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps the numbered events of live turns, so that any number of readers can follow, leave and come
/// back. Writers never wait for readers, and a log holds only so much: when a turn says more, the oldest events
/// go. A finished log stays readable for a while, then is unknown.
#[async_trait]
pub trait TurnStreamLog: Send + Sync {
    /// Starts a turn's log. Starting one that exists changes nothing.
    async fn open(&self, turn: TurnId) -> Result<(), StreamLogError>;

    /// Adds an event and answers its number. An event that [ends the turn](TurnEvent::ends_turn)
    /// finishes the log.
    ///
    /// # Errors
    /// [`StreamLogError::NotOpen`] before `open` or after the end.
    async fn append(&self, turn: TurnId, event: TurnEvent) -> Result<u64, StreamLogError>;

    /// What there is after event number `after`, or a part of it, without waiting for more.
    ///
    /// # Errors
    /// [`StreamLogError::Behind`] when the event after `after` is no longer held.
    async fn glance(&self, turn: TurnId, after: u64) -> Result<Glance, StreamLogError>;

    /// Waits until there is an event after number `after`, or the log is finished, and reads what is
    /// there, or a part of it. `None` when the log is unknown: never opened, or forgotten.
    ///
    /// # Errors
    /// [`StreamLogError::Behind`] when the event after `after` is no longer held.
    async fn read(&self, turn: TurnId, after: u64) -> Result<Option<StreamBatch>, StreamLogError>;
}
