use kernel::{MessageId, Money, SessionId, Timestamp, TurnId};
use serde::Serialize;
use session_core::stream::{TurnDone, TurnEvent, TurnStage};
use utoipa::ToSchema;

use super::SourceBody;
use crate::error::{ApiError, ErrorCode};
use crate::language::Language;

/// The `data` of one server-sent event. A stream is one `session`, then `status`, `token` and `sources`,
/// and ends with `done` or `error`. `done` is sent only after the turn is committed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum StreamEvent {
    /// Which session and turn this is.
    #[serde(rename_all = "camelCase")]
    Session {
        #[schema(value_type = String, format = Uuid)]
        session_id: SessionId,
        /// For `GET /api/turns/{id}/stream`, when the connection breaks.
        #[schema(value_type = String, format = Uuid)]
        turn_id: TurnId,
        /// Whether the session was made for this question.
        is_new: bool,
    },
    /// What is going on, in the language of Accept-Language.
    Status { message: String },
    /// More of the answer.
    Token { content: String },
    /// What the answer draws on.
    Sources { sources: Vec<SourceBody> },
    /// The answer is whole and kept.
    #[serde(rename_all = "camelCase")]
    Done {
        #[schema(value_type = String, format = Uuid)]
        session_id: SessionId,
        #[schema(value_type = String, format = Uuid)]
        message_id: MessageId,
        metadata: TurnMetadata,
    },
    /// The turn ended without a whole answer.
    #[serde(rename_all = "camelCase")]
    Error {
        /// What happened, in the language of Accept-Language.
        content: String,
        code: ErrorCode,
        data: ErrorEventData,
    },
}

/// What an answer took.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TurnMetadata {
    /// Tokens of prompt and answer.
    token_usage: u32,
    /// Milliseconds from the question to the end of the answer.
    response_time: u32,
    /// Milliseconds from the question to the first text; null when it is not known.
    first_token: Option<u32>,
    /// Tokens of the context the model was given, estimated.
    context_length: u32,
    /// Messages in the session.
    session_message_count: u64,
    model: String,
    agent: String,
    /// In whole units of the price list's currency; null when the price is not known.
    cost: Option<f64>,
}

/// Where and when a turn failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorEventData {
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
}

impl StreamEvent {
    pub(crate) fn of(event: TurnEvent, language: Language, now: Timestamp) -> Self {
        match event {
            TurnEvent::Session { session, turn, is_new } => {
                Self::Session { session_id: session, turn_id: turn, is_new }
            }
            TurnEvent::Status { stage } => Self::Status { message: stage_text(stage, language).to_owned() },
            TurnEvent::Token { content } => Self::Token { content },
            TurnEvent::Sources { sources } => {
                Self::Sources { sources: sources.into_iter().map(SourceBody::from).collect() }
            }
            TurnEvent::Done(done) => Self::done(done),
            TurnEvent::Failed { session, failure } => {
                let code = ErrorCode::from(failure);
                let content = ApiError::new(code).text(language);
                Self::Error { content, code, data: ErrorEventData { timestamp: now, session_id: session } }
            }
        }
    }

    fn done(done: TurnDone) -> Self {
        let metadata = TurnMetadata {
            token_usage: done.total_tokens,
            response_time: done.response_time_ms,
            first_token: done.first_token_ms,
            context_length: done.context_tokens,
            session_message_count: done.session_message_count,
            model: done.model,
            agent: done.agent,
            cost: done.cost.map(Money::as_units),
        };
        Self::Done { session_id: done.session, message_id: done.message, metadata }
    }
}

const fn stage_text(stage: TurnStage, language: Language) -> &'static str {
    match (stage, language) {
        (TurnStage::Analyzing, Language::Korean) => "질문 분석 중...",
        (TurnStage::Searching, Language::Korean) => "관련 문서 검색 중...",
        (TurnStage::Answering, Language::Korean) => "답변 생성 중...",
        (TurnStage::Analyzing, Language::English) => "Reading your question...",
        (TurnStage::Searching, Language::English) => "Searching the documents...",
        (TurnStage::Answering, Language::English) => "Writing the answer...",
    }
}
