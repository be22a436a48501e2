use async_trait::async_trait;
use kernel::{MessageId, RepositoryError, StoreId};

use super::MemorySessions;
use crate::model::Feedback;
use crate::ports::FeedbackRepository;

#[async_trait]
impl FeedbackRepository for MemorySessions {
    async fn put(&self, store: &StoreId, feedback: &Feedback) -> Result<bool, RepositoryError> {
        let mut tables = self.tables();
        if tables.message(store, feedback.message).is_none() {
            return Ok(false);
        }
        tables.feedback.insert((feedback.message, feedback.user.clone()), feedback.clone());
        Ok(true)
    }

    async fn of_messages(&self, store: &StoreId, messages: &[MessageId]) -> Result<Vec<Feedback>, RepositoryError> {
        let tables = self.tables();
        let asked = |feedback: &&Feedback| {
            messages.contains(&feedback.message) && tables.message(store, feedback.message).is_some()
        };
        Ok(tables.feedback.values().filter(asked).cloned().collect())
    }
}
