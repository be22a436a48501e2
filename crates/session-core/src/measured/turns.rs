use std::sync::Arc;

use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, TurnId};

use super::Measuring;
use crate::model::{ClosedTurn, Lease, Message, NewTurn, SessionStats, Turn, TurnClosing, TurnOpening};
use crate::ports::{MessageRange, TurnRepository};

/// A [`TurnRepository`] whose calls that read or write a session are measured: `open_turn`, `close_turn`,
/// `messages`, which is a look-up, and `stats`. The others are about a turn alone.
pub struct MeasuredTurns {
    inner: Arc<dyn TurnRepository>,
    measuring: Measuring,
}

impl MeasuredTurns {
    /// Measures a repository.
    pub const fn new(inner: Arc<dyn TurnRepository>, measuring: Measuring) -> Self {
        Self { inner, measuring }
    }
}

#[async_trait]
impl TurnRepository for MeasuredTurns {
    async fn open_turn(&self, turn: &NewTurn) -> Result<TurnOpening, RepositoryError> {
        let opening = self.measuring.timed(self.inner.open_turn(turn)).await?;
        if matches!(opening, TurnOpening::Opened(_)) {
            self.measuring.meter.passed(turn.session);
        }
        Ok(opening)
    }

    async fn close_turn(&self, turn: &ClosedTurn) -> Result<TurnClosing, RepositoryError> {
        let closing = self.measuring.timed(self.inner.close_turn(turn)).await?;
        if let TurnClosing::Closed { answer: Some(answer), .. } = &closing {
            self.measuring.meter.passed(answer.session);
        }
        Ok(closing)
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
        let page = self.measuring.timed(self.inner.messages(store, session, range, limit)).await?;
        // A session without messages is there all the same, and whoever asks has looked for it before.
        self.measuring.meter.looked_up(session, true);
        Ok(page)
    }

    async fn renew_lease(&self, store: &StoreId, id: TurnId, lease_until: Timestamp) -> Result<Lease, RepositoryError> {
        self.inner.renew_lease(store, id, lease_until).await
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
        self.measuring.timed(self.inner.stats(store, session)).await
    }

    async fn interrupt_stale(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        self.inner.interrupt_stale(now).await
    }
}
