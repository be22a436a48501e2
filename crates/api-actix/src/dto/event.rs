use kernel::{MessageId, Money, SessionId, Timestamp, TurnId};
use serde::Serialize;
use session_core::stream::{Durability, TurnDone, TurnEvent, TurnStage};
use utoipa::ToSchema;

use super::SourceBody;
use crate::error::{ApiError, ErrorCode};
use crate::language::Language;

/// The `data` of one server-sent event. A stream is one `session`, then `status`, `token` and `sources`,
/// and ends with `done`, `error` or `cut`. `done` is sent only after the turn is committed.
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
    /// After `done`, in `/api/session-chat/{id}/stream` only: the turn is in the conversation's log.
    #[serde(rename = "session_logged")]
    SessionLogged { data: SessionLoggedData },
    /// The stream broke off, because it was read too slowly or could not be read on the server. The turn goes on.
    Cut {
        /// What happened, in the language of Accept-Language.
        content: String,
        /// Where to go on. A stream that is no longer kept is told from its beginning.
        #[schema(example = "/api/turns/0197a6f2-0000-7000-8000-000000000000/stream")]
        resume: String,
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
    /// Left out when the turn is in the database, as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    durable: Option<DurableBody>,
}

/// Where a turn is kept that is not in the database yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Durability)]
pub(crate) enum DurableBody {
    /// On the disk of the server that answered; the database gets it as soon as it is back.
    Spool,
}

impl DurableBody {
    pub(crate) const fn of(durability: Durability) -> Option<Self> {
        match durability {
            Durability::Database => None,
            Durability::Spool => Some(Self::Spool),
        }
    }
}

/// What was logged of a turn.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionLoggedData {
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// Milliseconds from the question to the end of the answer.
    response_time: u32,
    /// Tokens of prompt and answer.
    token_count: u32,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
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

    /// A question, or something else asked over a connection that stays open, was refused.
    pub(crate) fn refused(error: &ApiError, language: Language, now: Timestamp, session: SessionId) -> Self {
        let data = ErrorEventData { timestamp: now, session_id: session };
        Self::Error { content: error.text(language), code: error.code(), data }
    }

    pub(crate) fn cut(turn: TurnId, language: Language) -> Self {
        let content = match language {
            Language::Korean => "스트림이 끊겼습니다. resume 주소에서 이어 받아 주세요.",
            Language::English => "The stream broke off. Go on at the address in resume.",
        };
        Self::Cut { content: content.to_owned(), resume: format!("/api/turns/{turn}/stream") }
    }

    /// What stage 1 says after `done`.
    pub(crate) const fn logged(done: &TurnDone, now: Timestamp) -> Self {
        Self::SessionLogged {
            data: SessionLoggedData {
                session_id: done.session,
                response_time: done.response_time_ms,
                token_count: done.total_tokens,
                timestamp: now,
            },
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
            durable: DurableBody::of(done.durable),
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

#[cfg(test)]
mod tests {
    use super::*;
    use session_core::testing::samples::{message_id, session_id, start};

    fn done(durable: Durability) -> serde_json::Value {
        let done = TurnDone {
            session: session_id(1),
            message: message_id(1),
            total_tokens: 150,
            response_time_ms: 34,
            first_token_ms: Some(12),
            context_tokens: 20,
            session_message_count: 2,
            model: "m".into(),
            agent: "default".into(),
            cost: None,
            durable,
        };
        serde_json::to_value(StreamEvent::of(TurnEvent::Done(done), Language::Korean, start())).unwrap()
    }

    #[test]
    fn only_a_turn_that_waits_in_the_spool_says_where_it_is_kept() {
        assert_eq!(done(Durability::Spool)["metadata"]["durable"], "spool");
        assert_eq!(done(Durability::Database)["metadata"].get("durable"), None);
    }
}
