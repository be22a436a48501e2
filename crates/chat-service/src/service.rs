use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use kernel::{MessageId, SessionId, TurnId, UserId};
use session_core::model::{NewSession, NewTurn, OpenedTurn, Session, Turn, TurnOpening};
use session_core::stream::TurnEvent;
use session_core::{Resolved, SessionError};
use tokio::sync::Mutex;

use crate::live::{LiveTurn, LiveTurns};
use crate::turn::TurnTask;
use crate::{Ask, AskedTurn, ChatError, ChatPorts, ChatSettings};

/// How often a question looks again for a live turn whose stream is not in this process.
const FOREIGN_TURN_POLL: Duration = Duration::from_millis(100);
/// First questions of one user are let through one at a time, so that they share a session. Users share
/// a lock by hash; more locks than there are cores is enough.
const FIRST_QUESTION_LOCKS: usize = 64;

/// Takes questions and answers them.
#[derive(Clone)]
pub struct ChatService {
    pub(crate) ports: ChatPorts,
    pub(crate) settings: Arc<ChatSettings>,
    live: LiveTurns,
    first_questions: Arc<[Mutex<()>]>,
}

impl ChatService {
    /// A service over its ports.
    pub fn new(ports: ChatPorts, settings: ChatSettings) -> Self {
        Self {
            ports,
            settings: Arc::new(settings),
            live: LiveTurns::new(),
            first_questions: (0..FIRST_QUESTION_LOCKS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// Takes a question: once this answers, the question is stored and being answered by a task of its
    /// own. A session that is busy is waited for, up to the queue's time-out.
    ///
    /// # Errors
    /// See [`ChatError`]. Nothing is stored then.
    pub async fn ask(&self, ask: Ask) -> Result<AskedTurn, ChatError> {
        ask.validate(&self.settings)?;
        let live = self.live.begin().ok_or(ChatError::Draining)?;
        let resolved = self.resolve(&ask).await?;
        match self.open(&ask, &resolved).await? {
            Opening::Opened(opened) => {
                let asked = asked(&opened.turn, resolved.is_new, false);
                let task = TurnTask::new(self.ports.clone(), Arc::clone(&self.settings), self.live.clone(), *opened);
                if let Err(error) = self.begin_stream(asked).await {
                    // The question is stored: without a stream its turn must not stay open.
                    task.fail().await;
                    return Err(error);
                }
                start(task, live);
                Ok(asked)
            }
            Opening::Repeated(turn) => Ok(asked(&turn, false, true)),
        }
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

    async fn resolve(&self, ask: &Ask) -> Result<Resolved, ChatError> {
        if let Some(id) = ask.session {
            let session = self.ports.sessions.get(&ask.store, ask.user.as_ref(), id).await?;
            return Ok(Resolved { session, is_new: false });
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
        if !known {
            return Ok(Resolved { session: self.ports.sessions.create(new).await?, is_new: true });
        }
        let mut hasher = DefaultHasher::new();
        (&new.store, &new.user).hash(&mut hasher);
        let lock = usize::try_from(hasher.finish() % FIRST_QUESTION_LOCKS as u64).unwrap_or_default();
        let _one_at_a_time = self.first_questions[lock].lock().await;
        Ok(self.ports.sessions.live_or_new(new).await?)
    }

    /// Nobody shares an anonymous user: a stranger must never come into another's session.
    fn anonymous(&self) -> Result<UserId, ChatError> {
        let user = UserId::new(format!("anon-{}", self.ports.ids.uuid()));
        user.map_err(|error| ChatError::Repository(kernel::RepositoryError::backend(error)))
    }

    async fn open(&self, ask: &Ask, resolved: &Resolved) -> Result<Opening, ChatError> {
        let give_up = tokio::time::Instant::now() + self.settings.queue_timeout;
        let (turn, question) = (TurnId::generate(&*self.ports.ids), MessageId::generate(&*self.ports.ids));
        loop {
            let new = self.new_turn(ask, resolved.session.id, turn, question);
            match self.ports.turns.open_turn(&new).await? {
                TurnOpening::Opened(opened) => return Ok(Opening::Opened(opened)),
                TurnOpening::Duplicate(turn) => return Ok(Opening::Repeated(turn)),
                TurnOpening::KeyReused(turn) => return Err(ChatError::KeyReused { turn: turn.id }),
                TurnOpening::SessionMissing => return Err(SessionError::NotFound.into()),
                TurnOpening::SessionExpired => return Err(SessionError::Expired.into()),
                TurnOpening::SessionEnded => return Err(SessionError::Ended.into()),
                TurnOpening::Busy(other) => {
                    let waited = tokio::time::timeout_at(give_up, self.turn_over(other.id)).await;
                    match waited {
                        Ok(over) => over?,
                        Err(_) => return Err(ChatError::TurnInProgress { turn: other.id }),
                    }
                }
            }
        }
    }

    fn new_turn(&self, ask: &Ask, session: SessionId, turn: TurnId, question: MessageId) -> NewTurn {
        let now = self.ports.clock.now();
        NewTurn {
            id: turn,
            store: ask.store.clone(),
            session,
            client_message_id: ask.client_message_id.clone(),
            request_hash: ask.fingerprint(),
            question_id: question,
            question: ask.message.clone(),
            metadata: serde_json::json!({}),
            business: ask.business.clone(),
            title: Session::title_from(&ask.message),
            opened_at: now,
            lease_until: now.plus(self.settings.lease()),
            expires_at: now.plus(self.ports.sessions.ttl(&ask.store)),
            again: None,
        }
    }

    /// Waits until a turn is likely over: its log has ended, or, for a turn of another process, a while.
    async fn turn_over(&self, turn: TurnId) -> Result<(), ChatError> {
        if self.ports.streams.read(turn, u64::MAX).await?.is_none() {
            tokio::time::sleep(FOREIGN_TURN_POLL).await;
        }
        Ok(())
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

enum Opening {
    Opened(Box<OpenedTurn>),
    Repeated(Turn),
}

fn asked(turn: &Turn, is_new: bool, repeated: bool) -> AskedTurn {
    AskedTurn { turn: turn.id, session: turn.session, is_new, repeated }
}
