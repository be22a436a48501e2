use async_trait::async_trait;
use kernel::{MessageId, RepositoryError, StoreId};

use crate::model::Feedback;

/// Keeps what customers thought of answers. Every method is atomic and scoped to one store.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait FeedbackRepository: Send + Sync {
    /// Stores feedback; the same user's earlier one on that message is replaced.
    /// `false` when the store has no such message.
    async fn put(&self, store: &StoreId, feedback: &Feedback) -> Result<bool, RepositoryError>;

    /// The feedback on any of these messages, in no particular order.
    async fn of_messages(&self, store: &StoreId, messages: &[MessageId]) -> Result<Vec<Feedback>, RepositoryError>;
}
