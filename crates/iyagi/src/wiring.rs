//! Every concrete adapter is named here and in what belongs to it, and nowhere else.

mod advice;
mod database;
mod documents;
mod health;
mod imports;
mod remembering;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api_actix::{Check, Readiness};
use async_trait::async_trait;
use chat_analytics::advisor::{Advisor, Traffic};
use chat_service::{BusyPolicy, ChatPorts, ChatService, ChatSettings};
use kernel::{Clock, IdSource, OsSecrets, RepositoryError, SystemClock, UuidV7Source, error_chain};
use model_providers::ExtractiveModel;
use rag_pipeline::model::Collection;
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::ports::ChatModel;
use session_core::cache::Renderings;
use session_core::context::Window;
use session_core::measured::{MeasuredSessions, MeasuredTurns};
use session_core::ports::{
    ConversationSearch, FeedbackRepository, FleetSignals, StreamLimits, StreamSlots, TurnRepository, TurnSignals,
    TurnSpool,
};
use session_core::stream::MemoryStreamSlots;
use session_core::{LocalSignals, Maintenance, MaintenanceSettings, SessionService, ShareService, UserContextService};
use storage_postgres::{PostgresOptions, PostgresStorage, SeaSessions, TlsMode};
use storage_spool::FileSpool;
use storage_sqlite::SqliteStorage;

use crate::config::{Busy, Config, DatabaseConfig, DatabaseTarget, Secret, Tls};
use crate::data_dir::DataDir;

pub(crate) use database::Database;
pub(crate) use documents::{DocumentStorage, Ingestion, catalogue, worker_name};
pub(crate) use health::{StorageHealth, content_name};
pub(crate) use imports::{ImportDatabase, back_up, open_source};
pub(crate) use remembering::Remembering;

/// How long upkeep lets questions go first between two of its transactions.
const MAINTENANCE_PAUSE: Duration = Duration::from_millis(20);

/// The database of a running server, which keeps everything.
#[derive(Clone)]
pub(crate) enum MainDatabase {
    /// A file of this process alone.
    Sqlite(SqliteStorage),
    /// A server that other processes may use as well.
    Postgres(PostgresStorage),
}

/// The storages of a running server.
pub(crate) struct Storage {
    main: MainDatabase,
    documents: DocumentStorage,
    spool: FileSpool,
    signals: Arc<dyn TurnSignals>,
    remembering: Remembering,
    /// Keeps other processes out of the data folder.
    _folder: DataDir,
}

impl Storage {
    /// Opens what the configuration names, and brings the schemas up to date.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let folder = DataDir::open(&config.data.dir)?;
        let main = match config.database() {
            DatabaseTarget::Sqlite(file) => MainDatabase::Sqlite(open_sqlite(file).await?),
            DatabaseTarget::Postgres(url) => {
                let options = postgres_options(&config.database, &url);
                MainDatabase::Postgres(PostgresStorage::open(&options).await.context("PostgreSQL cannot be used")?)
            }
        };
        let spool = FileSpool::open(&folder.spool()).context("the emergency spool cannot be used")?;
        let (signals, fleet): (Arc<dyn TurnSignals>, Option<Arc<dyn FleetSignals>>) = match &main {
            MainDatabase::Postgres(postgres) => {
                let signals = Arc::new(postgres.signals().await.context("PostgreSQL cannot be listened to")?);
                (signals.clone(), Some(signals))
            }
            MainDatabase::Sqlite(_) => (Arc::new(LocalSignals::default()), None),
        };
        let remembering = Remembering::open(config, fleet).await?;
        let documents = DocumentStorage::open(config, &main, folder.vectors())?;
        Ok(Self { main, documents, spool, signals, remembering, _folder: folder })
    }

    /// Whether this process alone uses the sessions.
    pub(crate) const fn owns_sessions(&self) -> bool {
        matches!(self.main, MainDatabase::Sqlite(_))
    }

    /// Documents, and what takes them in and finds them.
    pub(crate) const fn documents(&self) -> &DocumentStorage {
        &self.documents
    }

    /// Where answered turns are kept while the database is gone.
    pub(crate) fn spool(&self) -> Arc<dyn TurnSpool> {
        Arc::new(self.spool.clone())
    }

    /// How processes that share the sessions let each other know of turns.
    fn signals(&self) -> Arc<dyn TurnSignals> {
        Arc::clone(&self.signals)
    }

    /// Where sessions are remembered.
    pub(crate) const fn remembering(&self) -> &Remembering {
        &self.remembering
    }

    /// Counts the turns that are answered over the sessions, in whatever process.
    fn slots(&self) -> Arc<dyn StreamSlots> {
        let own: Arc<dyn StreamSlots> = match &self.main {
            MainDatabase::Postgres(postgres) => Arc::new(postgres.stream_slots()),
            MainDatabase::Sqlite(_) => Arc::new(MemoryStreamSlots::new(clock())),
        };
        self.remembering.slots(own)
    }

    fn sessions(&self) -> SeaSessions {
        match &self.main {
            MainDatabase::Postgres(postgres) => postgres.sessions(),
            MainDatabase::Sqlite(sqlite) => sqlite.sessions(),
        }
    }

    /// Whether the database answers, for `/ready`.
    pub(crate) fn readiness(&self) -> Arc<dyn Readiness> {
        Arc::new(StorageReadiness(self.main.clone()))
    }

    /// How the database is.
    pub(crate) fn health(&self) -> Arc<StorageHealth> {
        Arc::new(StorageHealth::new(self.main.clone()))
    }

    /// Rewrites and retrieves.
    pub(crate) fn planner(&self, config: &Config) -> AnswerPlanner {
        AnswerPlanner::new(Arc::new(self.documents.retriever())).with_passages(config.retrieval.limit)
    }

    /// Closes everything once work that runs is done.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self.main {
            MainDatabase::Sqlite(sqlite) => sqlite.close().await?,
            MainDatabase::Postgres(postgres) => postgres.close().await?,
        }
        Ok(())
    }
}

