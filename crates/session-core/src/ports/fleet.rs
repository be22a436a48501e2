use async_trait::async_trait;
use kernel::RepositoryError;
use tokio::sync::broadcast;
use uuid::Uuid;

/// How a process tells the others what it writes. Who tells otherwise is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// To the cache that all share.
    SharedCache,
    /// By signals: it remembers for itself.
    Signals,
    /// To nobody: it cannot reach the cache that all share, or remembers nothing.
    Nobody,
}

/// What the processes that share a storage tell each other of what they remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FleetSignal {
    /// A process is there.
    Pulse {
        /// Which.
        from: String,
        /// Goes up with each of its pulses.
        number: u64,
        /// How it tells what it writes.
        telling: Telling,
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
