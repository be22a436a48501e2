//! Giving a task to one worker.

use kernel::{RepositoryError, Timestamp};
use rag_pipeline::model::{ClaimRequest, Task, TaskState};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, Statement, Value,
};

use super::SeaTasks;
use crate::entity::is;
use crate::entity::task::{Column as C, Entity, Model};
use crate::error::repository_error;
use crate::time::Ts;

/// Tasks that are free, without those behind an older open one of their subject. One statement looks and takes: on SQLite
/// it has the one writer, on PostgreSQL a row that another worker is taking is passed over.
const TAKE: &str = "UPDATE tasks SET state = 'processing', lease_owner = $1, lease_until = $2, updated_at = $3, \
     attempts = attempts + 1, progress = 0, stage = '' \
     WHERE id = (SELECT t.id FROM tasks t \
       WHERE t.state IN ('queued', 'processing') AND t.run_at <= $3 AND t.attempts < $4 AND t.queue IN ({queues}) \
       AND (t.state = 'queued' OR (t.lease_until < $3 AND NOT t.cancel_requested)) \
       AND (t.subject = '' OR NOT EXISTS (SELECT 1 FROM tasks o WHERE o.store_id = t.store_id \
         AND o.subject = t.subject AND o.state IN ('queued', 'processing') AND o.id < t.id)) \
       ORDER BY t.run_at, t.id LIMIT 1 {lock}) \
     AND (state = 'queued' OR (state = 'processing' AND lease_until < $3)) RETURNING *";

impl SeaTasks {
    pub(super) async fn claim_next(
        &self,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> Result<Option<Task>, RepositoryError> {
        if request.queues.is_empty() {
            return Ok(None);
        }
        self.cancel_dead(now).await?;
        let backend = self.pools.writer.get_database_backend();
        let lock = if backend == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
        let places: Vec<String> = (5..5 + request.queues.len()).map(|place| format!("${place}")).collect();
        let sql = TAKE.replace("{queues}", &places.join(", ")).replace("{lock}", lock);
        let mut values: Vec<Value> = vec![
            request.worker.as_str().into(),
            Ts::from(now.plus(request.lease)).into(),
            Ts::from(now).into(),
            i32::try_from(request.most_attempts).unwrap_or(i32::MAX).into(),
        ];
        values.extend(request.queues.iter().map(|queue| Value::from(queue.as_str())));
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let row = self.pools.writer.query_one_raw(statement).await.map_err(repository_error)?;
        row.map(|row| Model::from_query_result(&row, "").map_err(repository_error)?.try_into()).transpose()
    }

    /// Cancels tasks that are to be cancelled and whose worker is gone: nobody else will.
    pub(super) async fn cancel_dead(&self, now: Timestamp) -> Result<(), RepositoryError> {
        let dead = Condition::all()
            .add(is(C::State, "processing"))
            .add(C::LeaseUntil.lt(Ts::from(now)))
            .add(C::CancelRequested.eq(true));
        let any = Entity::find().filter(dead.clone()).one(&self.pools.reader).await.map_err(repository_error)?;
        if any.is_some() {
            self.end(dead, TaskState::Cancelled, None, now).await?;
        }
        Ok(())
    }

    /// Frees the tasks of workers that are known to be gone.
    pub(super) async fn release_workers(&self, prefix: &str, now: Timestamp) -> Result<u64, RepositoryError> {
        let length = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
        let begin = Func::cust("substr").args([Expr::col(C::LeaseOwner), Expr::value(1), Expr::value(length)]);
        let of_prefix = Expr::from(begin).eq(prefix);
        let theirs = || Condition::all().add(is(C::State, "processing")).add(of_prefix.clone());
        let cancelled = self.end(theirs().add(C::CancelRequested.eq(true)), TaskState::Cancelled, None, now).await?;
        let none: Option<String> = None;
        let nobody: Option<Ts> = None;
        let free = Entity::update_many()
            .col_expr(C::State, Expr::value("queued"))
            .col_expr(C::LeaseOwner, Expr::value(none))
            .col_expr(C::LeaseUntil, Expr::value(nobody))
            .col_expr(C::UpdatedAt, Expr::value(Ts::from(now)))
            .filter(theirs());
        let freed = free.exec(&self.pools.writer).await.map_err(repository_error)?.rows_affected;
        Ok(freed + cancelled.len() as u64)
    }
}
