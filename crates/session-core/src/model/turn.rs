use kernel::{MessageId, SessionId, StoreId, Timestamp, TurnId, UserId};
use serde::{Deserialize, Serialize};

use super::{BusinessMetadata, Message, MessageStatus, Role, Session, SessionState, Source, Usage};

/// Where a turn is: open until it is closed in one of three ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// Being answered, as long as its lease lasts.
    Open,
    /// Answered.
    Completed,
    /// Stopped on the way, or abandoned by a crash.
    Interrupted,
    /// No answer could be made.
    Failed,
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// The store.
    pub store: StoreId,
    /// The session.
    pub session: SessionId,
    /// The caller's own id of the request: the same one never makes a second turn.
    pub client_message_id: Option<String>,
    /// SHA-256 (hex) of what was asked: tells a repeated request from a reused id.
    pub request_hash: String,
    /// Where it is.
    pub state: TurnState,
    /// The user's message.
    pub question: MessageId,
    /// The assistant's message, once closed with one.
    pub answer: Option<MessageId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when whoever answers it is believed to be alive.
    pub lease_until: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When somebody asked for it to be stopped.
    pub cancel_requested_at: Option<Timestamp>,
}

/// What opens a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTurn {
    /// The turn's id.
    pub id: TurnId,
    /// The store.
    pub store: StoreId,
    /// The session.
    pub session: SessionId,
    /// Whose session it is: what the conversation is found by, not who may ask.
    pub user: UserId,
    /// The caller's own id of the request.
    pub client_message_id: Option<String>,
    /// SHA-256 (hex) of what was asked.
    pub request_hash: String,
    /// The id of the user's message.
    pub question_id: MessageId,
    /// What the user wrote.
    pub question: String,
    /// Metadata of the user's message: a JSON object.
    pub metadata: serde_json::Value,
    /// What the caller says of the business side; merged into the session's.
    pub business: BusinessMetadata,
    /// The title the session gets if it has none.
    pub title: String,
    /// Now.
    pub opened_at: Timestamp,
    /// Until when the turn may stay open.
    pub lease_until: Timestamp,
    /// The session's new expiry.
    pub expires_at: Timestamp,
    /// The stored question that is answered once more, in place of a new one: then no message is
    /// stored, and `question_id`, `question` and `metadata` repeat it.
    pub again: Option<Box<Message>>,
}

/// What came of trying to open a turn. Only `Opened` has changed anything.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnOpening {
    /// Opened: the user's message is stored.
    Opened(Box<OpenedTurn>),
    /// The same request was made before: this is the turn that holds it, in whatever state.
    Duplicate(Turn),
    /// The caller's id was used before with another body.
    KeyReused(Turn),
    /// Another turn of the session is being answered.
    Busy(Turn),
    /// The session is unknown to the store, or deleted.
    SessionMissing,
    /// The session's time is over.
    SessionExpired,
    /// The session was ended.
    SessionEnded,
}

/// A turn that was just opened.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedTurn {
    /// The turn.
    pub turn: Turn,
    /// The session, counters and expiry already moved.
    pub session: Session,
    /// The user's message with its sequence number.
    pub question: Message,
}

/// The assistant's message before it has a sequence number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its id.
    pub id: MessageId,
    /// The text.
    pub content: String,
    /// Whether it is whole.
    pub status: MessageStatus,
    /// Tokens and cost.
    pub usage: Usage,
    /// The model.
    pub model: Option<String>,
    /// Milliseconds to the first text.
    pub first_token_ms: Option<u32>,
    /// Milliseconds to the end.
    pub response_time_ms: Option<u32>,
    /// The agent.
    pub agent: Option<String>,
    /// Routing and rewriting: a JSON object.
    pub routing: serde_json::Value,
    /// What it drew on.
    pub sources: Vec<Source>,
    /// Anything else: a JSON object.
    pub metadata: serde_json::Value,
}

/// What closes a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosedTurn {
    /// The turn.
    pub turn: TurnId,
    /// The store.
    pub store: StoreId,
    /// The turn's session: with another one the turn is unknown.
    pub session: SessionId,
    /// Whose session it is: what the conversation is found by.
    pub user: UserId,
    /// How it ended; not `Open`.
    pub state: TurnState,
    /// The answer, unless nothing was said.
    pub answer: Option<Answer>,
    /// When it ended.
    pub closed_at: Timestamp,
    /// Whether it may also fill a turn that was closed as interrupted without an answer, because whoever took
    /// its process for dead could not know that there was one: so for whole answers and for what was spooled.
    #[serde(default)]
    pub late: bool,
}

