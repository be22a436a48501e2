//! Signals within a single process.

use async_trait::async_trait;
use kernel::RepositoryError;
use tokio::sync::broadcast;

use crate::ports::{TurnSignal, TurnSignals};

/// Signals that wait for a slow listener. They are a few bytes each.
const WAITING: usize = 1024;

/// Passes signals to the listeners of this process: all there are, where it is the only one.
#[derive(Debug, Clone)]
pub struct LocalSignals(broadcast::Sender<TurnSignal>);

impl Default for LocalSignals {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

#[async_trait]
impl TurnSignals for LocalSignals {
    async fn tell(&self, signal: TurnSignal) -> Result<(), RepositoryError> {
        // An error says that nobody listens.
        drop(self.0.send(signal));
        Ok(())
    }

    fn hear(&self) -> broadcast::Receiver<TurnSignal> {
        self.0.subscribe()
    }
}
