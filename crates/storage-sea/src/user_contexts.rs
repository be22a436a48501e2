//! User contexts in their table.

use async_trait::async_trait;
use kernel::{RepositoryError, StoreId, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use session_core::model::{UserContext, UserContextChange};
use session_core::ports::UserContextStore;

use crate::entity::user_context::{Column, Entity, Model, first, written};
use crate::error::repository_error;
use crate::pools::SeaSessions;

fn key(store: &StoreId, user: &UserId) -> (String, String) {
    (store.as_str().to_owned(), user.as_str().to_owned())
}

#[async_trait]
impl UserContextStore for SeaSessions {
    async fn find(&self, store: &StoreId, user: &UserId) -> Result<Option<UserContext>, RepositoryError> {
        let found = Entity::find_by_id(key(store, user)).one(&self.pools.reader).await.map_err(repository_error)?;
        found.map(UserContext::try_from).transpose()
    }

    async fn put(&self, change: &UserContextChange, at: Timestamp) -> Result<UserContext, RepositoryError> {
        // One statement in each case, so that no other write comes between looking and writing.
        let kept = match change.expected_revision {
            None => self.replace_context(change, at).await?,
            Some(0) => self.begin_context(change, at).await?,
            Some(revision) => self.change_context(change, revision, at).await?,
        };
        kept.try_into()
    }

    async fn remove(&self, store: &StoreId, user: &UserId) -> Result<bool, RepositoryError> {
        let delete = Entity::delete_by_id(key(store, user));
        Ok(delete.exec(&self.pools.writer).await.map_err(repository_error)?.rows_affected > 0)
    }
}

impl SeaSessions {
    /// Writes whatever there is.
    async fn replace_context(&self, change: &UserContextChange, at: Timestamp) -> Result<Model, RepositoryError> {
        let replace = OnConflict::columns([Column::StoreId, Column::UserId])
            .update_columns([Column::Preferences, Column::Summary, Column::UpdatedAt])
            .value(Column::Revision, Expr::col((Entity, Column::Revision)).add(1))
            .to_owned();
        let insert = Entity::insert(first(change, at)).on_conflict(replace);
        insert.exec_with_returning(&self.pools.writer).await.map_err(repository_error)
    }

    /// Writes where nothing is kept.
    async fn begin_context(&self, change: &UserContextChange, at: Timestamp) -> Result<Model, RepositoryError> {
        let insert = Entity::insert(first(change, at)).exec_with_returning(&self.pools.writer).await;
        insert.map_err(repository_error).map_err(|error| match error {
            RepositoryError::Conflict => RepositoryError::Stale,
            other => other,
        })
    }

    /// Writes over one revision.
    async fn change_context(
        &self,
        change: &UserContextChange,
        revision: u64,
        at: Timestamp,
    ) -> Result<Model, RepositoryError> {
        let update = Entity::update_many()
            .set(written(change, at))
            .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
            .filter(Column::StoreId.eq(change.store.as_str()))
            .filter(Column::UserId.eq(change.user.as_str()))
            .filter(Column::Revision.eq(revision.cast_signed()));
        let changed = update.exec_with_returning(&self.pools.writer).await.map_err(repository_error)?;
        changed.into_iter().next().ok_or(RepositoryError::Stale)
    }
}