/// How to connect to the PostgreSQL server of the configuration.
pub(crate) fn postgres_options(database: &DatabaseConfig, url: &Secret) -> PostgresOptions {
    let limit = |seconds: u64| (seconds > 0).then(|| Duration::from_secs(seconds));
    PostgresOptions {
        instance: instance(),
        pool_max: database.pool_max,
        pool_min: database.pool_min,
        acquire_timeout: database.connection_timeout(),
        idle_timeout: database.idle_timeout(),
        connect_retry: database.connect_retry(),
        tls: match database.tls {
            Tls::Auto => None,
            Tls::VerifyFull => Some(TlsMode::VerifyFull),
            Tls::Require => Some(TlsMode::Require),
            Tls::Disable => Some(TlsMode::Disable),
        },
        tls_ca_file: database.tls_ca_file(),
        statement_timeout: limit(database.statement_timeout_seconds),
        lock_timeout: limit(database.lock_timeout_seconds),
        idle_in_transaction_timeout: limit(database.idle_in_transaction_timeout_seconds),
        ..PostgresOptions::new(url.expose())
    }
}

/// This process among all that use a database: the machine's name, where it is known, and the process id.
fn instance() -> String {
    let host = std::env::var("HOSTNAME").or_else(|_| std::fs::read_to_string("/etc/hostname")).unwrap_or_default();
    format!("{}:{}", host.trim(), std::process::id())
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
    pub(crate) renderings: Renderings,
    pub(crate) shares: ShareService,
    pub(crate) contexts: UserContextService,
    pub(crate) turns: Arc<dyn TurnRepository>,
    pub(crate) search: Arc<dyn ConversationSearch>,
    pub(crate) feedback: Arc<dyn FeedbackRepository>,
    pub(crate) maintenance: Maintenance,
    pub(crate) advisor: Advisor,
}

/// Builds the services over a storage.
pub(crate) fn services(config: &Config, storage: &Storage) -> anyhow::Result<Services> {
    let repository = Arc::new(storage.sessions());
    let remembered = storage.remembering.before(&repository);
    // What is measured is what a request waits for, and all that a cache could have answered.
    let traffic = Arc::new(Traffic::new(clock()));
    let measuring = advice::measuring(&traffic);
    let measured = Arc::new(MeasuredSessions::new(remembered.sessions, measuring.clone()));
    let renderings = storage.remembering.renderings(measured.clone());
    let turns: Arc<dyn TurnRepository> = Arc::new(MeasuredTurns::new(remembered.turns, measuring));
    let advisor = advice::advisor(storage, repository.clone(), traffic, remembered.uses);
    let sessions = SessionService::new(measured, clock(), ids(), config.session.lifetimes());
    let shares = ShareService::new(sessions.clone(), repository.clone(), clock(), ids(), Arc::new(OsSecrets));
    let contexts = UserContextService::new(storage.remembering.before_contexts(repository.clone()), clock());
    let ports = ChatPorts {
        sessions: sessions.clone(),
        turns: turns.clone(),
        spool: storage.spool(),
        signals: storage.signals(),
        slots: storage.slots(),
        streams: storage.remembering.streams(config.chat.finished_stream()),
        planner: storage.planner(config),
        model: model(),
        prices: config.prices.book()?,
        clock: clock(),
        ids: ids(),
    };
    let chat = ChatService::new(ports, chat_settings(config)?);
    let settings = MaintenanceSettings {
        keep_deleted: config.session.keep_deleted(),
        owner: format!("{}", ids().uuid()),
        pause: MAINTENANCE_PAUSE,
    };
    let maintenance = Maintenance::new(repository.clone(), clock(), settings);
    let search = repository.clone();
    let feedback = repository;
    Ok(Services { chat, sessions, renderings, shares, contexts, turns, search, feedback, maintenance, advisor })
}

fn chat_settings(config: &Config) -> anyhow::Result<ChatSettings> {
    Ok(ChatSettings {
        max_message_chars: config.chat.max_message_chars,
        window: Window { messages: config.chat.history_messages as usize, tokens: config.chat.history_tokens as usize },
        busy: match config.chat.busy {
            Busy::Queue => BusyPolicy::Queue,
            Busy::Reject => BusyPolicy::Reject,
            Busy::Interrupt => BusyPolicy::Interrupt,
        },
        streams: StreamLimits { per_user: config.chat.streams_per_user, per_store: config.chat.streams_per_store },
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

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Fresh ids.
pub(crate) fn ids() -> Arc<dyn IdSource> {
    Arc::new(UuidV7Source)
}

struct StorageReadiness(MainDatabase);

#[async_trait]
impl Readiness for StorageReadiness {
    async fn check(&self) -> Vec<Check> {
        vec![match &self.0 {
            MainDatabase::Sqlite(sqlite) => check("sqlite", &sqlite.ping().await),
            MainDatabase::Postgres(postgres) => check("postgres", &postgres.ping().await),
        }]
    }
}

/// The cause goes to the log; whoever asks `/ready` learns only what is down.
fn check(name: &'static str, answer: &Result<(), RepositoryError>) -> Check {
    if let Err(error) = answer {
        tracing::warn!(check = name, error = error_chain(error), "not ready");
    }
    Check { name: name.into(), ok: answer.is_ok(), detail: None }
}
