//! The queue of tasks in its tables.

mod claiming;
mod ending;
mod parts;

use async_trait::async_trait;
use kernel::{Page, PageLimit, RepositoryError, StoreId, TaskId, Timestamp};
use rag_pipeline::model::{
    Claim, ClaimRequest, Heartbeat, NewTask, Task, TaskCounts, TaskFailure, TaskProgress, TaskState,
};
use rag_pipeline::ports::TaskQueue;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use crate::entity::task::{self, Column as C, Entity};
use crate::entity::{count, is, name_of};
use crate::error::repository_error;
use crate::pools::Pools;
use crate::time::Ts;

pub(crate) use ending::complete_in;

/// Tasks in tables, on either database.
#[derive(Clone)]
pub struct SeaTasks {
    pools: Pools,
}

impl SeaTasks {
    /// A queue over migrated databases.
    pub const fn new(pools: Pools) -> Self {
        Self { pools }
    }
}

/// A task that the claim still holds.
fn held(claim: &Claim) -> Condition {
    Condition::all()
        .add(C::Id.eq(claim.task.as_uuid()))
        .add(is(C::State, "processing"))
        .add(C::LeaseOwner.eq(claim.worker.as_str()))
        .add(C::Attempts.eq(i32::try_from(claim.attempt).unwrap_or(i32::MAX)))
}

#[async_trait]
impl TaskQueue for SeaTasks {
    async fn enqueue(&self, task: &NewTask, source: &[&[u8]]) -> Result<(), RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let insert = Entity::insert(task::row(task)?).exec_without_returning(&transaction).await;
        insert.map_err(repository_error)?;
        for (number, bytes) in (0..).zip(source) {
            parts::insert(&transaction, task.id, "source", number, bytes).await?;
        }
        transaction.commit().await.map_err(repository_error)
    }

    async fn claim(&self, request: &ClaimRequest, now: Timestamp) -> Result<Option<Task>, RepositoryError> {
        self.claim_next(request, now).await
    }

    async fn heartbeat(
        &self,
        claim: &Claim,
        progress: Option<&TaskProgress>,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Heartbeat, RepositoryError> {
        let mut update = Entity::update_many()
            .col_expr(C::LeaseUntil, Expr::value(Ts::from(lease_until)))
            .col_expr(C::UpdatedAt, Expr::value(Ts::from(now)));
        if let Some(progress) = progress {
            update = update
                .col_expr(C::Progress, Expr::value(i16::from(Ord::min(progress.percent, 100))))
                .col_expr(C::Stage, Expr::value(progress.stage.as_str()));
        }
        let update = update.filter(held(claim)).exec_with_returning(&self.pools.writer).await;
        Ok(match update.map_err(repository_error)?.first() {
            None => Heartbeat::Lost,
            Some(task) if task.cancel_requested => Heartbeat::Cancel,
            Some(_) => Heartbeat::GoOn,
        })
    }

    async fn complete(&self, claim: &Claim, result: &Value, now: Timestamp) -> Result<bool, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let completed = complete_in(&transaction, claim, result, now).await?;
        transaction.commit().await.map_err(repository_error)?;
        Ok(completed)
    }

    async fn retry(
        &self,
        claim: &Claim,
        failure: &TaskFailure,
        run_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, RepositoryError> {
        self.end_attempt(claim, failure, run_at, now).await
    }

    async fn fail(&self, claim: &Claim, failure: &TaskFailure, now: Timestamp) -> Result<bool, RepositoryError> {
        self.end(held(claim), TaskState::Failed, Some(failure), now).await.map(|ended| !ended.is_empty())
    }

    async fn cancelled(&self, claim: &Claim, now: Timestamp) -> Result<bool, RepositoryError> {
        self.end(held(claim), TaskState::Cancelled, None, now).await.map(|ended| !ended.is_empty())
    }

    async fn cancel(&self, store: &StoreId, id: TaskId, now: Timestamp) -> Result<Option<TaskState>, RepositoryError> {
        self.cancel_open(Condition::all().add(C::StoreId.eq(store.as_str())).add(C::Id.eq(id.as_uuid())), now).await?;
        Ok(self.find(store, id).await?.map(|task| task.state))
    }

    async fn cancel_subject(&self, store: &StoreId, subject: &str, now: Timestamp) -> Result<u64, RepositoryError> {
        self.cancel_open(Condition::all().add(C::StoreId.eq(store.as_str())).add(C::Subject.eq(subject)), now).await
    }

    async fn find(&self, store: &StoreId, id: TaskId) -> Result<Option<Task>, RepositoryError> {
        let found = Entity::find_by_id(id.as_uuid())
            .filter(C::StoreId.eq(store.as_str()))
            .one(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        found.map(Task::try_from).transpose()
    }

    async fn page<'a>(
        &'a self,
        store: &'a StoreId,
        state: Option<TaskState>,
        after: Option<TaskId>,
        limit: PageLimit,
    ) -> Result<Page<Task, TaskId>, RepositoryError> {
        let mut query = Entity::find().filter(C::StoreId.eq(store.as_str()));
        if let Some(state) = state {
            query = query.filter(C::State.eq(name_of(&state)?));
        }
        if let Some(after) = after {
            query = query.filter(C::Id.lt(after.as_uuid()));
        }
        let rows = query
            .order_by_desc(C::Id)
            .limit(limit.overfetch())
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        let tasks = rows.into_iter().map(Task::try_from).collect::<Result<_, _>>()?;
        Ok(Page::from_overfetch(tasks, limit, |task: &Task| task.new.id))
    }

    async fn release(&self, prefix: &str, now: Timestamp) -> Result<u64, RepositoryError> {
        self.release_workers(prefix, now).await
    }

    async fn sweep(&self, attempts: u32, limit: usize, now: Timestamp) -> Result<Vec<Task>, RepositoryError> {
        self.end_stuck(attempts, limit, now).await
    }

    async fn purge(&self, finished_before: Timestamp, limit: usize) -> Result<u64, RepositoryError> {
        let old = sea_orm::sea_query::Query::select()
            .column(C::Id)
            .from(Entity)
            .and_where(Expr::col(C::FinishedAt).lt(Ts::from(finished_before)))
            .limit(limit as u64)
            .to_owned();
        let delete = Entity::delete_many().filter(C::Id.in_subquery(old)).exec(&self.pools.writer).await;
        Ok(delete.map_err(repository_error)?.rows_affected)
    }

    async fn counts(&self, queues: &[String]) -> Result<TaskCounts, RepositoryError> {
        let rows: Vec<(String, i64)> = Entity::find()
            .select_only()
            .column(C::State)
            .column_as(C::Id.count(), "tasks")
            .filter(C::Queue.is_in(queues))
            .filter(is(C::State, "queued").or(is(C::State, "processing")))
            .group_by(C::State)
            .into_tuple()
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        let of = |state: &str| {
            let found = rows.iter().find(|(name, _)| name == state).map_or(0, |(_, tasks)| *tasks);
            count("tasks", found)
        };
        Ok(TaskCounts { queued: of("queued")?, processing: of("processing")? })
    }
}
