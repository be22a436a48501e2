use chat_service::Ask;
use kernel::{MessageId, SessionId, StoreId, Timestamp, TurnId, UserId};
use serde::{Deserialize, Serialize};
use session_core::model::BusinessMetadata;
use utoipa::ToSchema;

use super::{BusinessBody, DurableBody, SourceBody};
use crate::state::ApiState;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ChatRequest)]
pub(crate) struct ChatBody {
    /// What the customer asks.
    #[schema(example = "제주도 배송비는 얼마인가요?", min_length = 1)]
    message: String,
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>, max_length = 100)]
    store_id: Option<StoreId>,
    /// The customer. Without `sessionId`, their live session is continued.
    #[schema(value_type = Option<String>, max_length = 200)]
    user_id: Option<UserId>,
    /// The session to ask in; otherwise the user's live one, else a new one.
    #[schema(value_type = Option<String>, format = Uuid)]
    session_id: Option<SessionId>,
    /// What the shop's business wants to keep with the session.
    #[schema(value_type = Option<BusinessBody>)]
    business_metadata: Option<BusinessMetadata>,
    /// The client's own id of the question: repeating it never asks twice.
    #[schema(min_length = 1, max_length = 128)]
    client_message_id: Option<String>,
}

impl ChatBody {
    pub(crate) fn into_ask(self, state: &ApiState, channel: &str) -> Ask {
        Ask {
            store: state.store(self.store_id),
            user: self.user_id,
            session: self.session_id,
            message: self.message,
            business: self.business_metadata.unwrap_or_default(),
            client_message_id: self.client_message_id,
            channel: channel.to_owned(),
        }
    }
}

/// A whole answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChatReply {
    #[schema(value_type = String, format = Uuid)]
    pub(crate) session_id: SessionId,
    #[schema(value_type = String, format = Uuid)]
    pub(crate) message_id: MessageId,
    #[schema(value_type = String, format = Uuid)]
    pub(crate) turn_id: TurnId,
    /// The answer.
    pub(crate) content: String,
    /// The same text as `content`, under the name older clients know.
    pub(crate) answer: String,
    /// What the answer draws on; `[1]` in the text is the source of number 1.
    pub(crate) sources: Vec<SourceBody>,
    pub(crate) metadata: ReplyMetadata,
    /// Milliseconds from the question to the end of the answer.
    pub(crate) response_time: u32,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) timestamp: Timestamp,
}

/// What an answer took.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplyMetadata {
    /// Tokens of prompt and answer.
    pub(crate) token_usage: u32,
    /// Milliseconds from the question to the end of the answer.
    pub(crate) response_time: u32,
    /// Tokens of the context the model was given, estimated.
    pub(crate) context_length: u32,
    /// Messages in the session.
    pub(crate) session_message_count: u64,
    pub(crate) model: String,
    pub(crate) agent: String,
    /// In whole units of the price list's currency; null when the price is not known.
    #[schema(example = 0.00031)]
    pub(crate) cost: Option<f64>,
    /// Left out when the turn is in the database, as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) durable: Option<DurableBody>,
}
