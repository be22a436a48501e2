//! Sessions, turns, messages and feedback.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, boolean, boolean_null, integer, integer_null, json_binary, small_integer,
        small_integer_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::create;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
pub(crate) enum ChatSessions {
    Table,
    Id,
    StoreId,
    UserId,
    Title,
    Channel,
    Metadata,
    InquiryCategory,
    SatisfactionScore,
    ResolutionStatus,
    Priority,
    FollowUpNeeded,
    BusinessImpact,
    TopicTags,
    PrivacyLevel,
    State,
    RequestCount,
    MessageCount,
    LastSequence,
    LastAgentUsed,
    CreatedAt,
    LastActiveAt,
    ExpiresAt,
    EndedAt,
    DeletedAt,
    Revision,
}

#[derive(DeriveIden)]
pub(crate) enum ChatTurns {
    Table,
    Id,
    StoreId,
    SessionId,
    ClientMessageId,
    RequestHash,
    State,
    QuestionId,
    AnswerId,
    OpenedAt,
    LeaseUntil,
    ClosedAt,
}

#[derive(DeriveIden)]
pub(crate) enum ChatMessages {
    Table,
    Id,
    SessionId,
    TurnId,
    Role,
    Content,
    Status,
    PromptTokens,
    CompletionTokens,
    TotalTokens,
    UsageEstimated,
    CostMicros,
    Model,
    FirstTokenMs,
    ResponseTimeMs,
    AgentUsed,
    RoutingInfo,
    Sources,
    Metadata,
    LangsmithTraceId,
    ParentMessageId,
    SequenceNumber,
    IsDeleted,
    DeletedAt,
    CreatedAt,
}

