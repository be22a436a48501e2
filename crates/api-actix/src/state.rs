use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_analytics::advisor::Advisor;
use chat_service::{Ask, AskedTurn, ChatError, ChatService, Regenerate};
use kernel::{Clock, IdSource, RepositoryError, StoreId};
use rag_pipeline::ingest::{DocumentService, Submission, SubmitError, Submitted};
use rag_pipeline::retrieval::Retriever;
use session_core::cache::Renderings;
use session_core::ports::{ConversationSearch, FeedbackRepository, TurnRepository};
use session_core::{SessionService, ShareService, UserContextService};
use tokio::runtime::Handle;

use crate::error::{ApiError, ErrorCode};
use crate::ws::WebSocketLimits;

/// What the handlers work with, shared by all workers.
pub struct ApiState {
    /// Opens turns and follows their streams.
    pub chat: ChatService,
    /// Begins, finds and lists sessions.
    pub sessions: SessionService,
    /// Keeps what was made of sessions to show them.
    pub renderings: Renderings,
    /// Shares sessions through links.
    pub shares: ShareService,
    /// Remembers users beyond their sessions.
    pub contexts: UserContextService,
    /// Reads conversations.
    pub turns: Arc<dyn TurnRepository>,
    /// Searches conversations.
    pub search: Arc<dyn ConversationSearch>,
    /// Keeps feedback.
    pub feedback: Arc<dyn FeedbackRepository>,
    /// Takes documents in and finds passages in them.
    pub documents: DocumentDesk,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids and anonymous users.
    pub ids: Arc<dyn IdSource>,
    /// Tells whether the server can serve.
    pub readiness: Arc<dyn Readiness>,
    /// Tells how the database is.
    pub database: Arc<dyn DatabaseHealth>,
    /// Tells how what is remembered is.
    pub cache: Arc<dyn CacheHealth>,
    /// Tells when adding Redis would pay.
    pub advisor: Advisor,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Where turns run. It must outlive the workers: a turn is finished even when its reader is gone.
    pub runtime: Handle,
    /// Figures and names.
    pub settings: ApiSettings,
}

/// Takes documents in and finds passages in them.
pub struct DocumentDesk {
    /// Queues documents and knows them.
    pub service: DocumentService,
    /// Finds passages.
    pub retriever: Retriever,
    /// Tells the workers of this process that something waits.
    pub told: Arc<dyn Fn() + Send + Sync>,
}

impl DocumentDesk {
    pub(crate) async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        let submitted = self.service.submit(submission).await?;
        (self.told)();
        Ok(submitted)
    }
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
    /// What a WebSocket may do.
    pub websocket: WebSocketLimits,
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

/// Tells how what is remembered beside the database is.
pub trait CacheHealth: Send + Sync {
    /// Looks; it costs nothing.
    fn look(&self) -> CacheLook;
}

/// How what is remembered is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLook {
    /// Where sessions are remembered: `redis`, `memory` or `none`.
    pub kind: &'static str,
    /// Whether it serves. Without it everything goes on, slower.
    pub well: bool,
}

/// Tells how the database is, for operators.
#[async_trait]
pub trait DatabaseHealth: Send + Sync {
    /// Looks. It costs little, whatever the size of the database, and is bounded in time by whoever implements it.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the database cannot be reached.
    async fn look(&self) -> Result<DatabaseLook, RepositoryError>;
}

/// How the database is. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseLook {
    /// `sqlite` or `postgresql`.
    pub backend: &'static str,
    /// Its version.
    pub version: String,
    /// How long the smallest query took.
    pub latency: Duration,
    /// Connections of this process: open, idle among them, at most.
    pub pool: (u32, u32, u32),
    /// Migrations: applied, pending.
    pub migrations: (usize, usize),
    /// Its tables with their rows.
    pub rows: Vec<TableLook>,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLook {
    /// What is in it, in camelCase: `sessions`, `documentChunks` …
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Whether that is an estimate.
    pub estimated: bool,
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
