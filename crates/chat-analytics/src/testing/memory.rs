use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{RepositoryError, Timestamp};

use super::contract::{Arrange, GivenOpinion, UsedSession};
use crate::advisor::{AdvisorFacts, CONCURRENT, MONTH, is_speed_complaint};

/// Sessions and opinions in memory, counted as the databases do.
#[derive(Default)]
pub struct MemoryFacts(Mutex<(Vec<UsedSession>, Vec<GivenOpinion>)>);

impl MemoryFacts {
    fn tables(&self) -> MutexGuard<'_, (Vec<UsedSession>, Vec<GivenOpinion>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn users(&self, which: impl Fn(&UsedSession) -> bool) -> u64 {
        let tables = self.tables();
        let users: BTreeSet<_> =
            tables.0.iter().filter(|session| which(session)).map(|session| (&session.store, &session.user)).collect();
        users.len() as u64
    }
}

#[async_trait]
impl AdvisorFacts for MemoryFacts {
    async fn concurrent_users(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        let since = now.minus(CONCURRENT);
        Ok(self.users(|session| session.active && session.last_active_at >= since && session.expires_at > now))
    }

    async fn monthly_users(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        let since = now.minus(MONTH);
        Ok(self.users(|session| session.last_active_at >= since))
    }

    async fn speed_complaints(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        let since = now.minus(MONTH);
        let counts = |opinion: &&GivenOpinion| {
            let comment = opinion.comment.as_deref().unwrap_or_default();
            opinion.given_at >= since && opinion.rating.is_low() && is_speed_complaint(comment)
        };
        Ok(self.tables().1.iter().filter(counts).count() as u64)
    }
}

#[async_trait]
impl Arrange for MemoryFacts {
    async fn session(&self, session: UsedSession) {
        self.tables().0.push(session);
    }

    async fn opinion(&self, opinion: GivenOpinion) {
        self.tables().1.push(opinion);
    }
}
