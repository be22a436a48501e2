use async_trait::async_trait;
use kernel::{RepositoryError, TurnId};
use tokio::sync::broadcast;

/// What one process lets the others know of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnSignal {
    /// Whoever answers the turn is to stop.
    Stop(TurnId),
    /// Somebody waits for the turn's end: whoever answers it is to say so.
    Await(TurnId),
    /// The turn is closed.
    Closed(TurnId),
}

/// Passes signals between the processes that share a storage. A signal is a hint: what holds is what is stored, and
/// a process that did not hear one (it was not listening, or the connection was lost) finds it there later.
#[async_trait]
pub trait TurnSignals: Send + Sync {
    /// Tells every process that listens, this one included.
    ///
    /// # Errors
    /// When it could not be told; nothing is lost by that but time.
    async fn tell(&self, signal: TurnSignal) -> Result<(), RepositoryError>;

    /// Hears what is told from now on, in the order in which each process tells it. A listener that is slow misses the
    /// oldest signals.
    fn hear(&self) -> broadcast::Receiver<TurnSignal>;
}
