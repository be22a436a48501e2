//! How tasks and attempts end.

use kernel::{RepositoryError, Timestamp};
use rag_pipeline::model::{Claim, Task, TaskFailure, TaskState};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use super::{SeaTasks, held};
use crate::entity::task::{Column as C, Entity, Model};
use crate::entity::{is, name_of, task_part};
use crate::error::repository_error;
use crate::time::Ts;

/// Completes a task that the claim still holds and that is not to be cancelled; `false` otherwise.
pub(crate) async fn complete_in(
    transaction: &DatabaseTransaction,
    claim: &Claim,
    result: &Value,
    now: Timestamp,
) -> Result<bool, RepositoryError> {
    let none: Option<String> = None;
    let set = [
        (C::Result, Expr::value(result.clone())),
        (C::Progress, Expr::value(100_i16)),
        (C::Stage, Expr::value("done")),
        (C::FailureCode, Expr::value(none.clone())),
        (C::Failure, Expr::value(none)),
    ];
    // What nobody wants any more is not done, even if it could be.
    let wanted = held(claim).add(C::CancelRequested.eq(false));
    let ended = end_in(transaction, wanted, TaskState::Completed, set.into(), now).await?;
    Ok(!ended.is_empty())
}

/// Ends tasks: nobody holds them any more, and their parts go.
async fn end_in(
    transaction: &DatabaseTransaction,
    which: Condition,
    state: TaskState,
    set: Vec<(C, SimpleExpr)>,
    now: Timestamp,
) -> Result<Vec<Model>, RepositoryError> {
    let (nobody, never): (Option<String>, Option<Ts>) = (None, None);
    let mut update = Entity::update_many()
        .col_expr(C::State, Expr::value(name_of(&state)?))
        .col_expr(C::LeaseOwner, Expr::value(nobody))
        .col_expr(C::LeaseUntil, Expr::value(never))
        .col_expr(C::UpdatedAt, Expr::value(Ts::from(now)))
        .col_expr(C::FinishedAt, Expr::value(Ts::from(now)));
    for (column, value) in set {
        update = update.col_expr(column, value);
    }
    let ended = update.filter(which).exec_with_returning(transaction).await.map_err(repository_error)?;
    if !ended.is_empty() {
        let ids: Vec<Uuid> = ended.iter().map(|task| task.id).collect();
        let parts = task_part::Entity::delete_many().filter(task_part::Column::TaskId.is_in(ids));
        parts.exec(transaction).await.map_err(repository_error)?;
    }
    Ok(ended)
}

fn because(failure: &TaskFailure) -> Vec<(C, SimpleExpr)> {
    vec![(C::FailureCode, Expr::value(failure.code.as_str())), (C::Failure, Expr::value(failure.message.as_str()))]
}

impl SeaTasks {
    /// Ends the tasks that fit.
    pub(super) async fn end(
        &self,
        which: Condition,
        state: TaskState,
        failure: Option<&TaskFailure>,
        now: Timestamp,
    ) -> Result<Vec<Model>, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let set = failure.map(because).unwrap_or_default();
        let ended = end_in(&transaction, which, state, set, now).await?;
        transaction.commit().await.map_err(repository_error)?;
        Ok(ended)
    }

    /// Ends an attempt: the next may come, unless the task is to be cancelled.
    pub(super) async fn end_attempt(
        &self,
        claim: &Claim,
        failure: &TaskFailure,
        run_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let unwanted = held(claim).add(C::CancelRequested.eq(true));
        let cancelled = end_in(&transaction, unwanted, TaskState::Cancelled, because(failure), now).await?;
        let (nobody, never): (Option<String>, Option<Ts>) = (None, None);
        let again = Entity::update_many()
            .col_expr(C::State, Expr::value(name_of(&TaskState::Queued)?))
            .col_expr(C::RunAt, Expr::value(Ts::from(run_at)))
            .col_expr(C::LeaseOwner, Expr::value(nobody))
            .col_expr(C::LeaseUntil, Expr::value(never))
            .col_expr(C::FailureCode, Expr::value(failure.code.as_str()))
            .col_expr(C::Failure, Expr::value(failure.message.as_str()))
            .col_expr(C::UpdatedAt, Expr::value(Ts::from(now)))
            .filter(held(claim));
        let queued = again.exec(&transaction).await.map_err(repository_error)?.rows_affected;
        transaction.commit().await.map_err(repository_error)?;
        Ok(queued > 0 || !cancelled.is_empty())
    }

    /// Cancels what waits, and asks for what is worked on to be stopped.
    pub(super) async fn cancel_open(&self, which: Condition, now: Timestamp) -> Result<u64, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let waiting = which.clone().add(is(C::State, "queued"));
        let cancelled = end_in(&transaction, waiting, TaskState::Cancelled, Vec::new(), now).await?;
        let asked = Entity::update_many()
            .col_expr(C::CancelRequested, Expr::value(true))
            .col_expr(C::UpdatedAt, Expr::value(Ts::from(now)))
            .filter(which.add(is(C::State, "processing")));
        let asked = asked.exec(&transaction).await.map_err(repository_error)?.rows_affected;
        transaction.commit().await.map_err(repository_error)?;
        Ok(cancelled.len() as u64 + asked)
    }

    /// Fails tasks that their workers died on too often.
    pub(super) async fn end_stuck(
        &self,
        attempts: u32,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Task>, RepositoryError> {
        self.cancel_dead(now).await?;
        let silent = Condition::all().add(is(C::State, "processing")).add(C::LeaseUntil.lt(Ts::from(now)));
        // Those that were released wait again; none is taken so often by failing alone.
        let dead = Condition::all()
            .add(Condition::any().add(silent).add(is(C::State, "queued")))
            .add(C::Attempts.gte(i32::try_from(attempts).unwrap_or(i32::MAX)));
        let found = Entity::find().filter(dead.clone()).order_by_asc(C::RunAt).limit(limit as u64);
        let found = found.all(&self.pools.reader).await.map_err(repository_error)?;
        let mut ended = Vec::with_capacity(found.len());
        for task in found {
            let failure = TaskFailure::stuck(u32::try_from(task.attempts).unwrap_or(0));
            // Looked at again: its worker may have come back.
            let still = dead.clone().add(C::Id.eq(task.id));
            ended.extend(self.end(still, TaskState::Failed, Some(&failure), now).await?);
        }
        ended.into_iter().map(Task::try_from).collect()
    }
}
