use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, IdSource};
use llm_monitoring::PriceBook;
use rag_pipeline::model::Collection;
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::ports::ChatModel;
use session_core::SessionService;
use session_core::context::Window;
use session_core::ports::{TurnRepository, TurnStreamLog};

/// What a turn works with.
#[derive(Clone)]
pub struct ChatPorts {
    /// Begins and finds sessions.
    pub sessions: SessionService,
    /// Keeps turns and messages.
    pub turns: Arc<dyn TurnRepository>,
    /// Keeps the events of live turns.
    pub streams: Arc<dyn TurnStreamLog>,
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

/// How a turn is run.
#[derive(Debug, Clone)]
pub struct ChatSettings {
    /// The longest question, in characters.
    pub max_message_chars: usize,
    /// How much of the conversation a model is given.
    pub window: Window,
    /// How long a question waits for the session's live turn.
    pub queue_timeout: Duration,
    /// How long an answer may take.
    pub turn_timeout: Duration,
    /// The store's instructions for its assistant.
    pub instructions: String,
    /// The collections to search; empty means all of the store's.
    pub collections: Vec<Collection>,
}

impl ChatSettings {
    /// How long past its time-out a turn is believed to be alive: what closing it may take.
    const LEASE_MARGIN: Duration = Duration::from_secs(30);

    /// How long a turn holds its session unless it is closed before.
    pub fn lease(&self) -> Duration {
        self.turn_timeout + Self::LEASE_MARGIN
    }
}
