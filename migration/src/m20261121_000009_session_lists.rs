//! Lists of sessions by state: with the state in them, the indexes give any list in its order, however few of the
//! sessions are in that state.

use sea_orm_migration::prelude::*;

use crate::m20261120_000001_sessions::ChatSessions;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const OF_STORE: &str = "ix_chat_sessions_store_state_last_active";
const OF_USER: &str = "ix_chat_sessions_store_user_state_last_active";
const OF_STORE_BEFORE: &str = "ix_chat_sessions_store_last_active";
const OF_USER_BEFORE: &str = "ix_chat_sessions_store_user_last_active";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        use ChatSessions::{Id, LastActiveAt, State, StoreId, UserId};
        index(manager, OF_STORE, vec![StoreId, State, LastActiveAt, Id]).await?;
        index(manager, OF_USER, vec![StoreId, UserId, State, LastActiveAt, Id]).await?;
        drop_indexes(manager, [OF_STORE_BEFORE, OF_USER_BEFORE]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        use ChatSessions::{Id, LastActiveAt, StoreId, UserId};
        index(manager, OF_STORE_BEFORE, vec![StoreId, LastActiveAt, Id]).await?;
        index(manager, OF_USER_BEFORE, vec![StoreId, UserId, LastActiveAt, Id]).await?;
        drop_indexes(manager, [OF_STORE, OF_USER]).await
    }
}

async fn index(manager: &SchemaManager<'_>, name: &str, columns: Vec<ChatSessions>) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(ChatSessions::Table).to_owned();
    for column in columns {
        index.col(column);
    }
    manager.create_index(index).await
}

async fn drop_indexes(manager: &SchemaManager<'_>, names: [&str; 2]) -> Result<(), DbErr> {
    for name in names {
        manager.drop_index(Index::drop().name(name).table(ChatSessions::Table).to_owned()).await?;
    }
    Ok(())
}