#[derive(DeriveIden)]
pub(crate) enum ChatFeedback {
    Table,
    MessageId,
    UserId,
    StoreId,
    Scale,
    Value,
    Comment,
    GivenAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = session_indexes().into_iter().chain(turn_indexes()).collect();
        create(manager, vec![sessions(), turns(), messages(), feedback()], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ChatFeedback::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(ChatMessages::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(ChatTurns::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(ChatSessions::Table).to_owned()).await
    }
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table(ChatSessions::Table)
        .col(uuid(ChatSessions::Id).primary_key())
        .col(text(ChatSessions::StoreId))
        .col(text(ChatSessions::UserId))
        .col(text_null(ChatSessions::Title))
        .col(text(ChatSessions::Channel))
        .col(json_binary(ChatSessions::Metadata))
        .col(text_null(ChatSessions::InquiryCategory))
        .col(small_integer_null(ChatSessions::SatisfactionScore))
        .col(text_null(ChatSessions::ResolutionStatus))
        .col(text_null(ChatSessions::Priority))
        .col(boolean_null(ChatSessions::FollowUpNeeded))
        .col(text_null(ChatSessions::BusinessImpact))
        .col(json_binary(ChatSessions::TopicTags))
        .col(text(ChatSessions::PrivacyLevel))
        .col(text(ChatSessions::State))
        .col(big_integer(ChatSessions::RequestCount))
        .col(big_integer(ChatSessions::MessageCount))
        .col(big_integer(ChatSessions::LastSequence))
        .col(text_null(ChatSessions::LastAgentUsed))
        .col(timestamp_with_time_zone(ChatSessions::CreatedAt))
        .col(timestamp_with_time_zone(ChatSessions::LastActiveAt))
        .col(timestamp_with_time_zone(ChatSessions::ExpiresAt))
        .col(timestamp_with_time_zone_null(ChatSessions::EndedAt))
        .col(timestamp_with_time_zone_null(ChatSessions::DeletedAt))
        .col(big_integer(ChatSessions::Revision))
        .check(Expr::col(ChatSessions::State).is_in(["active", "ended", "expired", "deleted"]))
        .check(Expr::col(ChatSessions::PrivacyLevel).is_in(["private", "team", "store"]))
        .check(Expr::col(ChatSessions::SatisfactionScore).between(1, 5))
        .to_owned()
}

fn turns() -> TableCreateStatement {
    Table::create()
        .table(ChatTurns::Table)
        .col(uuid(ChatTurns::Id).primary_key())
        .col(text(ChatTurns::StoreId))
        .col(uuid(ChatTurns::SessionId))
        .col(text_null(ChatTurns::ClientMessageId))
        .col(text(ChatTurns::RequestHash))
        .col(text(ChatTurns::State))
        .col(uuid(ChatTurns::QuestionId))
        .col(uuid_null(ChatTurns::AnswerId))
        .col(timestamp_with_time_zone(ChatTurns::OpenedAt))
        .col(timestamp_with_time_zone(ChatTurns::LeaseUntil))
        .col(timestamp_with_time_zone_null(ChatTurns::ClosedAt))
        .check(Expr::col(ChatTurns::State).is_in(["open", "completed", "interrupted", "failed"]))
        .foreign_key(
            ForeignKey::create()
                .from(ChatTurns::Table, ChatTurns::SessionId)
                .to(ChatSessions::Table, ChatSessions::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn messages() -> TableCreateStatement {
    Table::create()
        .table(ChatMessages::Table)
        .col(uuid(ChatMessages::Id).primary_key())
        .col(uuid(ChatMessages::SessionId))
        .col(uuid(ChatMessages::TurnId))
        .col(text(ChatMessages::Role))
        .col(text(ChatMessages::Content))
        .col(text(ChatMessages::Status))
        .col(integer(ChatMessages::PromptTokens))
        .col(integer(ChatMessages::CompletionTokens))
        .col(integer(ChatMessages::TotalTokens))
        .col(boolean(ChatMessages::UsageEstimated))
        .col(big_integer_null(ChatMessages::CostMicros))
        .col(text_null(ChatMessages::Model))
        .col(integer_null(ChatMessages::FirstTokenMs))
        .col(integer_null(ChatMessages::ResponseTimeMs))
        .col(text_null(ChatMessages::AgentUsed))
        .col(json_binary(ChatMessages::RoutingInfo))
        .col(json_binary(ChatMessages::Sources))
        .col(json_binary(ChatMessages::Metadata))
        .col(text_null(ChatMessages::LangsmithTraceId))
        .col(uuid_null(ChatMessages::ParentMessageId))
        .col(big_integer(ChatMessages::SequenceNumber))
        .col(boolean(ChatMessages::IsDeleted))
        .col(timestamp_with_time_zone_null(ChatMessages::DeletedAt))
        .col(timestamp_with_time_zone(ChatMessages::CreatedAt))
        .check(Expr::col(ChatMessages::Role).is_in(["user", "assistant", "system"]))
        .check(Expr::col(ChatMessages::Status).is_in(["complete", "interrupted", "failed"]))
        .check(Expr::col(ChatMessages::SequenceNumber).gt(0))
        .foreign_key(
            ForeignKey::create()
                .from(ChatMessages::Table, ChatMessages::SessionId)
                .to(ChatSessions::Table, ChatSessions::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from(ChatMessages::Table, ChatMessages::TurnId)
                .to(ChatTurns::Table, ChatTurns::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn feedback() -> TableCreateStatement {
    Table::create()
        .table(ChatFeedback::Table)
        .col(uuid(ChatFeedback::MessageId))
        .col(text(ChatFeedback::UserId))
        .col(text(ChatFeedback::StoreId))
        .col(text(ChatFeedback::Scale))
        .col(small_integer(ChatFeedback::Value))
        .col(text_null(ChatFeedback::Comment))
        .col(timestamp_with_time_zone(ChatFeedback::GivenAt))
        .primary_key(Index::create().col(ChatFeedback::MessageId).col(ChatFeedback::UserId))
        .check(Expr::col(ChatFeedback::Scale).is_in(["thumbs", "rating"]))
        .foreign_key(
            ForeignKey::create()
                .from(ChatFeedback::Table, ChatFeedback::MessageId)
                .to(ChatMessages::Table, ChatMessages::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn session_indexes() -> Vec<IndexCreateStatement> {
    vec![
        // the list of a store, and of a user in it, newest first
        Index::create()
            .name("ix_chat_sessions_store_last_active")
            .table(ChatSessions::Table)
            .col(ChatSessions::StoreId)
            .col(ChatSessions::LastActiveAt)
            .col(ChatSessions::Id)
            .to_owned(),
        Index::create()
            .name("ix_chat_sessions_store_user_last_active")
            .table(ChatSessions::Table)
            .col(ChatSessions::StoreId)
            .col(ChatSessions::UserId)
            .col(ChatSessions::LastActiveAt)
            .col(ChatSessions::Id)
            .to_owned(),
        // counting and expiring active sessions
        Index::create()
            .name("ix_chat_sessions_active_expiry")
            .table(ChatSessions::Table)
            .col(ChatSessions::StoreId)
            .col(ChatSessions::ExpiresAt)
            .and_where(Expr::col(ChatSessions::State).eq("active"))
            .to_owned(),
    ]
}

fn turn_indexes() -> Vec<IndexCreateStatement> {
    vec![
        // one request makes one turn
        Index::create()
            .name("ux_chat_turns_client_message")
            .table(ChatTurns::Table)
            .col(ChatTurns::SessionId)
            .col(ChatTurns::ClientMessageId)
            .unique()
            .to_owned(),
        // one open turn per session
        Index::create()
            .name("ux_chat_turns_open")
            .table(ChatTurns::Table)
            .col(ChatTurns::SessionId)
            .unique()
            .and_where(Expr::col(ChatTurns::State).eq("open"))
            .to_owned(),
        Index::create()
            .name("ix_chat_turns_lease")
            .table(ChatTurns::Table)
            .col(ChatTurns::LeaseUntil)
            .and_where(Expr::col(ChatTurns::State).eq("open"))
            .to_owned(),
        Index::create()
            .name("ux_chat_messages_sequence")
            .table(ChatMessages::Table)
            .col(ChatMessages::SessionId)
            .col(ChatMessages::SequenceNumber)
            .unique()
            .to_owned(),
        Index::create().name("ix_chat_messages_turn").table(ChatMessages::Table).col(ChatMessages::TurnId).to_owned(),
    ]
}
