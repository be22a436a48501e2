use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, UserId};

use super::Measuring;
use crate::model::Session;
use crate::ports::{SessionCursor, SessionFilter, SessionRepository};

/// A [`SessionRepository`] that is measured. Every call is a session query; `find`, `store_of` and an `is_at` that is true
/// are look-ups.
pub struct MeasuredSessions {
    inner: Arc<dyn SessionRepository>,
    measuring: Measuring,
}

impl MeasuredSessions {
    /// Measures a repository.
    pub const fn new(inner: Arc<dyn SessionRepository>, measuring: Measuring) -> Self {
        Self { inner, measuring }
    }

    fn passed(&self, session: Option<&Session>) {
        if let Some(session) = session {
            self.measuring.meter.passed(session.id);
        }
    }
}

#[async_trait]
impl SessionRepository for MeasuredSessions {
    async fn find(&self, store: &StoreId, id: SessionId) -> Result<Option<Session>, RepositoryError> {
        let found = self.measuring.timed(self.inner.find(store, id)).await?;
        self.measuring.meter.looked_up(id, found.is_some());
        Ok(found)
    }

    async fn is_at(&self, id: SessionId, revision: u64) -> bool {
        let begun = self.measuring.clock.now();
        let known = self.inner.is_at(id, revision).await;
        // Who does not know asks on, and that is told.
        if known {
            self.measuring.meter.found_within(id, self.measuring.clock.now().since(begun));
        }
        known
    }

    async fn store_of(&self, id: SessionId) -> Result<Option<StoreId>, RepositoryError> {
        let found = self.measuring.timed(self.inner.store_of(id)).await?;
        self.measuring.meter.looked_up(id, found.is_some());
        Ok(found)
    }

    async fn insert(&self, session: &Session) -> Result<(), RepositoryError> {
        self.measuring.timed(self.inner.insert(session)).await?;
        self.passed(Some(session));
        Ok(())
    }

    async fn update(&self, session: &Session) -> Result<(), RepositoryError> {
        self.measuring.timed(self.inner.update(session)).await?;
        self.passed(Some(session));
        Ok(())
    }

    async fn touch(
        &self,
        store: &StoreId,
        user: Option<UserId>,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        let touched = self.measuring.timed(self.inner.touch(store, user, id, now, expires_at)).await?;
        self.passed(touched.as_ref());
        Ok(touched)
    }

    async fn find_live(
        &self,
        store: &StoreId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        let found = self.measuring.timed(self.inner.find_live(store, user, now)).await?;
        self.passed(found.as_ref());
        Ok(found)
    }

    async fn page(
        &self,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: PageLimit,
    ) -> Result<Page<Session, SessionCursor>, RepositoryError> {
        self.measuring.timed(self.inner.page(filter, after, limit)).await
    }

    async fn count_active(&self, store: &StoreId, now: Timestamp) -> Result<u64, RepositoryError> {
        self.measuring.timed(self.inner.count_active(store, now)).await
    }
}
