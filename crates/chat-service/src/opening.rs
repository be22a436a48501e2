//! From a request to an open turn, or to the turn that the same request made before.

use std::time::Duration;

use kernel::{MessageId, SessionId, StoreId, TurnId, UserId};
use session_core::SessionError;
use session_core::model::{BusinessMetadata, Message, NewTurn, OpenedTurn, Session, Turn, TurnOpening};

use crate::slots::TurnSlot;
use crate::{BusyPolicy, ChatError, ChatService};

/// How often a question looks again for a live turn whose end it cannot hear.
const BUSY_POLL: Duration = Duration::from_millis(100);

/// What is to be answered.
#[derive(Debug, Clone)]
pub(crate) struct TurnRequest {
    pub(crate) store: StoreId,
    pub(crate) session: SessionId,
    /// Whose session it is.
    pub(crate) user: UserId,
    pub(crate) client_message_id: Option<String>,
    /// SHA-256 (hex) of what is asked.
    pub(crate) fingerprint: String,
    pub(crate) question: Question,
    pub(crate) business: BusinessMetadata,
}

/// A question that is new, or one that is answered once more.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    New(String),
    Again(Box<Message>),
}

pub(crate) enum Opening {
    Opened(Box<OpenedTurn>),
    Repeated(Turn),
}

/// The ids a request has got; the same at every try.
#[derive(Debug, Clone, Copy)]
struct Ids {
    turn: TurnId,
    question: MessageId,
}

impl ChatService {
    /// Opens the turn of a request, waiting for the session's live turn as the settings say. Its slot is taken while it
    /// is opened, and for the caller to give back when it is not.
    pub(crate) async fn open(&self, request: &TurnRequest, slot: &mut TurnSlot) -> Result<Opening, ChatError> {
        let give_up = tokio::time::Instant::now() + self.settings.queue_timeout;
        let question = match &request.question {
            Question::New(_) => MessageId::generate(&*self.ports.ids),
            Question::Again(message) => message.id,
        };
        let ids = Ids { turn: slot.stream().turn, question };
        let gate = self.gates.of(request.session);
        let first = gate.try_lock();
        if first.is_err() && self.settings.busy != BusyPolicy::Reject {
            // A repeated request need not queue: its turn is there.
            if let Some(repeated) = self.repeated(request).await? {
                return settled(repeated);
            }
        }
        let _place = match first {
            Ok(place) => Some(place),
            Err(_) if self.settings.busy == BusyPolicy::Reject => None,
            // Past the time to give up there is one last try, which tells the turn that is in the way.
            Err(_) => tokio::time::timeout_at(give_up, gate.lock()).await.ok(),
        };
        let mut waited_for = None;
        loop {
            let busy = match self.try_to_open(request, ids, slot).await? {
                TurnOpening::Busy(other) => other,
                opening => return settled(opening),
            };
            // Who waits is not being answered.
            slot.release().await;
            let late = tokio::time::Instant::now() >= give_up;
            if late || self.settings.busy == BusyPolicy::Reject {
                return Err(ChatError::TurnInProgress { turn: busy.id });
            }
            if self.settings.busy == BusyPolicy::Interrupt && waited_for != Some(busy.id) {
                self.ask_to_stop(&busy).await?;
            }
            let heard_its_end = waited_for == Some(busy.id);
            waited_for = Some(busy.id);
            let turn = busy.id;
            match tokio::time::timeout_at(give_up, self.turn_over(busy, heard_its_end)).await {
                Ok(over) => over?,
                Err(_) => return Err(ChatError::TurnInProgress { turn }),
            }
        }
    }

    /// Opens the turn if there is a slot for it. Where there is none, what the same request opened before is found
    /// nevertheless, and a busy session is waited for: by then a slot may be free, its own turn's at least.
    async fn try_to_open(
        &self,
        request: &TurnRequest,
        ids: Ids,
        slot: &mut TurnSlot,
    ) -> Result<TurnOpening, ChatError> {
        let Some(limit) = slot.take().await else {
            return Ok(self.ports.turns.open_turn(&self.new_turn(request, ids)).await?);
        };
        if let Some(repeated) = self.repeated(request).await? {
            return Ok(repeated);
        }
        match self.live_turn(request).await? {
            Some(busy) => Ok(TurnOpening::Busy(busy)),
            None => Err(slot.refused(limit)),
        }
    }

    /// The turn that the same request made before.
    async fn repeated(&self, request: &TurnRequest) -> Result<Option<TurnOpening>, ChatError> {
        let Some(key) = &request.client_message_id else { return Ok(None) };
        let found = self.ports.turns.find_request(&request.store, request.session, key).await?;
        Ok(found.map(|turn| {
            let same = turn.request_hash == request.fingerprint;
            if same { TurnOpening::Duplicate(turn) } else { TurnOpening::KeyReused(turn) }
        }))
    }

    /// The turn that the session is answering.
    async fn live_turn(&self, request: &TurnRequest) -> Result<Option<Turn>, ChatError> {
        let turn = self.ports.turns.find_open(&request.store, request.session).await?;
        let now = self.ports.clock.now();
        Ok(turn.filter(|turn| turn.lease_until > now))
    }

    fn new_turn(&self, request: &TurnRequest, ids: Ids) -> NewTurn {
        let now = self.ports.clock.now();
        let (question, metadata, again) = match &request.question {
            Question::New(text) => (text.clone(), serde_json::json!({}), None),
            Question::Again(message) => (message.content.clone(), message.metadata.clone(), Some(message.clone())),
        };
        NewTurn {
            id: ids.turn,
            store: request.store.clone(),
            session: request.session,
            user: request.user.clone(),
            client_message_id: request.client_message_id.clone(),
            request_hash: request.fingerprint.clone(),
            question_id: ids.question,
            title: Session::title_from(&question),
            question,
            metadata,
            business: request.business.clone(),
            opened_at: now,
            lease_until: now.plus(self.settings.lease()),
            expires_at: now.plus(self.ports.sessions.ttl(&request.store)),
            again,
        }
    }

    /// Waits until a turn is likely over: its log has ended; it is closed, when another process answers it; or a
    /// while, when its end waits in the spool.
    async fn turn_over(&self, turn: Turn, heard_its_end: bool) -> Result<(), ChatError> {
        if self.ports.spool.depth() > 0 {
            self.replay_spool().await?;
        }
        if heard_its_end {
            tokio::time::sleep(BUSY_POLL).await;
        } else if self.ports.streams.read(turn.id, u64::MAX).await?.is_none() {
            self.until_closed(turn, None).await?;
        }
        Ok(())
    }
}

fn settled(opening: TurnOpening) -> Result<Opening, ChatError> {
    match opening {
        TurnOpening::Opened(opened) => Ok(Opening::Opened(opened)),
        TurnOpening::Duplicate(turn) => Ok(Opening::Repeated(turn)),
        TurnOpening::KeyReused(turn) => Err(ChatError::KeyReused { turn: turn.id }),
        TurnOpening::Busy(turn) => Err(ChatError::TurnInProgress { turn: turn.id }),
        TurnOpening::SessionMissing => Err(SessionError::NotFound.into()),
        TurnOpening::SessionExpired => Err(SessionError::Expired.into()),
        TurnOpening::SessionEnded => Err(SessionError::Ended.into()),
    }
}
