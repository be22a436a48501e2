//! Background tasks: queued, leased while processing, completed or failed with a cause.

use sea_orm_migration::{
    prelude::*,
    schema::{
        integer, json_binary, json_binary_null, small_integer, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid,
    },
};

use crate::create;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
pub(crate) enum Tasks {
    Table,
    Id,
    StoreId,
    Kind,
    State,
    Progress,
    Stage,
    Payload,
    Result,
    Error,
    Attempts,
    LeaseOwner,
    LeaseUntil,
    CreatedAt,
    UpdatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tasks = Table::create()
            .table(Tasks::Table)
            .col(uuid(Tasks::Id).primary_key())
            .col(text(Tasks::StoreId))
            .col(text(Tasks::Kind))
            .col(text(Tasks::State))
            .col(small_integer(Tasks::Progress))
            .col(text(Tasks::Stage))
            .col(json_binary(Tasks::Payload))
            .col(json_binary_null(Tasks::Result))
            .col(text_null(Tasks::Error))
            .col(integer(Tasks::Attempts))
            .col(text_null(Tasks::LeaseOwner))
            .col(timestamp_with_time_zone_null(Tasks::LeaseUntil))
            .col(timestamp_with_time_zone(Tasks::CreatedAt))
            .col(timestamp_with_time_zone(Tasks::UpdatedAt))
            .check(Expr::col(Tasks::State).is_in(["queued", "processing", "completed", "failed"]))
            .check(Expr::col(Tasks::Progress).between(0, 100))
            .to_owned();
        // what a worker claims next: waiting tasks, and those whose worker died
        let claim = Index::create()
            .name("ix_tasks_claim")
            .table(Tasks::Table)
            .col(Tasks::CreatedAt)
            .and_where(Expr::col(Tasks::State).is_in(["queued", "processing"]))
            .to_owned();
        create(manager, vec![tasks], vec![claim]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Tasks::Table).to_owned()).await
    }
}
