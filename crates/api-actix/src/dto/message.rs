use kernel::{MessageId, Money, Timestamp, TurnId};
use serde::Serialize;
use serde_json::Value;
use session_core::model::{Message, MessageStatus, Role, Source, Verdict};
use utoipa::ToSchema;

use super::MessageFeedback;

/// One message of a session, with the reader's feedback.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageBody {
    #[serde(flatten)]
    said: SaidBody,
    /// That of the given user; without `userId`, the one given anonymously.
    feedback: Option<MessageFeedback>,
}

/// What is kept of a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SaidMessage)]
pub(crate) struct SaidBody {
    #[schema(value_type = String, format = Uuid)]
    id: MessageId,
    /// A question and its first answer have the same one.
    #[schema(value_type = String, format = Uuid)]
    turn_id: TurnId,
    /// `user`, `assistant` or `system`.
    #[schema(value_type = String, example = "assistant")]
    role: Role,
    content: String,
    /// `complete`, `interrupted` or `failed`.
    #[schema(value_type = String, example = "complete")]
    status: MessageStatus,
    /// The question that an answer is one to; several answers may share it.
    #[schema(value_type = Option<String>, format = Uuid)]
    parent_message_id: Option<MessageId>,
    /// Its place in the session, from 1 without gaps.
    sequence: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    model: Option<String>,
    /// Tokens of prompt and answer; null for what no model said.
    token_usage: Option<u32>,
    /// In whole units of the price list's currency; null when it is not known.
    cost: Option<f64>,
    /// Milliseconds from the question to the end of the answer.
    response_time: Option<u32>,
    /// Milliseconds from the question to the first text.
    first_token: Option<u32>,
    agent: Option<String>,
    sources: Vec<SourceBody>,
    #[schema(value_type = Object)]
    metadata: Value,
    /// Why that agent, and what the question was rewritten to.
    #[schema(value_type = Object)]
    routing: Value,
}

impl MessageBody {
    pub(crate) fn of(message: Message, verdict: Option<Verdict>) -> Self {
        Self { said: message.into(), feedback: verdict.map(MessageFeedback::from) }
    }
}

impl From<Message> for SaidBody {
    fn from(message: Message) -> Self {
        let answered = message.role == Role::Assistant;
        Self {
            id: message.id,
            turn_id: message.turn,
            role: message.role,
            content: message.content,
            status: message.status,
            parent_message_id: message.parent,
            sequence: message.sequence,
            created_at: message.created_at,
            model: message.model,
            token_usage: answered.then_some(message.usage.total_tokens),
            cost: message.usage.cost.map(Money::as_units),
            response_time: message.response_time_ms,
            first_token: message.first_token_ms,
            agent: message.agent,
            sources: message.sources.into_iter().map(SourceBody::from).collect(),
            metadata: message.metadata,
            routing: message.routing,
        }
    }
}

/// A document an answer draws on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Source)]
pub(crate) struct SourceBody {
    /// The document.
    id: String,
    title: String,
    /// The headings the passage stands under, outermost first.
    headings: Vec<String>,
    /// How well it fits, 0 to 1.
    score: f32,
    /// The passage.
    content: String,
    /// Where the document can be read.
    url: Option<String>,
    /// The number of its marker in the text: `[1]` is 1.
    number: u32,
}

impl From<Source> for SourceBody {
    fn from(source: Source) -> Self {
        Self {
            id: source.id,
            title: source.title,
            headings: source.headings,
            score: source.score,
            content: source.content,
            url: source.url,
            number: source.number,
        }
    }
}
