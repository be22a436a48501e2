use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use kernel::{StoreId, TurnId, UserId};
use session_core::Resolved;
use session_core::model::{NewSession, Turn};
use session_core::ports::LiveStream;
use session_core::stream::TurnEvent;
use tokio::sync::Mutex;

use crate::gates::Gates;
use crate::live::{LiveTurn, LiveTurns};
use crate::opening::{Opening, Question, TurnRequest};
use crate::slots::TurnSlot;
use crate::turn::TurnTask;
use crate::{Ask, AskedTurn, ChatError, ChatPorts, ChatSettings};

/// First questions of one user are let through one at a time, so that they share a session. Users share
/// a lock by hash; more locks than there are cores is enough.
const FIRST_QUESTION_LOCKS: usize = 64;

/// Takes questions and answers them.
#[derive(Clone)]
pub struct ChatService {
    pub(crate) ports: ChatPorts,
    pub(crate) settings: Arc<ChatSettings>,
    pub(crate) live: LiveTurns,
    pub(crate) gates: Gates,
    pub(crate) replaying: Arc<Mutex<()>>,
    first_questions: Arc<[Mutex<()>]>,
}

impl ChatService {
    /// A service over its ports.
    pub fn new(ports: ChatPorts, settings: ChatSettings) -> Self {
        Self {
            ports,
            settings: Arc::new(settings),
            live: LiveTurns::new(),
            gates: Gates::default(),
            replaying: Arc::new(Mutex::new(())),
            first_questions: (0..FIRST_QUESTION_LOCKS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// Takes a question: once this answers, the question is stored and being answered by a task of its
    /// own. A session that is busy is waited for, interrupted or refused, as the settings say.
    ///
    /// # Errors
    /// See [`ChatError`]. Nothing is stored then.
    pub async fn ask(&self, ask: Ask) -> Result<AskedTurn, ChatError> {
        ask.validate(&self.settings)?;
        let live = self.live.begin().ok_or(ChatError::Draining)?;
        let (resolved, slot) = self.resolve(&ask).await?;
        let request = TurnRequest {
            store: ask.store.clone(),
            session: resolved.session.id,
            user: resolved.session.user,
            client_message_id: ask.client_message_id.clone(),
            fingerprint: ask.fingerprint(),
            question: Question::New(ask.message),
            business: ask.business,
        };
        self.take(request, slot, resolved.is_new, live).await
    }

    /// Opens a turn and starts its task.
    pub(crate) async fn take(
        &self,
        request: TurnRequest,
        mut slot: TurnSlot,
        is_new: bool,
        live: LiveTurn,
    ) -> Result<AskedTurn, ChatError> {
        let opened = match self.open(&request, &mut slot).await {
            Ok(Opening::Opened(opened)) => *opened,
            Ok(Opening::Repeated(turn)) => {
                slot.release().await;
                return Ok(asked(&turn, false, true));
            }
            Err(error) => {
                slot.release().await;
                return Err(error);
            }
        };
        let asked = asked(&opened.turn, is_new, false);
        let (ports, settings) = (self.ports.clone(), Arc::clone(&self.settings));
        let task = TurnTask::new(ports, settings, self.live.clone(), opened, slot);
        if let Err(error) = self.begin_stream(asked).await {
            // The question is stored: without a stream its turn must not stay open.
            task.fail().await;
            return Err(error);
        }
        start(task, live);
        Ok(asked)
    }

    /// Takes no more questions, lets live turns finish for `grace`, then interrupts them and keeps what
    /// was said. Answers how many could not be closed within another `grace`.
    pub async fn drain(&self, grace: Duration) -> usize {
        self.live.drain(grace).await
    }

    /// Whether the service takes questions.
    pub fn is_draining(&self) -> bool {
        self.live.is_draining()
    }

    /// Waits until the service takes no more questions.
    pub async fn draining(&self) {
        self.live.draining().await;
    }

    /// Closes as interrupted every open turn whose lease is over; with `all`, every open turn, which is
    /// right when this process alone owns the storage. Answers how many.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn interrupt_abandoned(&self, all: bool) -> Result<u64, ChatError> {
        let now = self.ports.clock.now();
        let until = if all { now.plus(self.settings.lease()) } else { now };
        Ok(self.ports.turns.interrupt_stale(until).await?)
    }

    /// The session that a question goes to, and the slot of its turn: taken before a session is made for it, so that a
    /// question which is refused leaves nothing behind.
    async fn resolve(&self, ask: &Ask) -> Result<(Resolved, TurnSlot), ChatError> {
        if let Some(id) = ask.session {
            let session = self.ports.sessions.get(&ask.store, ask.user.as_ref(), id).await?;
            let slot = self.slot(&ask.store, &session.user);
            return Ok((Resolved { session, is_new: false }, slot));
        }
        let (user, known) = match &ask.user {
            Some(user) => (user.clone(), true),
            None => (self.anonymous()?, false),
        };
        let new = NewSession {
            store: ask.store.clone(),
            user,
            title: None,
            channel: ask.channel.clone(),
            metadata: serde_json::json!({}),
        };
        let slot = self.slot(&new.store, &new.user);
        if !known {
            return self.create(new, slot).await;
        }
        let mut hasher = DefaultHasher::new();
        (&new.store, &new.user).hash(&mut hasher);
        let lock = usize::try_from(hasher.finish() % FIRST_QUESTION_LOCKS as u64).unwrap_or_default();
        let _one_at_a_time = self.first_questions[lock].lock().await;
        match self.ports.sessions.find_live(&new.store, &new.user).await? {
            Some(session) => Ok((Resolved { session, is_new: false }, slot)),
            None => self.create(new, slot).await,
        }
    }

    async fn create(&self, new: NewSession, mut slot: TurnSlot) -> Result<(Resolved, TurnSlot), ChatError> {
        if let Some(limit) = slot.take().await {
            return Err(slot.refused(limit));
        }
        match self.ports.sessions.create(new).await {
            Ok(session) => Ok((Resolved { session, is_new: true }, slot)),
            Err(error) => {
                slot.release().await;
                Err(error.into())
            }
        }
    }

    /// The slot of a turn that is to be opened, with the turn's id.
    pub(crate) fn slot(&self, store: &StoreId, user: &UserId) -> TurnSlot {
        let turn = TurnId::generate(&*self.ports.ids);
        let stream = LiveStream { turn, store: store.clone(), user: user.clone() };
        TurnSlot::new(&self.ports, &self.settings, stream)
    }

    /// Nobody shares an anonymous user: a stranger must never come into another's session.
    fn anonymous(&self) -> Result<UserId, ChatError> {
        let user = UserId::new(format!("anon-{}", self.ports.ids.uuid()));
        user.map_err(|error| ChatError::Repository(kernel::RepositoryError::backend(error)))
    }

    /// Readers may follow as soon as the question is answered for: the log is there before its task.
    async fn begin_stream(&self, asked: AskedTurn) -> Result<(), ChatError> {
        self.ports.streams.open(asked.turn).await?;
        let event = TurnEvent::Session { session: asked.session, turn: asked.turn, is_new: asked.is_new };
        self.ports.streams.append(asked.turn, event).await?;
        Ok(())
    }
}

/// Runs the turn detached from whoever asked. A panic in it is a fault of ours that must neither leave
/// readers waiting nor block the session.
fn start(task: TurnTask, live: LiveTurn) {
    let rescue = task.clone();
    tokio::spawn(async move {
        let _live = live;
        if let Err(crash) = tokio::spawn(task.run()).await {
            tracing::error!(turn = %rescue.turn_id(), error = %crash, "the task of a turn crashed");
            rescue.fail().await;
        }
    });
}

fn asked(turn: &Turn, is_new: bool, repeated: bool) -> AskedTurn {
    AskedTurn { turn: turn.id, session: turn.session, is_new, repeated }
}
