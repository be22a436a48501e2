//! Imports, and what each brought: the mapping that an import is verified and taken back by.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, json_binary, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

use crate::create;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Imports {
    Table,
    Id,
    Kind,
    Origin,
    Namespace,
    StoreId,
    State,
    Backup,
    Report,
    StartedAt,
    FinishedAt,
}

#[derive(DeriveIden)]
enum ImportSessions {
    Table,
    SessionId,
    ImportId,
    SourceId,
    Messages,
    Turns,
    Feedback,
    SessionDigest,
    MessagesDigest,
}

const STATES: [&str; 5] = ["running", "completed", "different", "rolled_back", "partly_rolled_back"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let imports = Table::create()
            .table(Imports::Table)
            .col(uuid(Imports::Id).primary_key())
            .col(text(Imports::Kind))
            .col(text(Imports::Origin))
            .col(text(Imports::Namespace))
            .col(text(Imports::StoreId))
            .col(text(Imports::State))
            .col(text_null(Imports::Backup))
            .col(json_binary(Imports::Report))
            .col(timestamp_with_time_zone(Imports::StartedAt))
            .col(timestamp_with_time_zone_null(Imports::FinishedAt))
            .check(Expr::col(Imports::State).is_in(STATES))
            .to_owned();
        // No foreign key to the session: an import must not bring back what was removed since.
        let sessions = Table::create()
            .table(ImportSessions::Table)
            .col(uuid(ImportSessions::SessionId).primary_key())
            .col(uuid(ImportSessions::ImportId))
            .col(text(ImportSessions::SourceId))
            .col(big_integer(ImportSessions::Messages))
            .col(big_integer(ImportSessions::Turns))
            .col(big_integer(ImportSessions::Feedback))
            .col(text(ImportSessions::SessionDigest))
            .col(text(ImportSessions::MessagesDigest))
            .foreign_key(
                ForeignKey::create()
                    .from(ImportSessions::Table, ImportSessions::ImportId)
                    .to(Imports::Table, Imports::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        let of_import = Index::create()
            .name("ix_import_sessions_import")
            .table(ImportSessions::Table)
            .col(ImportSessions::ImportId)
            .col(ImportSessions::SessionId)
            .to_owned();
        create(manager, vec![imports, sessions], vec![of_import]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ImportSessions::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Imports::Table).to_owned()).await
    }
}
