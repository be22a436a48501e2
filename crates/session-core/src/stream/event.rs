use kernel::{MessageId, Money, SessionId, TurnId};
use serde::{Deserialize, Serialize};

use crate::model::Source;

/// What the assistant is doing; the edge says it in the customer's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnStage {
    /// Reading the question in its context.
    Analyzing,
    /// Looking for documents.
    Searching,
    /// Writing the answer.
    Answering,
}

/// Why a turn ended without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnFailure {
    /// No model could answer.
    ModelUnavailable,
    /// The storage could not be reached.
    StorageUnavailable,
    /// It took longer than a turn may.
    TimedOut,
    /// The server stopped, or died, before it was done.
    Interrupted,
    /// Somebody asked for it to be stopped.
    Cancelled,
    /// A fault of ours.
    Internal,
}

/// Where the end of a turn is kept when it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// In the database.
    #[default]
    Database,
    /// In the emergency spool of the process that answered; it goes to the database when that is back.
    Spool,
}

/// The end of a turn that was answered and is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnDone {
    /// The session.
    pub session: SessionId,
    /// The assistant's message.
    pub message: MessageId,
    /// Tokens of prompt and answer.
    pub total_tokens: u32,
    /// Milliseconds from opening the turn to the end of the answer.
    pub response_time_ms: u32,
    /// Milliseconds from opening the turn to the first text.
    pub first_token_ms: Option<u32>,
    /// Estimated tokens of the context the model was given: history and passages.
    pub context_tokens: u32,
    /// Messages in the session.
    pub session_message_count: u64,
    /// The model.
    pub model: String,
    /// The agent.
    pub agent: String,
    /// What it cost; `None` when the price is not known.
    pub cost: Option<Money>,
    /// Where it is kept.
    #[serde(default)]
    pub durable: Durability,
}

/// One event of a turn's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TurnEvent {
    /// Which session and turn this is; always first.
    Session {
        /// The session.
        session: SessionId,
        /// The turn.
        turn: TurnId,
        /// Whether the session was made for this question.
        is_new: bool,
    },
    /// What is going on.
    Status {
        /// The stage that begins.
        stage: TurnStage,
    },
    /// More of the answer.
    Token {
        /// The text to append.
        content: String,
    },
    /// What the answer draws on.
    Sources {
        /// In the order of their numbers.
        sources: Vec<Source>,
    },
    /// The answer is whole and committed.
    Done(TurnDone),
    /// The turn ended otherwise.
    Failed {
        /// The session.
        session: SessionId,
        /// Why.
        failure: TurnFailure,
    },
}

impl TurnEvent {
    /// Whether nothing follows this event.
    pub const fn ends_turn(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed { .. })
    }

    /// Roughly what the event costs to keep, in bytes.
    pub fn weight(&self) -> usize {
        let text = match self {
            Self::Token { content } => content.len(),
            Self::Sources { sources } => sources.iter().map(|s| s.content.len() + s.title.len() + 64).sum(),
            _ => 0,
        };
        size_of::<Self>() + text
    }
}
