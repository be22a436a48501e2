use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, TurnId};
use session_core::model::{ClosedTurn, Lease, Message, NewTurn, SessionStats, Turn, TurnClosing, TurnOpening};
use session_core::ports::{MessageRange, TurnRepository};
use session_core::testing::MemorySessions;

/// Turns of a storage that can be away for a number of closings, or until it is back.
pub(crate) struct Flaky {
    inner: Arc<MemorySessions>,
    failures: AtomicUsize,
}

impl Flaky {
    pub(crate) fn new(inner: Arc<MemorySessions>, failures: usize) -> Self {
        Self { inner, failures: AtomicUsize::new(failures) }
    }

    pub(crate) fn come_back(&self) {
        self.failures.store(0, Ordering::SeqCst);
    }
}

#[async_trait]
impl TurnRepository for Flaky {
    async fn open_turn(&self, turn: &NewTurn) -> Result<TurnOpening, RepositoryError> {
        self.inner.open_turn(turn).await
    }
    async fn close_turn(&self, turn: &ClosedTurn) -> Result<TurnClosing, RepositoryError> {
        let left = self.failures.load(Ordering::SeqCst);
        if left > 0 {
            self.failures.store(left - 1, Ordering::SeqCst);
            return Err(RepositoryError::unavailable("the disk is full"));
        }
        self.inner.close_turn(turn).await
    }
    async fn find_turn(&self, store: &StoreId, id: TurnId) -> Result<Option<Turn>, RepositoryError> {
        self.inner.find_turn(store, id).await
    }
    async fn find_request(
        &self,
        store: &StoreId,
        session: SessionId,
        client_message_id: &str,
    ) -> Result<Option<Turn>, RepositoryError> {
        self.inner.find_request(store, session, client_message_id).await
    }
    async fn find_open(&self, store: &StoreId, session: SessionId) -> Result<Option<Turn>, RepositoryError> {
        self.inner.find_open(store, session).await
    }
    async fn find_message(&self, store: &StoreId, id: MessageId) -> Result<Option<Message>, RepositoryError> {
        self.inner.find_message(store, id).await
    }
    async fn messages(
        &self,
        store: &StoreId,
        session: SessionId,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Page<Message, u64>, RepositoryError> {
        self.inner.messages(store, session, range, limit).await
    }
    async fn renew_lease(&self, store: &StoreId, id: TurnId, until: Timestamp) -> Result<Lease, RepositoryError> {
        self.inner.renew_lease(store, id, until).await
    }
    async fn request_cancel(
        &self,
        store: &StoreId,
        id: TurnId,
        at: Timestamp,
    ) -> Result<Option<Turn>, RepositoryError> {
        self.inner.request_cancel(store, id, at).await
    }
    async fn stats(&self, store: &StoreId, session: SessionId) -> Result<SessionStats, RepositoryError> {
        self.inner.stats(store, session).await
    }
    async fn interrupt_stale(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        self.inner.interrupt_stale(now).await
    }
}
