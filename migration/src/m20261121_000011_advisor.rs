//! For the figures that advice on Redis is built on: who used a session lately, and what was said of answers lately.

use sea_orm_migration::prelude::*;

use crate::m20261120_000001_sessions::{ChatFeedback, ChatSessions};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const SESSIONS: &str = "ix_chat_sessions_last_active";
const FEEDBACK: &str = "ix_chat_feedback_commented";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Users are counted out of the index alone.
        let sessions = Index::create()
            .name(SESSIONS)
            .table(ChatSessions::Table)
            .col(ChatSessions::LastActiveAt)
            .col(ChatSessions::StoreId)
            .col(ChatSessions::UserId)
            .to_owned();
        let feedback = Index::create()
            .name(FEEDBACK)
            .table(ChatFeedback::Table)
            .col(ChatFeedback::GivenAt)
            .and_where(Expr::col(ChatFeedback::Comment).is_not_null())
            .to_owned();
        manager.create_index(sessions).await?;
        manager.create_index(feedback).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(FEEDBACK).table(ChatFeedback::Table).to_owned()).await?;
        manager.drop_index(Index::drop().name(SESSIONS).table(ChatSessions::Table).to_owned()).await
    }
}
