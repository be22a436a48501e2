//! Links that share a session, and when they were read.

use sea_orm_migration::{
    prelude::*,
    schema::{pk_auto, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid},
};

use crate::create;
use crate::m20261120_000001_sessions::ChatSessions;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum ChatShareLinks {
    Table,
    Id,
    StoreId,
    SessionId,
    /// SHA-256 (hex) of the token; the token itself is kept nowhere.
    TokenHash,
    CreatedAt,
    ExpiresAt,
    RevokedAt,
}

#[derive(DeriveIden)]
enum ChatShareAccesses {
    Table,
    Seq,
    LinkId,
    AccessedAt,
    RequestId,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, vec![links(), accesses()], indexes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ChatShareAccesses::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(ChatShareLinks::Table).to_owned()).await
    }
}

fn links() -> TableCreateStatement {
    Table::create()
        .table(ChatShareLinks::Table)
        .col(uuid(ChatShareLinks::Id).primary_key())
        .col(text(ChatShareLinks::StoreId))
        .col(uuid(ChatShareLinks::SessionId))
        .col(text(ChatShareLinks::TokenHash))
        .col(timestamp_with_time_zone(ChatShareLinks::CreatedAt))
        .col(timestamp_with_time_zone(ChatShareLinks::ExpiresAt))
        .col(timestamp_with_time_zone_null(ChatShareLinks::RevokedAt))
        .foreign_key(
            ForeignKey::create()
                .from(ChatShareLinks::Table, ChatShareLinks::SessionId)
                .to(ChatSessions::Table, ChatSessions::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn accesses() -> TableCreateStatement {
    Table::create()
        .table(ChatShareAccesses::Table)
        .col(pk_auto(ChatShareAccesses::Seq).big_integer())
        .col(uuid(ChatShareAccesses::LinkId))
        .col(timestamp_with_time_zone(ChatShareAccesses::AccessedAt))
        .col(text(ChatShareAccesses::RequestId))
        .foreign_key(
            ForeignKey::create()
                .from(ChatShareAccesses::Table, ChatShareAccesses::LinkId)
                .to(ChatShareLinks::Table, ChatShareLinks::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("ux_chat_share_links_token")
            .table(ChatShareLinks::Table)
            .col(ChatShareLinks::TokenHash)
            .unique()
            .to_owned(),
        Index::create()
            .name("ix_chat_share_links_session")
            .table(ChatShareLinks::Table)
            .col(ChatShareLinks::SessionId)
            .to_owned(),
        Index::create()
            .name("ix_chat_share_accesses_link")
            .table(ChatShareAccesses::Table)
            .col(ChatShareAccesses::LinkId)
            .col(ChatShareAccesses::AccessedAt)
            .to_owned(),
    ]
}
