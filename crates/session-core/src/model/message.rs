use kernel::{MessageId, Money, SessionId, Timestamp, TurnId};
use serde::{Deserialize, Serialize};

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The customer.
    User,
    /// The assistant.
    Assistant,
    /// The system: notes that are part of the conversation.
    System,
}

/// Whether a message was said to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Whole.
    Complete,
    /// Stopped on the way; what was said is kept.
    Interrupted,
    /// The answer failed.
    Failed,
}

/// A document an answer drew on. `id` names the document; `number` is the marker in the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The number of the marker: `[1]` is 1.
    pub number: u32,
    /// The document's id.
    pub id: String,
    /// The document's title.
    pub title: String,
    /// The headings the passage stands under, outermost first.
    #[serde(default)]
    pub headings: Vec<String>,
    /// How well it fits, 0 to 1.
    pub score: f32,
    /// The passage.
    pub content: String,
    /// Where the document can be read.
    pub url: Option<String>,
}

/// Tokens and money of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt_tokens: u32,
    /// Tokens of the answer.
    pub completion_tokens: u32,
    /// Both together.
    pub total_tokens: u32,
    /// What it cost; `None` when the model's price is not known.
    pub cost: Option<Money>,
    /// Whether the counts are an estimate.
    pub estimated: bool,
}

/// One message of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its session.
    pub session: SessionId,
    /// The turn it belongs to.
    pub turn: TurnId,
    /// Who said it.
    pub role: Role,
    /// The text.
    pub content: String,
    /// Whether it is whole.
    pub status: MessageStatus,
    /// Tokens and cost; zero for a user's message.
    pub usage: Usage,
    /// The model that answered.
    pub model: Option<String>,
    /// Milliseconds from opening the turn to the first text.
    pub first_token_ms: Option<u32>,
    /// Milliseconds from opening the turn to its end.
    pub response_time_ms: Option<u32>,
    /// The agent that answered.
    pub agent: Option<String>,
    /// Why that agent, and what the question was rewritten to: a JSON object.
    pub routing: serde_json::Value,
    /// What the answer drew on.
    pub sources: Vec<Source>,
    /// Anything else: a JSON object.
    pub metadata: serde_json::Value,
    /// The message this one is an alternative or an answer to.
    pub parent: Option<MessageId>,
    /// Its place in the session: 1, 2, 3 … without gaps, given by the storage.
    pub sequence: u64,
    /// When it was said.
    pub created_at: Timestamp,
}
