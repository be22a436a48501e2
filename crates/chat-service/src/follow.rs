//! Following a turn's stream, live or from what was stored.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use kernel::{StoreId, TurnId};
use session_core::model::{Message, Turn, TurnState};
use session_core::ports::{Glance, StreamBatch, StreamLogError, TurnStreamLog};
use session_core::stream::{Durability, TurnDone, TurnEvent, TurnFailure};

use crate::turn::CONTEXT_TOKENS;
use crate::{AskedTurn, ChatError, ChatService};

/// How soon a log that is not known is looked for again, at first and later on: it comes a moment after the turn, or
/// not at all.
const LOOK: Duration = Duration::from_millis(10);
const LOOK_LATER: Duration = Duration::from_secs(1);

/// An event with its number in the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberedEvent {
    /// The number; a stream is resumed after it.
    pub number: u64,
    /// The event.
    pub event: TurnEvent,
}

/// The events of a turn, ending after the one that ends it.
pub type EventStream = BoxStream<'static, Result<NumberedEvent, ChatError>>;

impl ChatService {
    /// The events of a turn that was asked for. One that was asked for before and could not be answered is
    /// told as it is kept: that a storage or a model was away then is no news, and no reason to come back.
    ///
    /// # Errors
    /// As [`follow`](Self::follow).
    pub async fn answer(&self, store: &StoreId, asked: AskedTurn) -> Result<EventStream, ChatError> {
        if asked.repeated {
            let turn = self.ports.turns.find_turn(store, asked.turn).await?.ok_or(ChatError::UnknownTurn)?;
            if matches!(turn.state, TurnState::Failed | TurnState::Interrupted) {
                return Ok(self.clone().retold(turn));
            }
        }
        self.follow(store, asked.turn, 0).await
    }

    /// Follows a turn from the event after number `after` to its end. A turn whose stream is no longer
    /// kept, or not from there on, is told again from its stored message: from there on the stream starts over with
    /// a `Session` event, whatever `after` is. So does one whose log is lost while it is read, because the process that
    /// answered died, say. One whose log is not there yet, because another process has just begun to answer it, is
    /// followed as soon as it is.
    ///
    /// # Errors
    /// [`ChatError::UnknownTurn`] when the store has no such turn; storage errors. The stream itself ends with
    /// [`StreamLogError::Behind`] when its reader was slower than the turn by more than a log holds.
    pub async fn follow(&self, store: &StoreId, turn: TurnId, after: u64) -> Result<EventStream, ChatError> {
        let turn = self.ports.turns.find_turn(store, turn).await?.ok_or(ChatError::UnknownTurn)?;
        match self.ports.streams.glance(turn.id, after).await {
            Ok(Glance::Unknown) => Ok(self.clone().awaited(turn, after)),
            Err(StreamLogError::Behind { .. }) => Ok(self.clone().retold(turn)),
            Ok(Glance::Batch(batch)) => Ok(self.live(turn, after, Some(batch))),
            Ok(Glance::Waiting) => Ok(self.live(turn, after, None)),
            Err(error) => Err(error.into()),
        }
    }

    /// The events of a log, and the rest from the storage when the log is lost on the way.
    fn live(&self, turn: Turn, after: u64, first: Option<StreamBatch>) -> EventStream {
        let log = Arc::clone(&self.ports.streams);
        let lost = Arc::new(AtomicBool::new(false));
        let waiting = VecDeque::new();
        let mut reader = Reader { log, turn: turn.id, after, waiting, ended: false, lost: Arc::clone(&lost) };
        if let Some(batch) = first {
            reader.take(batch);
        }
        let read = stream::unfold(reader, |mut reader| async move { reader.next().await.map(|event| (event, reader)) });
        let service = self.clone();
        let rest = stream::once(async move {
            if lost.load(Ordering::Relaxed) { service.retold(turn) } else { stream::empty().boxed() }
        });
        read.chain(rest.flatten()).boxed()
    }

    /// A turn whose log is not known, or not yet: another process may have just begun to answer it. Its log is followed
    /// if it comes; otherwise the turn is told from the storage once it is closed.
    fn awaited(self, turn: Turn, after: u64) -> EventStream {
        let events = async move {
            let closed = tokio::select! {
                closed = self.until_closed(turn.clone(), None) => closed,
                batch = self.log_of(&turn, after) => return self.live(turn, after, batch),
            };
            match (closed, self.ports.streams.glance(turn.id, after).await) {
                (Err(error), _) => stream::once(async { Err(error) }).boxed(),
                (Ok(turn), Ok(Glance::Batch(batch))) => self.live(turn, after, Some(batch)),
                (Ok(turn), Ok(Glance::Waiting)) => self.live(turn, after, None),
                (Ok(turn), _) => self.retold(turn),
            }
        };
        stream::once(events).flatten().boxed()
    }

