use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kernel::RepositoryError;
use tokio::sync::broadcast;

use crate::ports::{FleetSignal, FleetSignals};

/// Passes signals on within this process, as long as nobody cuts the line.
pub struct MemoryFleet {
    heard: broadcast::Sender<FleetSignal>,
    cut: AtomicBool,
}

impl Default for MemoryFleet {
    fn default() -> Self {
        Self { heard: broadcast::Sender::new(1024), cut: AtomicBool::new(false) }
    }
}

impl MemoryFleet {
    /// From now on nothing is heard, or everything again. Who tells does not notice.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

#[async_trait]
impl FleetSignals for MemoryFleet {
    async fn tell_fleet(&self, signal: &FleetSignal) -> Result<(), RepositoryError> {
        if !self.cut.load(Ordering::SeqCst) {
            // An error says that nobody listens.
            drop(self.heard.send(signal.clone()));
        }
        Ok(())
    }

    fn hear_fleet(&self) -> broadcast::Receiver<FleetSignal> {
        self.heard.subscribe()
    }
}
