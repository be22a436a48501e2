//! What the contract of the advisor's facts is tried with.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use chat_analytics::testing::contract::{Arrange, FactsFixture, GivenOpinion, Opinion, UsedSession};
use kernel::testing::SequentialIds;
use kernel::{IdSource, SessionId};
use session_core::model::{Feedback, Session, SessionState, Verdict};
use session_core::ports::{FeedbackRepository, SessionRepository, TurnRepository};
use session_core::testing::samples;
use tokio::sync::OnceCell;

use crate::pools::SeaSessions;

/// Fills a storage through its repositories.
pub struct Arranged {
    storage: SeaSessions,
    ids: SequentialIds,
    answered: OnceCell<()>,
}

impl Arranged {
    /// Fills this one.
    pub fn new(storage: SeaSessions) -> Self {
        Self { storage, ids: SequentialIds::default(), answered: OnceCell::new() }
    }

    /// An answer to have opinions of.
    async fn answer(&self) {
        SessionRepository::insert(&self.storage, &samples::session("kim")).await.unwrap();
        self.storage.open_turn(&samples::new_turn(1, 1, "배송은요?")).await.unwrap();
        self.storage.close_turn(&samples::closed_turn(1, "사흘 걸려요")).await.unwrap();
    }
}

#[async_trait]
impl Arrange for Arranged {
    async fn session(&self, used: UsedSession) {
        let session = Session {
            id: SessionId::from_uuid(self.ids.uuid()),
            store: used.store,
            user: used.user,
            state: if used.active { SessionState::Active } else { SessionState::Ended },
            created_at: used.last_active_at,
            last_active_at: used.last_active_at,
            expires_at: used.expires_at,
            ..samples::session("kim")
        };
        SessionRepository::insert(&self.storage, &session).await.unwrap();
    }

    async fn opinion(&self, given: GivenOpinion) {
        self.answered.get_or_init(|| self.answer()).await;
        let verdict = match given.rating {
            Opinion::Up => Verdict::Up,
            Opinion::Down => Verdict::Down,
            Opinion::Rating(rating) => Verdict::Rating(rating),
        };
        let feedback = Feedback {
            message: samples::message_id(3),
            user: Some(given.user),
            verdict,
            comment: given.comment,
            given_at: given.given_at,
        };
        assert!(self.storage.put(&samples::store(), &feedback).await.unwrap());
    }
}

/// A storage to run the contract on; `guard` is kept until the test ends.
pub fn fixture(storage: SeaSessions, guard: impl Any + Send + Sync) -> FactsFixture {
    let arrange = Arc::new(Arranged::new(storage.clone()));
    FactsFixture { facts: Arc::new(storage), arrange, guard: Box::new(guard) }
}
