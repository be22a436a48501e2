//! The real HTTP edge and the real chat service over a model that streams as it is asked to, in a process of its own:
//! what streams cost, without what storages and retrieval do.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use api_actix::{
    ApiSettings, ApiState, CacheHealth, CacheLook, Check, DatabaseHealth, DatabaseLook, DocumentDesk, Readiness,
    ServerOptions, WebSocketLimits,
};
use async_trait::async_trait;
use chat_analytics::advisor::{Advisor, AdvisorPorts, CacheUse, Reading, Traffic};
use chat_analytics::testing::{FixedCpu, FixedFacts};
use chat_service::{BusyPolicy, ChatPorts, ChatService, ChatSettings};
use futures::stream::{self, StreamExt};
use kernel::{OsSecrets, RepositoryError, SystemClock, UuidV7Source};
use llm_monitoring::PriceBook;
use rag_pipeline::ingest::DocumentService;
use rag_pipeline::model::{AnswerDelta, ChatRequest, FinishReason, ModelError, TokenUsage};
use rag_pipeline::ports::{AnswerStream, ChatModel};
use rag_pipeline::retrieval::Retriever;
use rag_pipeline::testing::{MemoryDocuments, MemoryVectors, OneVector, planner_over};
use session_core::cache::Renderings;
use session_core::context::Window;
use session_core::ports::StreamLimits;
use session_core::stream::{MemoryStreamLog, MemoryStreamSlots};
use session_core::testing::{MemorySessions, MemorySpool, samples};
use session_core::{LocalSignals, SessionService, ShareService, UserContextService};

use super::pace::{Pace, TOKEN};
use crate::floor::announce;

/// A day, which nothing here reaches.
const LONG: Duration = Duration::from_hours(24);

/// Streams what a question asks for.
struct PacedModel;

#[async_trait]
impl ChatModel for PacedModel {
    fn name(&self) -> String {
        "paced".into()
    }

    async fn answer(&self, request: ChatRequest) -> Result<AnswerStream, ModelError> {
        let pace = Pace::read(&request.question).unwrap_or_default();
        let tokens = stream::iter(0..pace.tokens).then(move |_| async move {
            pace.wait().await;
            Ok(AnswerDelta::Text(TOKEN.into()))
        });
        if pace.silent {
            return Ok(tokens.chain(stream::pending()).boxed());
        }
        let usage = TokenUsage { prompt: 1, completion: pace.tokens, estimated: true };
        let end = AnswerDelta::Finished { usage, reason: FinishReason::Stop };
        Ok(tokens.chain(stream::iter([Ok(end)])).boxed())
    }
}

/// Nothing to look at.
struct Plain;

#[async_trait]
impl Readiness for Plain {
    async fn check(&self) -> Vec<Check> {
        Vec::new()
    }
}

#[async_trait]
impl DatabaseHealth for Plain {
    async fn look(&self) -> Result<DatabaseLook, RepositoryError> {
        Err(RepositoryError::unavailable("there is none"))
    }
}

impl CacheHealth for Plain {
    fn look(&self) -> CacheLook {
        CacheLook { kind: "none", well: true }
    }
}

/// Serves until the process ends.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(listener.local_addr()?)?;
    let options = ServerOptions { workers: 2, shutdown_timeout: Duration::from_secs(1) };
    let running = api_actix::server(Arc::new(state().await?), listener, options)?;
    Ok(running.future.await?)
}

async fn state() -> Result<ApiState> {
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(UuidV7Source));
    let storage = Arc::new(MemorySessions::default());
    let sessions = SessionService::new(storage.clone(), clock.clone(), ids.clone(), LONG);
    let traffic = Arc::new(Traffic::new(clock.clone()));
    let advisor = Advisor::new(AdvisorPorts {
        facts: Arc::new(FixedFacts::default()),
        cpu: Arc::new(FixedCpu(Reading::Value(0.0))),
        traffic,
        cache: Arc::new(|| CacheUse::NONE),
        clock: clock.clone(),
    });
    let ports = ChatPorts {
        sessions: sessions.clone(),
        turns: storage.clone(),
        signals: Arc::new(LocalSignals::default()),
        slots: Arc::new(MemoryStreamSlots::new(clock.clone())),
        streams: Arc::new(MemoryStreamLog::new(clock.clone(), Duration::from_mins(10))),
        planner: planner_over(&samples::store(), &[]).await,
        model: Arc::new(PacedModel),
        spool: Arc::new(MemorySpool::default()),
        prices: PriceBook::built_in()?,
        clock: clock.clone(),
        ids: ids.clone(),
    };
    Ok(ApiState {
        chat: ChatService::new(ports, settings()),
        renderings: Renderings::new(storage.clone(), clock.clone(), 0),
        shares: ShareService::new(sessions.clone(), storage.clone(), clock.clone(), ids.clone(), Arc::new(OsSecrets)),
        contexts: UserContextService::new(storage.clone(), clock.clone()),
        sessions,
        turns: storage.clone(),
        search: storage.clone(),
        feedback: storage,
        documents: desk(clock.clone(), ids.clone()),
        advisor,
        clock,
        ids,
        readiness: Arc::new(Plain),
        database: Arc::new(Plain),
        cache: Arc::new(Plain),
        metrics: Arc::new(String::new),
        runtime: tokio::runtime::Handle::current(),
        settings: ApiSettings {
            default_store: samples::store(),
            max_message_chars: 2_000,
            heartbeat: Duration::from_secs(10),
            body_limit: 1 << 20,
            websocket: WebSocketLimits { messages_per_minute: 60 },
            version: env!("CARGO_PKG_VERSION").into(),
        },
    })
}

/// Documents that nobody takes in.
fn desk(clock: Arc<SystemClock>, ids: Arc<UuidV7Source>) -> DocumentDesk {
    let documents = Arc::new(MemoryDocuments::default());
    let tasks = Arc::new(documents.tasks());
    DocumentDesk {
        service: DocumentService::new(documents.clone(), tasks, clock, ids, "documents", 0, 0),
        retriever: Retriever::new(
            documents.clone(),
            documents,
            Arc::new(MemoryVectors::default()),
            Arc::new(OneVector),
        ),
        told: Arc::new(|| {}),
    }
}

fn settings() -> ChatSettings {
    ChatSettings {
        max_message_chars: 2_000,
        window: Window { messages: 10, tokens: 2_000 },
        busy: BusyPolicy::Queue,
        queue_timeout: Duration::from_mins(1),
        turn_timeout: LONG,
        instructions: "문서에서만 답하세요.".into(),
        collections: Vec::new(),
        streams: StreamLimits::default(),
    }
}
