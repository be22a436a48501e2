//! A turn's events gathered into one reply.

use chat_service::EventStream;
use futures::stream::StreamExt;
use kernel::{Money, Timestamp, TurnId};
use session_core::model::Source;
use session_core::stream::{TurnDone, TurnEvent};

use crate::dto::{ChatReply, DurableBody, ReplyMetadata, SourceBody};
use crate::error::{ApiError, ErrorCode};

/// The stream of a turn ended without saying how the turn ended.
#[derive(Debug, thiserror::Error)]
#[error("the turn's stream ended early")]
struct EndedEarly;

/// A whole answer.
pub(crate) struct Reply {
    content: String,
    sources: Vec<Source>,
    done: TurnDone,
}

impl Reply {
    /// Waits for the end of the turn. A turn that fails is an error.
    pub(crate) async fn collect(mut events: EventStream) -> Result<Self, ApiError> {
        let (mut content, mut sources) = (String::new(), Vec::new());
        while let Some(numbered) = events.next().await {
            match numbered?.event {
                TurnEvent::Token { content: text } => content.push_str(&text),
                TurnEvent::Sources { sources: found } => sources = found,
                TurnEvent::Done(done) => return Ok(Self { content, sources, done }),
                TurnEvent::Failed { failure, .. } => return Err(ErrorCode::from(failure).into()),
                // A stream that starts over tells everything again.
                TurnEvent::Session { .. } => {
                    content.clear();
                    sources.clear();
                }
                TurnEvent::Status { .. } => {}
            }
        }
        Err(ApiError::new(ErrorCode::InternalError).caused_by(EndedEarly))
    }

    pub(crate) fn into_body(self, turn: TurnId, now: Timestamp) -> ChatReply {
        let done = self.done;
        ChatReply {
            session_id: done.session,
            message_id: done.message,
            turn_id: turn,
            answer: self.content.clone(),
            content: self.content,
            sources: self.sources.into_iter().map(SourceBody::from).collect(),
            metadata: ReplyMetadata {
                token_usage: done.total_tokens,
                response_time: done.response_time_ms,
                context_length: done.context_tokens,
                session_message_count: done.session_message_count,
                model: done.model,
                agent: done.agent,
                cost: done.cost.map(Money::as_units),
                durable: DurableBody::of(done.durable),
            },
            response_time: done.response_time_ms,
            timestamp: now,
        }
    }
}
