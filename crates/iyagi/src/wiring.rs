//! Every concrete adapter is named here, and nowhere else.

mod imports;

pub(crate) use imports::{ImportDatabase, open_source};

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use api_actix::{Check, Readiness};
use async_trait::async_trait;
use chat_service::{ChatPorts, ChatService, ChatSettings};
use document_readers::Readers;
use kernel::{Clock, IdSource, RepositoryError, SystemClock, UuidV7Source, error_chain};
use model_providers::{ExtractiveModel, HashedEmbedder};
use rag_pipeline::ingest::Ingestor;
use rag_pipeline::model::Collection;
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::ports::{ChatModel, Embedder};
use rag_pipeline::retrieval::Retriever;
use session_core::SessionService;
use session_core::context::Window;
use session_core::ports::{FeedbackRepository, TurnRepository};
use session_core::stream::MemoryStreamLog;
use storage_postgres::{PostgresOptions, PostgresStorage, SeaSessions};
use storage_sqlite::SqliteStorage;

use crate::config::{Config, DatabaseTarget, Secret};
use crate::data_dir::DataDir;

/// The storages of a running server.
pub(crate) struct Storage {
    /// Documents always, and sessions unless PostgreSQL keeps them.
    sqlite: SqliteStorage,
    postgres: Option<PostgresStorage>,
    /// Keeps other processes out of the data folder.
    _folder: DataDir,
}

impl Storage {
    /// Opens what the configuration names, and brings the schemas up to date.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let folder = DataDir::open(&config.data.dir)?;
        let (file, postgres) = match config.database() {
            DatabaseTarget::Sqlite(file) => (file, None),
            DatabaseTarget::Postgres(url) => {
                let options = postgres_options(config, &url);
                let storage = PostgresStorage::open(&options).await.context("PostgreSQL cannot be used")?;
                (folder.database(), Some(storage))
            }
        };
        let sqlite = open_sqlite(file).await?;
        Ok(Self { sqlite, postgres, _folder: folder })
    }

    /// Whether this process alone uses the sessions.
    pub(crate) const fn owns_sessions(&self) -> bool {
        self.postgres.is_none()
    }

    fn sessions(&self) -> SeaSessions {
        self.postgres.as_ref().map_or_else(|| self.sqlite.sessions(), PostgresStorage::sessions)
    }

    /// Where documents are and whether they answer, for `/ready`.
    pub(crate) fn readiness(&self) -> Arc<dyn Readiness> {
        Arc::new(StorageReadiness { sqlite: self.sqlite.clone(), postgres: self.postgres.clone() })
    }

    /// Takes documents in.
    pub(crate) fn ingestor(&self) -> Ingestor {
        Ingestor::new(self.sqlite.documents(), Arc::new(Readers::default()), embedder(), clock(), ids())
    }

    /// Rewrites and retrieves.
    pub(crate) fn planner(&self, config: &Config) -> AnswerPlanner {
        let sqlite = &self.sqlite;
        let retriever = Retriever::new(sqlite.documents(), sqlite.keywords(), sqlite.vectors(), embedder());
        AnswerPlanner::new(Arc::new(retriever)).with_passages(config.retrieval.limit)
    }

    /// Closes everything once work that runs is done.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.sqlite.close().await?;
        if let Some(postgres) = self.postgres {
            postgres.close().await?;
        }
        Ok(())
    }
}

fn postgres_options(config: &Config, url: &Secret) -> PostgresOptions {
    PostgresOptions {
        pool_max: config.database.pool_max,
        pool_min: config.database.pool_min,
        acquire_timeout: config.database.connection_timeout(),
        idle_timeout: config.database.idle_timeout(),
        ..PostgresOptions::new(url.expose())
    }
}

async fn open_sqlite(file: PathBuf) -> anyhow::Result<SqliteStorage> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    SqliteStorage::open(&file).await.with_context(|| format!("the database {} cannot be used", file.display()))
}

/// The services the HTTP interface works with.
pub(crate) struct Services {
    pub(crate) chat: ChatService,
    pub(crate) sessions: SessionService,
    pub(crate) turns: Arc<dyn TurnRepository>,
    pub(crate) feedback: Arc<dyn FeedbackRepository>,
}

/// Builds the services over a storage.
pub(crate) fn services(config: &Config, storage: &Storage) -> anyhow::Result<Services> {
    let repository = Arc::new(storage.sessions());
    let sessions = SessionService::new(repository.clone(), clock(), ids(), config.session.expire());
    let ports = ChatPorts {
        sessions: sessions.clone(),
        turns: repository.clone(),
        streams: Arc::new(MemoryStreamLog::new(clock(), config.chat.finished_stream())),
        planner: storage.planner(config),
        model: model(),
        prices: config.prices.book()?,
        clock: clock(),
        ids: ids(),
    };
    let chat = ChatService::new(ports, chat_settings(config)?);
    Ok(Services { chat, sessions, turns: repository.clone(), feedback: repository })
}

fn chat_settings(config: &Config) -> anyhow::Result<ChatSettings> {
    Ok(ChatSettings {
        max_message_chars: config.chat.max_message_chars,
        window: Window { messages: config.chat.history_messages as usize, tokens: config.chat.history_tokens as usize },
        queue_timeout: config.chat.queue_timeout(),
        turn_timeout: config.chat.turn_timeout(),
        instructions: config.store.instructions.clone(),
        collections: collections(config)?,
    })
}

/// The collections that questions are answered from; empty means all.
pub(crate) fn collections(config: &Config) -> anyhow::Result<Vec<Collection>> {
    config.retrieval.collections.iter().map(|name| Ok(Collection::new(name.as_str())?)).collect()
}

/// The model that answers.
pub(crate) fn model() -> Arc<dyn ChatModel> {
    Arc::new(ExtractiveModel)
}

fn embedder() -> Arc<dyn Embedder> {
    Arc::new(HashedEmbedder)
}

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Fresh ids.
pub(crate) fn ids() -> Arc<dyn IdSource> {
    Arc::new(UuidV7Source)
}

struct StorageReadiness {
    sqlite: SqliteStorage,
    postgres: Option<PostgresStorage>,
}

#[async_trait]
impl Readiness for StorageReadiness {
    async fn check(&self) -> Vec<Check> {
        let mut checks = vec![check("sqlite", &self.sqlite.ping().await)];
        if let Some(postgres) = &self.postgres {
            checks.push(check("postgres", &postgres.ping().await));
        }
        checks
    }
}

/// The cause goes to the log; whoever asks `/ready` learns only what is down.
fn check(name: &'static str, answer: &Result<(), RepositoryError>) -> Check {
    if let Err(error) = answer {
        tracing::warn!(check = name, error = error_chain(error), "not ready");
    }
    Check { name: name.into(), ok: answer.is_ok(), detail: None }
}
