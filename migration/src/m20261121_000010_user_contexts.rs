//! What stores remember of their users.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, json_binary, text, text_null, timestamp_with_time_zone},
};

use crate::create;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum UserContexts {
    Table,
    StoreId,
    UserId,
    Preferences,
    Summary,
    /// How often it was written; from 1.
    Revision,
    CreatedAt,
    UpdatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contexts = Table::create()
            .table(UserContexts::Table)
            .col(text(UserContexts::StoreId))
            .col(text(UserContexts::UserId))
            .col(json_binary(UserContexts::Preferences))
            .col(text_null(UserContexts::Summary))
            .col(big_integer(UserContexts::Revision).check(Expr::col(UserContexts::Revision).gt(0)))
            .col(timestamp_with_time_zone(UserContexts::CreatedAt))
            .col(timestamp_with_time_zone(UserContexts::UpdatedAt))
            .primary_key(Index::create().col(UserContexts::StoreId).col(UserContexts::UserId))
            .to_owned();
        create(manager, vec![contexts], vec![]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(UserContexts::Table).to_owned()).await
    }
}
