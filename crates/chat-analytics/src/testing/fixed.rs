use async_trait::async_trait;
use kernel::{RepositoryError, Timestamp};

use crate::advisor::{AdvisorFacts, DatabaseCpu, Reading};

/// Always the same facts.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedFacts {
    /// Concurrent users.
    pub concurrent: u64,
    /// Monthly users.
    pub monthly: u64,
    /// Speed complaints.
    pub complaints: u64,
    /// Whether the storage is out of reach instead.
    pub down: bool,
}

impl FixedFacts {
    fn tell(&self, figure: u64) -> Result<u64, RepositoryError> {
        if self.down { Err(RepositoryError::unavailable("the secret address refused")) } else { Ok(figure) }
    }
}

#[async_trait]
impl AdvisorFacts for FixedFacts {
    async fn concurrent_users(&self, _: Timestamp) -> Result<u64, RepositoryError> {
        self.tell(self.concurrent)
    }

    async fn monthly_users(&self, _: Timestamp) -> Result<u64, RepositoryError> {
        self.tell(self.monthly)
    }

    async fn speed_complaints(&self, _: Timestamp) -> Result<u64, RepositoryError> {
        self.tell(self.complaints)
    }
}

/// A database that is always as busy.
#[derive(Debug, Clone, Copy)]
pub struct FixedCpu(pub Reading);

#[async_trait]
impl DatabaseCpu for FixedCpu {
    async fn percent(&self) -> Result<Reading, RepositoryError> {
        Ok(self.0)
    }
}
