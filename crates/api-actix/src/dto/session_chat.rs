//! The bodies of the stage-1 interface: its names, its mix of cases, and its leniency towards fields it does
//! not know.

use kernel::{MessageId, SessionId, StoreId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use session_core::model::{BusinessMetadata, Message, NewSession, Priority, Role, Session};
use utoipa::ToSchema;

use super::{ChatReply, ReplyMetadata, SourceBody, StatsBody};

/// What stage 1 has always said, in whatever language it was asked.
const CREATED: &str = "새 채팅 세션이 생성되었습니다";

/// A session to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stage1NewSession)]
pub(crate) struct Stage1NewSession {
    #[schema(value_type = String, max_length = 100)]
    store_id: StoreId,
    #[schema(value_type = String, max_length = 200)]
    user_id: UserId,
    /// Anything the caller wants to keep with it.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

impl Stage1NewSession {
    pub(crate) fn into_new(self, channel: &str) -> NewSession {
        NewSession {
            store: self.store_id,
            user: self.user_id,
            title: None,
            channel: channel.to_owned(),
            metadata: Value::Object(self.metadata.unwrap_or_default()),
        }
    }
}

/// A session that was begun.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage1Created {
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    #[schema(example = "새 채팅 세션이 생성되었습니다")]
    message: &'static str,
}

impl From<SessionId> for Stage1Created {
    fn from(session_id: SessionId) -> Self {
        Self { session_id, message: CREATED }
    }
}

/// A session with its latest messages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage1SessionReply {
    pub(crate) session: Stage1Session,
    /// The latest, oldest first.
    pub(crate) recent_messages: Vec<Stage1Message>,
    pub(crate) stats: StatsBody,
}

/// A session under the names of stage 1.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stage1Session {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    #[schema(value_type = String)]
    store_id: StoreId,
    #[schema(value_type = String)]
    user_id: UserId,
    title: Option<String>,
    /// Always true: a session that is not answers 410.
    is_active: bool,
    request_count: u64,
    message_count: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_active_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Object)]
    metadata: Value,
}

impl From<Session> for Stage1Session {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            store_id: session.store,
            user_id: session.user,
            title: session.title,
            is_active: true,
            request_count: session.request_count,
            message_count: session.message_count,
            created_at: session.created_at,
            last_active_at: session.last_active_at,
            expires_at: session.expires_at,
            metadata: session.metadata,
        }
    }
}

/// A message under the names of stage 1.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stage1Message {
    #[schema(value_type = String, format = Uuid)]
    id: MessageId,
    /// `user`, `assistant` or `system`.
    #[schema(value_type = String, example = "assistant")]
    role: Role,
    content: String,
    /// Tokens of prompt and answer; 0 for what no model said.
    token_count: u32,
    /// Milliseconds from the question to the end of the answer; null for what is no answer.
    response_time_ms: Option<u32>,
    /// Its place in the session, from 1 without gaps.
    sequence_number: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Object)]
    metadata: Value,
}

impl From<Message> for Stage1Message {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            role: message.role,
            content: message.content,
            token_count: message.usage.total_tokens,
            response_time_ms: message.response_time_ms,
            sequence_number: message.sequence,
            created_at: message.created_at,
            metadata: message.metadata,
        }
    }
}

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stage1Question)]
pub(crate) struct Stage1Question {
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) message: String,
    business_metadata: Option<Stage1Business>,
}

/// What stage 1 keeps of the business side.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stage1BusinessMetadata)]
pub(crate) struct Stage1Business {
    #[schema(example = "배송문의", max_length = 100)]
    inquiry_category: Option<String>,
    /// `긴급`, `보통` or `낮음`; `urgent`, `normal` and `low` are read too.
    #[schema(value_type = Option<String>, example = "보통")]
    priority: Option<Priority>,
    /// Each of at most 50 characters.
    #[schema(max_items = 20)]
    topic_tags: Option<Vec<String>>,
}

impl Stage1Question {
    pub(crate) fn business(&mut self) -> BusinessMetadata {
        let business = self.business_metadata.take().unwrap_or_default();
        BusinessMetadata {
            inquiry_category: business.inquiry_category,
            priority: business.priority,
            topic_tags: business.topic_tags.unwrap_or_default(),
            ..BusinessMetadata::default()
        }
    }
}

/// A whole answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage1Reply {
    answer: String,
    sources: Vec<SourceBody>,
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// Milliseconds from the question to the end of the answer.
    response_time: u32,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    metadata: ReplyMetadata,
}

impl From<ChatReply> for Stage1Reply {
    fn from(reply: ChatReply) -> Self {
        Self {
            answer: reply.answer,
            sources: reply.sources,
            session_id: reply.session_id,
            response_time: reply.response_time,
            timestamp: reply.timestamp,
            metadata: reply.metadata,
        }
    }
}
