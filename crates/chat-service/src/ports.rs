use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, IdSource};
use llm_monitoring::PriceBook;
use rag_pipeline::model::Collection;
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::ports::ChatModel;
use session_core::SessionService;
use session_core::context::Window;
use session_core::ports::{StreamLimits, StreamSlots, TurnRepository, TurnSignals, TurnSpool, TurnStreamLog};

/// What a turn works with.
#[derive(Clone)]
pub struct ChatPorts {
    /// Begins and finds sessions.
    pub sessions: SessionService,
    /// Keeps turns and messages.
    pub turns: Arc<dyn TurnRepository>,
    /// Keeps the events of live turns.
    pub streams: Arc<dyn TurnStreamLog>,
    /// Counts live turns for the limits of the settings; not asked where nothing is limited.
    pub slots: Arc<dyn StreamSlots>,
    /// Tells the other processes that share the storage, and hears of them: [`ChatService::listen`](crate::ChatService::listen).
    pub signals: Arc<dyn TurnSignals>,
    /// Keeps answered turns while the storage is away.
    pub spool: Arc<dyn TurnSpool>,
    /// Rewrites and retrieves.
    pub planner: AnswerPlanner,
    /// Answers.
    pub model: Arc<dyn ChatModel>,
    /// What models cost.
    pub prices: PriceBook,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn IdSource>,
}

/// What happens to a question that comes while its session is being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BusyPolicy {
    /// It waits its turn, up to the queue's time-out.
    #[default]
    Queue,
    /// It is refused at once.
    Reject,
    /// It stops the answer that is being made; what was said of that is kept.
    Interrupt,
}

/// How a turn is run.
#[derive(Debug, Clone)]
pub struct ChatSettings {
    /// The longest question, in characters.
    pub max_message_chars: usize,
    /// How much of the conversation a model is given.
    pub window: Window,
    /// What happens to a question that comes while its session is being answered.
    pub busy: BusyPolicy,
    /// How many turns are answered at once.
    pub streams: StreamLimits,
    /// How long a question waits for the session's live turn, in whatever way.
    pub queue_timeout: Duration,
    /// How long an answer may take.
    pub turn_timeout: Duration,
    /// The store's instructions for its assistant.
    pub instructions: String,
    /// The collections to search; empty means all of the store's.
    pub collections: Vec<Collection>,
}

impl ChatSettings {
    /// How long a turn is believed to be alive without a sign of life: the longest that a crash blocks a
    /// session. Four signs of life fit in, so that one or two may fail to come through.
    const LEASE: Duration = Duration::from_secs(20);

    /// How long a turn holds its session after each sign of life, unless it is closed before.
    #[allow(clippy::unused_self)] // a setting one day
    pub const fn lease(&self) -> Duration {
        Self::LEASE
    }

    /// How often a live turn gives a sign of life, and hears whether it is to stop.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.lease() / 4
    }
}
