//! The queue of background tasks, and what they work on.

use sea_orm_migration::{
    prelude::*,
    schema::{
        blob, boolean, integer, json_binary, json_binary_null, small_integer, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

use crate::{create, m20261120_000003_tasks};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Tasks {
    Table,
    Id,
    StoreId,
    Queue,
    Kind,
    Subject,
    State,
    Progress,
    Stage,
    Payload,
    Result,
    FailureCode,
    Failure,
    Attempts,
    RunAt,
    LeaseOwner,
    LeaseUntil,
    CancelRequested,
    CreatedAt,
    UpdatedAt,
    FinishedAt,
}

#[derive(DeriveIden)]
enum TaskParts {
    Table,
    TaskId,
    Name,
    Number,
    Bytes,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Nothing was ever written to the one before.
        manager.get_connection().execute_unprepared("DROP TABLE tasks").await?;
        create(manager, vec![tasks(), parts()], indexes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP TABLE task_parts").await?;
        connection.execute_unprepared("DROP TABLE tasks").await?;
        m20261120_000003_tasks::Migration.up(manager).await
    }
}

fn tasks() -> TableCreateStatement {
    Table::create()
        .table(Tasks::Table)
        .col(uuid(Tasks::Id).primary_key())
        .col(text(Tasks::StoreId))
        .col(text(Tasks::Queue))
        .col(text(Tasks::Kind))
        .col(text(Tasks::Subject))
        .col(text(Tasks::State))
        .col(small_integer(Tasks::Progress))
        .col(text(Tasks::Stage))
        .col(json_binary(Tasks::Payload))
        .col(json_binary_null(Tasks::Result))
        .col(text_null(Tasks::FailureCode))
        .col(text_null(Tasks::Failure))
        .col(integer(Tasks::Attempts))
        .col(timestamp_with_time_zone(Tasks::RunAt))
        .col(text_null(Tasks::LeaseOwner))
        .col(timestamp_with_time_zone_null(Tasks::LeaseUntil))
        .col(boolean(Tasks::CancelRequested))
        .col(timestamp_with_time_zone(Tasks::CreatedAt))
        .col(timestamp_with_time_zone(Tasks::UpdatedAt))
        .col(timestamp_with_time_zone_null(Tasks::FinishedAt))
        .check(Expr::col(Tasks::State).is_in(["queued", "processing", "completed", "failed", "cancelled"]))
        .check(Expr::col(Tasks::Progress).between(0, 100))
        .to_owned()
}

fn parts() -> TableCreateStatement {
    Table::create()
        .table(TaskParts::Table)
        .col(uuid(TaskParts::TaskId))
        .col(text(TaskParts::Name))
        .col(integer(TaskParts::Number))
        .col(blob(TaskParts::Bytes))
        .primary_key(Index::create().col(TaskParts::TaskId).col(TaskParts::Name).col(TaskParts::Number))
        .foreign_key(
            ForeignKey::create()
                .from_tbl(TaskParts::Table)
                .from_col(TaskParts::TaskId)
                .to_tbl(Tasks::Table)
                .to_col(Tasks::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let open = || Expr::col(Tasks::State).is_in(["queued", "processing"]);
    vec![
        // what a worker takes next: tasks that wait, and those whose worker died
        Index::create()
            .name("ix_tasks_run_at")
            .table(Tasks::Table)
            .col(Tasks::RunAt)
            .col(Tasks::Id)
            .and_where(open())
            .to_owned(),
        Index::create()
            .name("ix_tasks_subject")
            .table(Tasks::Table)
            .col(Tasks::StoreId)
            .col(Tasks::Subject)
            .col(Tasks::Id)
            .and_where(open())
            .to_owned(),
        Index::create().name("ix_tasks_store").table(Tasks::Table).col(Tasks::StoreId).col(Tasks::Id).to_owned(),
        Index::create()
            .name("ix_tasks_finished_at")
            .table(Tasks::Table)
            .col(Tasks::FinishedAt)
            .and_where(Expr::col(Tasks::FinishedAt).is_not_null())
            .to_owned(),
    ]
}
