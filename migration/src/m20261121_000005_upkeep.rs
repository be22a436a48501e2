//! What upkeep needs: asking a turn to stop, one leader per job, and indexes to find what is due.

use sea_orm_migration::{
    prelude::*,
    schema::{text, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

use crate::create;
use crate::m20261120_000001_sessions::{ChatSessions, ChatTurns};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Added {
    CancelRequestedAt,
}

#[derive(DeriveIden)]
enum JobLeases {
    Table,
    Job,
    Owner,
    LeaseUntil,
}

const DUE_TO_EXPIRE: &str = "ix_chat_sessions_due_to_expire";
const DUE_TO_PURGE: &str = "ix_chat_sessions_due_to_purge";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cancel = Table::alter()
            .table(ChatTurns::Table)
            .add_column(timestamp_with_time_zone_null(Added::CancelRequestedAt))
            .to_owned();
        manager.alter_table(cancel).await?;
        let leases = Table::create()
            .table(JobLeases::Table)
            .col(text(JobLeases::Job).primary_key())
            .col(text(JobLeases::Owner))
            .col(timestamp_with_time_zone(JobLeases::LeaseUntil))
            .to_owned();
        let due_to_expire = Index::create()
            .name(DUE_TO_EXPIRE)
            .table(ChatSessions::Table)
            .col(ChatSessions::ExpiresAt)
            .and_where(Expr::col(ChatSessions::State).eq("active"))
            .to_owned();
        let due_to_purge = Index::create()
            .name(DUE_TO_PURGE)
            .table(ChatSessions::Table)
            .col(ChatSessions::DeletedAt)
            .and_where(Expr::col(ChatSessions::State).eq("deleted"))
            .to_owned();
        create(manager, vec![leases], vec![due_to_expire, due_to_purge]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in [DUE_TO_EXPIRE, DUE_TO_PURGE] {
            manager.drop_index(Index::drop().name(name).table(ChatSessions::Table).to_owned()).await?;
        }
        manager.drop_table(Table::drop().table(JobLeases::Table).to_owned()).await?;
        let cancel = Table::alter().table(ChatTurns::Table).drop_column(Added::CancelRequestedAt).to_owned();
        manager.alter_table(cancel).await
    }
}
