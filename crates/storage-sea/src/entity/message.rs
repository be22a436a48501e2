use kernel::{MessageId, Money, RepositoryError, SessionId, TurnId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use session_core::model::{Message, Usage};

use super::{count, from_json, name_of, named, to_json};
use crate::time::Ts;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[allow(clippy::struct_field_names)] // the columns' names
#[sea_orm(table_name = "chat_messages")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub session_id: Uuid,
    pub turn_id: Uuid,
    pub role: String,
    pub content: String,
    pub status: String,
    pub prompt_tokens: i32,
    pub completion_tokens: i32,
    pub total_tokens: i32,
    pub usage_estimated: bool,
    pub cost_micros: Option<i64>,
    pub model: Option<String>,
    pub first_token_ms: Option<i32>,
    pub response_time_ms: Option<i32>,
    pub agent_used: Option<String>,
    pub routing_info: Json,
    pub sources: Json,
    pub metadata: Json,
    pub langsmith_trace_id: Option<String>,
    pub parent_message_id: Option<Uuid>,
    pub sequence_number: i64,
    pub is_deleted: bool,
    pub deleted_at: Option<Ts>,
    pub created_at: Ts,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Message {
    type Error = RepositoryError;

    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        Ok(Self {
            id: MessageId::from_uuid(row.id),
            session: SessionId::from_uuid(row.session_id),
            turn: TurnId::from_uuid(row.turn_id),
            role: named("role", &row.role)?,
            content: row.content,
            status: named("status", &row.status)?,
            usage: Usage {
                prompt_tokens: count("prompt_tokens", row.prompt_tokens.into())?,
                completion_tokens: count("completion_tokens", row.completion_tokens.into())?,
                total_tokens: count("total_tokens", row.total_tokens.into())?,
                cost: row.cost_micros.map(Money::from_micros),
                estimated: row.usage_estimated,
            },
            model: row.model,
            first_token_ms: row.first_token_ms.map(|ms| count("first_token_ms", ms.into())).transpose()?,
            response_time_ms: row.response_time_ms.map(|ms| count("response_time_ms", ms.into())).transpose()?,
            agent: row.agent_used,
            routing: row.routing_info,
            sources: from_json("sources", row.sources)?,
            metadata: row.metadata,
            parent: row.parent_message_id.map(MessageId::from_uuid),
            sequence: count("sequence_number", row.sequence_number)?,
            created_at: row.created_at.into(),
        })
    }
}

/// Counts and times saturate at the column's size (2³¹ tokens, 24 days) rather than fail a turn.
fn column(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// A whole row.
pub(crate) fn row(message: &Message) -> Result<ActiveModel, RepositoryError> {
    let usage = message.usage;
    Ok(ActiveModel {
        id: Set(message.id.as_uuid()),
        session_id: Set(message.session.as_uuid()),
        turn_id: Set(message.turn.as_uuid()),
        role: Set(name_of(&message.role)?),
        content: Set(message.content.clone()),
        status: Set(name_of(&message.status)?),
        prompt_tokens: Set(column(usage.prompt_tokens)),
        completion_tokens: Set(column(usage.completion_tokens)),
        total_tokens: Set(column(usage.total_tokens)),
        usage_estimated: Set(usage.estimated),
        cost_micros: Set(usage.cost.map(Money::micros)),
        model: Set(message.model.clone()),
        first_token_ms: Set(message.first_token_ms.map(column)),
        response_time_ms: Set(message.response_time_ms.map(column)),
        agent_used: Set(message.agent.clone()),
        routing_info: Set(message.routing.clone()),
        sources: Set(to_json(&message.sources)?),
        metadata: Set(message.metadata.clone()),
        langsmith_trace_id: Set(None),
        parent_message_id: Set(message.parent.map(MessageId::as_uuid)),
        sequence_number: Set(message.sequence.cast_signed()),
        is_deleted: Set(false),
        deleted_at: Set(None),
        created_at: Set(message.created_at.into()),
    })
}
