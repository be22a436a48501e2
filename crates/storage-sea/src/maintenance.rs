//! Upkeep of all stores' sessions, in small transactions.

use async_trait::async_trait;
use kernel::{RepositoryError, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use session_core::ports::{Purged, SessionMaintenance};
use uuid::Uuid;

use crate::entity::{is, job_lease, message, session};
use crate::error::repository_error;
use crate::pools::SeaSessions;
use crate::time::Ts;

#[async_trait]
impl SessionMaintenance for SeaSessions {
    async fn lead(&self, job: &str, owner: &str, now: Timestamp, until: Timestamp) -> Result<bool, RepositoryError> {
        use job_lease::{ActiveModel, Column, Entity};
        let row =
            ActiveModel { job: Set(job.to_owned()), owner: Set(owner.to_owned()), lease_until: Set(until.into()) };
        let free =
            Expr::col((Entity, Column::Owner)).eq(owner).or(Expr::col((Entity, Column::LeaseUntil)).lte(Ts::from(now)));
        let conflict = OnConflict::column(Column::Job)
            .update_columns([Column::Owner, Column::LeaseUntil])
            .action_and_where(free)
            .to_owned();
        let insert = Entity::insert(row).on_conflict(conflict);
        let written = insert.exec_without_returning(&self.pools.writer).await.map_err(repository_error)?;
        Ok(written > 0)
    }

    async fn expire(&self, now: Timestamp, limit: u32) -> Result<u64, RepositoryError> {
        let due = Query::select()
            .column(session::Column::Id)
            .from(session::Entity)
            .and_where(is(session::Column::State, "active"))
            .and_where(session::Column::ExpiresAt.lte(Ts::from(now)))
            .order_by(session::Column::ExpiresAt, sea_orm::sea_query::Order::Asc)
            .limit(limit.into())
            .to_owned();
        let update = session::Entity::update_many()
            .col_expr(session::Column::State, Expr::value("expired"))
            .col_expr(session::Column::Revision, Expr::col(session::Column::Revision).add(1))
            .filter(session::Column::Id.in_subquery(due))
            // Checked again on the row itself: a question may have come meanwhile.
            .filter(is(session::Column::State, "active"))
            .filter(session::Column::ExpiresAt.lte(Ts::from(now)));
        Ok(update.exec(&self.pools.writer).await.map_err(repository_error)?.rows_affected)
    }

    async fn purge(&self, before: Timestamp, limit: u32) -> Result<Purged, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let mut purged = Purged::default();
        let mut left = u64::from(limit);
        // One more than may go, to know whether anything is left.
        let due = due_sessions(&transaction, before, left + 1).await?;
        for id in &due {
            let removed = remove_messages(&transaction, *id, left).await?;
            purged.messages += removed;
            left -= removed;
            // A session costs as a message does, so that many empty ones are a bounded batch as well.
            if left == 0 {
                break;
            }
            left -= 1;
            session::Entity::delete_by_id(*id).exec(&transaction).await.map_err(repository_error)?;
            purged.sessions += 1;
        }
        purged.more = (purged.sessions as usize) < due.len();
        transaction.commit().await.map_err(repository_error)?;
        Ok(purged)
    }
}

async fn due_sessions(
    transaction: &DatabaseTransaction,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Uuid>, RepositoryError> {
    session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .filter(is(session::Column::State, "deleted"))
        .filter(session::Column::DeletedAt.lt(Ts::from(before)))
        .order_by_asc(session::Column::DeletedAt)
        .limit(limit)
        .into_tuple()
        .all(transaction)
        .await
        .map_err(repository_error)
}

/// Removes at most `limit` messages of a session, the oldest first.
async fn remove_messages(transaction: &DatabaseTransaction, id: Uuid, limit: u64) -> Result<u64, RepositoryError> {
    let oldest = Query::select()
        .column(message::Column::Id)
        .from(message::Entity)
        .and_where(message::Column::SessionId.eq(id))
        .order_by(message::Column::SequenceNumber, sea_orm::sea_query::Order::Asc)
        .limit(limit)
        .to_owned();
    let delete = message::Entity::delete_many().filter(message::Column::Id.in_subquery(oldest));
    Ok(delete.exec(transaction).await.map_err(repository_error)?.rows_affected)
}
