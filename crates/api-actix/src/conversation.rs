//! A whole conversation, read and written a page at a time: its length costs no memory, and a reader that is
//! slow keeps nothing waiting.

use std::collections::HashMap;

use actix_web::web::{Bytes, Data};
use futures::stream::{self, Stream};
use kernel::{MessageId, PageLimit, SessionId, error_chain};
use serde::Serialize;
use session_core::model::{Feedback, Message};
use session_core::ports::MessageRange;

use crate::error::{ApiError, ErrorCode};
use crate::observe::RequestId;
use crate::reading::Scope;
use crate::state::ApiState;

/// A message, and what was thought of it where that was asked for.
pub(crate) struct Told {
    pub(crate) message: Message,
    pub(crate) feedback: Vec<Feedback>,
}

/// Reads a conversation from its beginning.
pub(crate) struct Conversation {
    state: Data<ApiState>,
    scope: Scope,
    session: SessionId,
    /// Whether feedback is read too: the user's, or everybody's when the scope names none.
    with_feedback: bool,
    after: u64,
}

/// How a conversation is written.
pub(crate) trait Transcript {
    /// What comes before the messages.
    fn begin(&mut self, text: &mut String) -> Result<(), serde_json::Error>;
    /// The next message.
    fn message(&mut self, told: Told, text: &mut String) -> Result<(), serde_json::Error>;
    /// What comes after them.
    fn end(&mut self, text: &mut String);
}

impl Conversation {
    pub(crate) fn new(state: Data<ApiState>, scope: Scope, session: SessionId) -> Self {
        Self { state, scope, session, with_feedback: false, after: 0 }
    }

    pub(crate) fn with_feedback(self) -> Self {
        Self { with_feedback: true, ..self }
    }

    /// The next messages, and whether more follow.
    async fn page(&mut self) -> Result<(Vec<Told>, bool), ApiError> {
        let limit = PageLimit::new(PageLimit::MAX).unwrap_or(PageLimit::DEFAULT);
        let range = MessageRange::After(self.after);
        let page = self.state.turns.messages(&self.scope.store, self.session, range, limit).await?;
        self.after = page.next.unwrap_or(self.after);
        let mut feedback = self.feedback(&page.items).await?;
        let tell = |message: Message| {
            let feedback = feedback.remove(&message.id).unwrap_or_default();
            Told { message, feedback }
        };
        Ok((page.items.into_iter().map(tell).collect(), page.next.is_some()))
    }

    async fn feedback(&self, messages: &[Message]) -> Result<HashMap<MessageId, Vec<Feedback>>, ApiError> {
        let mut by_message: HashMap<MessageId, Vec<Feedback>> = HashMap::new();
        if !self.with_feedback {
            return Ok(by_message);
        }
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let mut given = self.state.feedback.of_messages(&self.scope.store, &ids).await?;
        given.retain(|feedback| self.scope.user.is_none() || feedback.user == self.scope.user);
        given.sort_by_key(|feedback| feedback.given_at);
        for feedback in given {
            by_message.entry(feedback.message).or_default().push(feedback);
        }
        Ok(by_message)
    }
}

struct Writer<T> {
    conversation: Conversation,
    transcript: T,
    request_id: RequestId,
    ended: bool,
}

/// Writes a conversation. The first page is read before this answers, so that a storage that is down is an
/// ordinary error; a failure later breaks the body off, which a client can tell from its end.
pub(crate) async fn write<T: Transcript>(
    mut conversation: Conversation,
    mut transcript: T,
    request_id: RequestId,
) -> Result<impl Stream<Item = Result<Bytes, ApiError>>, ApiError> {
    let page = conversation.page().await?;
    let mut text = String::new();
    transcript.begin(&mut text).map_err(unwritable)?;
    let mut writer = Writer { conversation, transcript, request_id, ended: false };
    let first = writer.append(page, text)?;
    let rest = stream::unfold(writer, |mut writer| async move { Some((writer.next().await?, writer)) });
    Ok(stream::StreamExt::chain(stream::iter([Ok(first)]), rest))
}

impl<T: Transcript> Writer<T> {
    async fn next(&mut self) -> Option<Result<Bytes, ApiError>> {
        if self.ended {
            return None;
        }
        let written = match self.conversation.page().await {
            Ok(page) => self.append(page, String::new()),
            Err(error) => Err(error),
        };
        if let Err(error) = &written {
            self.ended = true;
            tracing::error!(request_id = self.request_id.0, error = error_chain(error), "a conversation broke off");
        }
        Some(written)
    }

    fn append(&mut self, (messages, more): (Vec<Told>, bool), mut text: String) -> Result<Bytes, ApiError> {
        for told in messages {
            self.transcript.message(told, &mut text).map_err(unwritable)?;
        }
        if !more {
            self.transcript.end(&mut text);
            self.ended = true;
        }
        Ok(Bytes::from(text))
    }
}

fn unwritable(error: serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::InternalError).caused_by(error)
}

/// One JSON object: the fields of a head, and `messages`.
pub(crate) struct JsonTranscript<H, M> {
    head: H,
    body: fn(Told) -> M,
    is_first: bool,
}

impl<H: Serialize, M: Serialize> JsonTranscript<H, M> {
    /// `head` is written as an object with at least one field.
    pub(crate) const fn new(head: H, body: fn(Told) -> M) -> Self {
        Self { head, body, is_first: true }
    }
}

impl<H: Serialize, M: Serialize> Transcript for JsonTranscript<H, M> {
    fn begin(&mut self, text: &mut String) -> Result<(), serde_json::Error> {
        let head = serde_json::to_string(&self.head)?;
        text.push_str(head.strip_suffix('}').unwrap_or(&head));
        text.push_str(",\"messages\":[");
        Ok(())
    }

    fn message(&mut self, told: Told, text: &mut String) -> Result<(), serde_json::Error> {
        if !std::mem::take(&mut self.is_first) {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(&(self.body)(told))?);
        Ok(())
    }

    fn end(&mut self, text: &mut String) {
        text.push_str("]}");
    }
}
