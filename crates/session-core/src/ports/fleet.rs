use async_trait::async_trait;
use kernel::RepositoryError;
use tokio::sync::broadcast;
use uuid::Uuid;

/// What the processes that share a storage tell each other of what they remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FleetSignal {
    /// A process is there.
    Pulse {
        /// Which.
        from: String,
        /// Goes up with each of its pulses.
        number: u64,
        /// Whether it cannot reach the cache that all share: what it writes is not known there.
        cut_off: bool,
    },
    /// A process is going to write something that is remembered, now or in the next seconds.
    Writing {
        /// Which.
        from: String,
        /// The keys of it: a session's id, say.
        keys: Vec<Uuid>,
    },
    /// Listening was interrupted: something may have been missed. Nobody tells this; it is heard.
    Interrupted,
}

/// Passes signals between the processes that share a storage, this one included. A signal that was told is heard by
/// every process that listens, in the order in which one process told it. A process whose listening is interrupted
/// hears nothing, not even itself, until it listens again, and then [`FleetSignal::Interrupted`] first.
#[async_trait]
pub trait FleetSignals: Send + Sync {
    /// Tells every process that listens.
    ///
    /// # Errors
    /// When it could not be told.
    async fn tell_fleet(&self, signal: &FleetSignal) -> Result<(), RepositoryError>;

    /// Hears what is told from now on. A listener that is slow misses the oldest signals, and is told so.
    fn hear_fleet(&self) -> broadcast::Receiver<FleetSignal>;
}
