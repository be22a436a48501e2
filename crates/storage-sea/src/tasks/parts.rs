//! What tasks work on and have done so far.

use async_trait::async_trait;
use kernel::{RepositoryError, TaskId};
use rag_pipeline::model::Claim;
use rag_pipeline::ports::TaskParts;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{SeaTasks, held};
use crate::entity::task_part::{ActiveModel, Column as C, Entity};
use crate::entity::{count, task};
use crate::error::repository_error;

/// Keeps a part, in place of one of the same name and number.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    task: TaskId,
    name: &str,
    number: u32,
    bytes: &[u8],
) -> Result<(), RepositoryError> {
    let row = ActiveModel {
        task_id: Set(task.as_uuid()),
        name: Set(name.to_owned()),
        number: Set(i32::try_from(number).map_err(RepositoryError::backend)?),
        bytes: Set(bytes.to_vec()),
    };
    let replace = OnConflict::columns([C::TaskId, C::Name, C::Number]).update_column(C::Bytes).to_owned();
    let insert = Entity::insert(row).on_conflict(replace).exec_without_returning(transaction).await;
    insert.map(|_| ()).map_err(repository_error)
}

#[async_trait]
impl TaskParts for SeaTasks {
    async fn keep(&self, claim: &Claim, name: &str, number: u32, bytes: &[u8]) -> Result<(), RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let find = task::Entity::find().filter(held(claim)).lock_exclusive();
        if find.one(&transaction).await.map_err(repository_error)?.is_none() {
            transaction.rollback().await.map_err(repository_error)?;
            return Err(RepositoryError::Stale);
        }
        insert(&transaction, claim.task, name, number, bytes).await?;
        transaction.commit().await.map_err(repository_error)
    }

    async fn part(&self, task: TaskId, name: &str, number: u32) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Ok(number) = i32::try_from(number) else { return Ok(None) };
        let found = Entity::find_by_id((task.as_uuid(), name.to_owned(), number)).one(&self.pools.reader).await;
        Ok(found.map_err(repository_error)?.map(|row| row.bytes))
    }

    async fn numbers(&self, task: TaskId, name: &str) -> Result<Vec<u32>, RepositoryError> {
        let numbers: Vec<i32> = Entity::find()
            .select_only()
            .column(C::Number)
            .filter(C::TaskId.eq(task.as_uuid()))
            .filter(C::Name.eq(name))
            .order_by_asc(C::Number)
            .into_tuple()
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        numbers.into_iter().map(|number| count("number", number.into())).collect()
    }
}
