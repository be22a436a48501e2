use kernel::{RepositoryError, StoreId, TaskId};
use rag_pipeline::model::{NewTask, Task, TaskProgress, TaskState};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::document::failure;
use super::{count, name_of, named};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub store_id: String,
    pub queue: String,
    pub kind: String,
    pub subject: String,
    pub state: String,
    pub progress: i16,
    pub stage: String,
    pub payload: Json,
    pub result: Option<Json>,
    pub failure_code: Option<String>,
    pub failure: Option<String>,
    pub attempts: i32,
    pub run_at: Ts,
    pub lease_owner: Option<String>,
    pub lease_until: Option<Ts>,
    pub cancel_requested: bool,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub finished_at: Option<Ts>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Task {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            new: NewTask {
                id: TaskId::from_uuid(row.id),
                store: StoreId::new(row.store_id).map_err(|e| RepositoryError::Corrupt(e.to_string()))?,
                queue: row.queue,
                kind: row.kind,
                subject: row.subject,
                payload: row.payload,
                created_at: row.created_at.into(),
            },
            state: named("state", &row.state)?,
            progress: TaskProgress { percent: count("progress", row.progress.into())?, stage: row.stage },
            result: row.result,
            failure: failure(row.failure_code, row.failure),
            attempts: count("attempts", row.attempts.into())?,
            run_at: row.run_at.into(),
            lease_until: row.lease_until.map(Into::into),
            cancel_requested: row.cancel_requested,
            updated_at: row.updated_at.into(),
            finished_at: row.finished_at.map(Into::into),
        })
    }
}

/// The row of a task that is queued.
pub(crate) fn row(new: &NewTask) -> Result<ActiveModel, RepositoryError> {
    Ok(ActiveModel {
        id: Set(new.id.as_uuid()),
        store_id: Set(new.store.as_str().to_owned()),
        queue: Set(new.queue.clone()),
        kind: Set(new.kind.clone()),
        subject: Set(new.subject.clone()),
        state: Set(name_of(&TaskState::Queued)?),
        progress: Set(0),
        stage: Set(String::new()),
        payload: Set(new.payload.clone()),
        result: Set(None),
        failure_code: Set(None),
        failure: Set(None),
        attempts: Set(0),
        run_at: Set(new.created_at.into()),
        lease_owner: Set(None),
        lease_until: Set(None),
        cancel_requested: Set(false),
        created_at: Set(new.created_at.into()),
        updated_at: Set(new.created_at.into()),
        finished_at: Set(None),
    })
}
