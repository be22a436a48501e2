//! Feedback in its table.

use async_trait::async_trait;
use kernel::{MessageId, RepositoryError, StoreId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use session_core::model::Feedback;
use session_core::ports::FeedbackRepository;

use crate::entity::feedback::{Column, Entity, row};
use crate::error::repository_error;
use crate::pools::SeaSessions;

#[async_trait]
impl FeedbackRepository for SeaSessions {
    async fn put(&self, store: &StoreId, feedback: &Feedback) -> Result<bool, RepositoryError> {
        if self.read_message(store, feedback.message).await?.is_none() {
            return Ok(false);
        }
        let replace = OnConflict::columns([Column::MessageId, Column::UserId])
            .update_columns([Column::Scale, Column::Value, Column::Comment, Column::GivenAt])
            .to_owned();
        Entity::insert(row(store, feedback))
            .on_conflict(replace)
            .exec_without_returning(&self.pools.writer)
            .await
            .map_err(repository_error)?;
        Ok(true)
    }

    async fn of_messages(&self, store: &StoreId, messages: &[MessageId]) -> Result<Vec<Feedback>, RepositoryError> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Entity::find()
            .filter(Column::StoreId.eq(store.as_str()))
            .filter(Column::MessageId.is_in(messages.iter().map(|id| id.as_uuid())))
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        rows.into_iter().map(Feedback::try_from).collect()
    }
}