    /// Waits until the log of an open turn can be read from after number `after` on, however long that is.
    async fn log_of(&self, turn: &Turn, after: u64) -> Option<StreamBatch> {
        if turn.state != TurnState::Open {
            return std::future::pending().await;
        }
        let mut pause = LOOK;
        loop {
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(LOOK_LATER);
            match self.ports.streams.glance(turn.id, after).await {
                Ok(Glance::Batch(batch)) => return Some(batch),
                Ok(Glance::Waiting) => return None,
                Ok(Glance::Unknown) | Err(_) => {}
            }
        }
    }

    /// The turn from the storage, once it is closed: another process may still be answering it.
    fn retold(self, turn: Turn) -> EventStream {
        let events = async move {
            let turn = self.until_closed(turn, None).await?;
            self.stored(&turn).await
        };
        stream::once(events)
            .flat_map(|events| match events {
                Ok(events) => {
                    let numbered = events.into_iter().zip(1..);
                    stream::iter(
                        numbered.map(|(event, number)| Ok(NumberedEvent { number, event })).collect::<Vec<_>>(),
                    )
                }
                Err(error) => stream::iter(vec![Err(error)]),
            })
            .boxed()
    }

    async fn stored(&self, turn: &Turn) -> Result<Vec<TurnEvent>, ChatError> {
        let answer = match turn.answer {
            Some(id) => self.ports.turns.find_message(&turn.store, id).await?,
            None => None,
        };
        let count = match self.ports.sessions.get(&turn.store, None, turn.session).await {
            Ok(session) => session.message_count,
            Err(session_core::SessionError::NotFound) => return Err(ChatError::UnknownTurn),
            Err(error) => return Err(error.into()),
        };
        Ok(stored_events(turn, answer, count))
    }
}

/// Where a reader of a live log is.
struct Reader {
    log: Arc<dyn TurnStreamLog>,
    turn: TurnId,
    after: u64,
    waiting: VecDeque<NumberedEvent>,
    ended: bool,
    /// Whether the log was forgotten, or could not be reached any more, before it ended.
    lost: Arc<AtomicBool>,
}

impl Reader {
    fn take(&mut self, batch: StreamBatch) {
        self.ended = batch.ended;
        self.waiting.extend((batch.first..).zip(batch.events).map(|(number, event)| NumberedEvent { number, event }));
    }

    async fn next(&mut self) -> Option<Result<NumberedEvent, ChatError>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.after = event.number;
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            match self.log.read(self.turn, self.after).await {
                Ok(Some(batch)) => self.take(batch),
                Ok(None) => {
                    self.lost.store(true, Ordering::Relaxed);
                    return None;
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
            }
        }
    }
}

/// What was kept with the answer; 0 for an answer that came from elsewhere, an import say.
fn context_tokens(message: &Message) -> u32 {
    let kept = message.metadata.get(CONTEXT_TOKENS).and_then(serde_json::Value::as_u64);
    kept.and_then(|tokens| u32::try_from(tokens).ok()).unwrap_or_default()
}

fn stored_events(turn: &Turn, answer: Option<Message>, session_message_count: u64) -> Vec<TurnEvent> {
    let session = turn.session;
    let failure = match turn.cancel_requested_at {
        Some(_) => TurnFailure::Cancelled,
        None => TurnFailure::Interrupted,
    };
    let mut events = vec![TurnEvent::Session { session, turn: turn.id, is_new: false }];
    let Some(message) = answer else {
        events.push(TurnEvent::Failed { session, failure });
        return events;
    };
    events.push(TurnEvent::Token { content: message.content.clone() });
    events.push(TurnEvent::Sources { sources: message.sources.clone() });
    events.push(match turn.state {
        TurnState::Completed => TurnEvent::Done(TurnDone {
            session,
            message: message.id,
            total_tokens: message.usage.total_tokens,
            response_time_ms: message.response_time_ms.unwrap_or_default(),
            first_token_ms: message.first_token_ms,
            context_tokens: context_tokens(&message),
            session_message_count,
            model: message.model.unwrap_or_default(),
            agent: message.agent.unwrap_or_default(),
            cost: message.usage.cost,
            durable: Durability::Database,
        }),
        _ => TurnEvent::Failed { session, failure },
    });
    events
}