/// Whether a turn still belongs to the process that answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It does, until the moment asked for.
    Held,
    /// It does, but somebody asked for it to be stopped.
    CancelRequested,
    /// It was closed by somebody else, or is unknown.
    Lost,
}

/// What came of closing a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnClosing {
    /// Closed.
    Closed {
        /// The answer with its sequence number, if there was one.
        answer: Option<Box<Message>>,
        /// The session as this left it.
        session: Box<Session>,
    },
    /// It was closed before; nothing was changed.
    AlreadyClosed(Turn),
    /// The store has no such turn.
    Missing,
}

impl NewTurn {
    /// What stands in the way of opening this turn. `same_request` is the turn of the session that holds
    /// this one's client message id; `open` the session's open turn. A repeat of a known request is
    /// recognised whatever has become of the session; an open turn whose lease is over is no obstacle.
    pub fn obstacle(
        &self,
        session: Option<&Session>,
        same_request: Option<&Turn>,
        open: Option<&Turn>,
    ) -> Option<TurnOpening> {
        let Some(session) = session else { return Some(TurnOpening::SessionMissing) };
        if let Some(turn) = same_request {
            let repeated = turn.request_hash == self.request_hash;
            let turn = turn.clone();
            return Some(if repeated { TurnOpening::Duplicate(turn) } else { TurnOpening::KeyReused(turn) });
        }
        match session.state_at(self.opened_at) {
            SessionState::Active => {}
            SessionState::Ended => return Some(TurnOpening::SessionEnded),
            SessionState::Expired => return Some(TurnOpening::SessionExpired),
            SessionState::Deleted => return Some(TurnOpening::SessionMissing),
        }
        open.filter(|turn| turn.lease_until > self.opened_at).map(|turn| TurnOpening::Busy(turn.clone()))
    }

    /// The open turn this makes.
    pub fn turn(&self) -> Turn {
        Turn {
            id: self.id,
            store: self.store.clone(),
            session: self.session,
            client_message_id: self.client_message_id.clone(),
            request_hash: self.request_hash.clone(),
            state: TurnState::Open,
            question: self.question_id,
            answer: None,
            opened_at: self.opened_at,
            lease_until: self.lease_until,
            closed_at: None,
            cancel_requested_at: None,
        }
    }

    /// The user's message this makes, under the sequence number the storage gave; the stored one when
    /// it is answered once more.
    pub fn message(&self, sequence: u64) -> Message {
        if let Some(question) = &self.again {
            return (**question).clone();
        }
        Message {
            id: self.question_id,
            session: self.session,
            turn: self.id,
            role: Role::User,
            content: self.question.clone(),
            status: MessageStatus::Complete,
            usage: Usage::default(),
            model: None,
            first_token_ms: None,
            response_time_ms: None,
            agent: None,
            routing: serde_json::json!({}),
            sources: Vec::new(),
            metadata: self.metadata.clone(),
            parent: None,
            sequence,
            created_at: self.opened_at,
        }
    }
}

impl Turn {
    /// Whether it can be closed with this: open, or, for one that comes late, interrupted unanswered.
    pub fn takes(&self, closed: &ClosedTurn) -> bool {
        match self.state {
            TurnState::Open => true,
            TurnState::Interrupted => closed.late && self.answer.is_none(),
            TurnState::Completed | TurnState::Failed => false,
        }
    }
}

impl Answer {
    /// An answer of nothing but text; the other fields are filled in by those who know them.
    pub fn text(id: MessageId, content: String, status: MessageStatus, usage: Usage) -> Self {
        Self {
            id,
            content,
            status,
            usage,
            model: None,
            first_token_ms: None,
            response_time_ms: None,
            agent: None,
            routing: serde_json::json!({}),
            sources: Vec::new(),
            metadata: serde_json::json!({}),
        }
    }

    /// The message this makes in its turn, under the sequence number the storage gave.
    pub fn message(&self, turn: &Turn, sequence: u64, at: Timestamp) -> Message {
        Message {
            id: self.id,
            session: turn.session,
            turn: turn.id,
            role: Role::Assistant,
            content: self.content.clone(),
            status: self.status,
            usage: self.usage,
            model: self.model.clone(),
            first_token_ms: self.first_token_ms,
            response_time_ms: self.response_time_ms,
            agent: self.agent.clone(),
            routing: self.routing.clone(),
            sources: self.sources.clone(),
            metadata: self.metadata.clone(),
            parent: Some(turn.question),
            sequence,
            created_at: at,
        }
    }
}
