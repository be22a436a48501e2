use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_service::{Ask, AskedTurn, ChatError, ChatService, Regenerate};
use kernel::{Clock, IdSource, StoreId};
use session_core::SessionService;
use session_core::ports::{ConversationSearch, FeedbackRepository, TurnRepository};
use tokio::runtime::Handle;

use crate::error::{ApiError, ErrorCode};

/// What the handlers work with, shared by all workers.
pub struct ApiState {
    /// Opens turns and follows their streams.
    pub chat: ChatService,
    /// Begins, finds and lists sessions.
    pub sessions: SessionService,
    /// Reads conversations.
    pub turns: Arc<dyn TurnRepository>,
    /// Searches conversations.
    pub search: Arc<dyn ConversationSearch>,
    /// Keeps feedback.
    pub feedback: Arc<dyn FeedbackRepository>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids and anonymous users.
    pub ids: Arc<dyn IdSource>,
    /// Tells whether the server can serve.
    pub readiness: Arc<dyn Readiness>,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Where turns run. It must outlive the workers: a turn is finished even when its reader is gone.
    pub runtime: Handle,
    /// Figures and names.
    pub settings: ApiSettings,
}

/// Figures and names of the HTTP edge.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// The store of requests that name none.
    pub default_store: StoreId,
    /// The longest question, in characters: told to clients, enforced by the chat service.
    pub max_message_chars: usize,
    /// How long a stream may be silent before a comment line is sent.
    pub heartbeat: Duration,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// The server's version.
    pub version: String,
}

/// Tells whether the server can serve.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Checks everything a request needs. Each check is bounded in time by whoever implements it.
    async fn check(&self) -> Vec<Check>;
}

/// The outcome of one readiness check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked: `database`, `index` …
    pub name: String,
    /// Whether it is well.
    pub ok: bool,
    /// More about it. Shown when all is well; when something is not, it is only logged.
    pub detail: Option<String>,
}

impl ApiState {
    /// The store a request is about.
    pub(crate) fn store(&self, named: Option<StoreId>) -> StoreId {
        named.unwrap_or_else(|| self.settings.default_store.clone())
    }

    /// Asks a question.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<AskedTurn, ApiError> {
        let chat = self.chat.clone();
        self.detached(async move { chat.ask(ask).await }).await
    }

    /// Has a question answered again.
    pub(crate) async fn regenerate(&self, again: Regenerate) -> Result<AskedTurn, ApiError> {
        let chat = self.chat.clone();
        self.detached(async move { chat.regenerate(again).await }).await
    }

    /// Runs in a task of its own: a worker drops a handler whose client has gone, and a turn must not be
    /// dropped between being stored and being answered.
    async fn detached(
        &self,
        work: impl Future<Output = Result<AskedTurn, ChatError>> + Send + 'static,
    ) -> Result<AskedTurn, ApiError> {
        let asked = self.runtime.spawn(work).await;
        asked.map_err(|crash| ApiError::new(ErrorCode::InternalError).caused_by(crash))?.map_err(ApiError::from)
    }
}
