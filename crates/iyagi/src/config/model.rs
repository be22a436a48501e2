//! The settings as the rest of the program sees them: typed, checked, documented.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use kernel::StoreId;
use llm_monitoring::PriceBook;
use serde::Deserialize;
use session_core::SessionLifetimes;
use session_core::cache::CacheLifetimes;
use storage_redis::RedisOptions;

use super::document_settings::{DocumentsConfig, OcrConfig, SourcesConfig, VectorsConfig};
use super::schema;
use super::secret::Secret;

/// All settings. Every value is inside the range `config/default.toml` states for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The HTTP server.
    pub(crate) server: ServerConfig,
    /// Logging.
    pub(crate) log: LogConfig,
    /// Files on this machine.
    pub(crate) data: DataConfig,
    /// The database.
    pub(crate) database: DatabaseConfig,
    /// Redis.
    pub(crate) redis: RedisConfig,
    /// What is remembered of sessions.
    pub(crate) cache: CacheConfig,
    /// The default store.
    pub(crate) store: StoreConfig,
    /// Lifetimes of sessions.
    pub(crate) session: SessionConfig,
    /// Limits of a turn.
    pub(crate) chat: ChatConfig,
    /// The search for passages.
    pub(crate) retrieval: RetrievalConfig,
    /// What models cost.
    pub(crate) prices: PricesConfig,
    /// How documents are taken in.
    pub(crate) documents: DocumentsConfig,
    /// Where they may be fetched from.
    pub(crate) sources: SourcesConfig,
    /// How the text of scans is recognised.
    pub(crate) ocr: OcrConfig,
    /// Where embeddings are kept.
    pub(crate) vectors: VectorsConfig,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerConfig {
    /// Address to listen on: an IP address or a name.
    pub(crate) host: String,
    /// TCP port; 0 takes a free one.
    pub(crate) port: u16,
    /// Worker threads; 0 takes one per core.
    pub(crate) workers: usize,
    /// Largest request body, in bytes.
    pub(crate) body_limit_bytes: usize,
    /// How long running requests get to finish at shutdown, in seconds.
    pub(crate) shutdown_seconds: u64,
    /// How long questions are still taken after the signal to stop, in seconds.
    pub(crate) leave_seconds: u64,
}

impl ServerConfig {
    /// How long questions are still taken after the signal to stop.
    pub(crate) const fn leave(&self) -> Duration {
        Duration::from_secs(self.leave_seconds)
    }

    /// How long running requests get to finish at shutdown.
    pub(crate) const fn shutdown(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds)
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// One readable line per event.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// How a line looks.
    pub(crate) format: LogFormat,
    /// What is logged: an `EnvFilter` text such as `info,storage_sqlite=debug`.
    pub(crate) level: String,
}

/// `[data]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataConfig {
    /// Directory of the embedded database and of whatever else lives on this machine.
    pub(crate) dir: PathBuf,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseConfig {
    /// Empty, `sqlite://path` or `postgres://…`; see [`Config::database`].
    pub(crate) url: Secret,
    /// Connections kept at most.
    pub(crate) pool_max: u32,
    /// Connections kept open when idle; never more than `pool_max`.
    pub(crate) pool_min: u32,
    /// Seconds after which an idle connection is closed; 0 for never.
    pub(crate) idle_timeout_seconds: u64,
    /// Seconds to wait for a connection.
    pub(crate) connection_timeout_seconds: u64,
    /// Seconds to go on trying at the start; 0 for once.
    pub(crate) connect_retry_seconds: u64,
    /// How PostgreSQL is talked to.
    pub(crate) tls: Tls,
    /// Certificates of further authorities; empty for none.
    pub(crate) tls_ca_file: PathBuf,
    /// Seconds a statement may run; 0 for any time.
    pub(crate) statement_timeout_seconds: u64,
    /// Seconds a statement may wait for a lock; 0 for any time.
    pub(crate) lock_timeout_seconds: u64,
    /// Seconds a transaction may lie idle; 0 for any time.
    pub(crate) idle_in_transaction_timeout_seconds: u64,
}

/// `[redis]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedisConfig {
    /// Where it is; empty for none.
    pub(crate) url: Secret,
    /// What all keys begin with.
    pub(crate) prefix: String,
    /// Milliseconds that a request waits for it at most.
    pub(crate) patience_ms: u64,
}

impl RedisConfig {
    /// How Redis is used, if it is.
    pub(crate) fn options(&self) -> Option<RedisOptions> {
        let url = self.url.expose();
        let options = || RedisOptions {
            prefix: self.prefix.clone(),
            patience: Duration::from_millis(self.patience_ms),
            ..RedisOptions::new(url)
        };
        (!url.is_empty()).then(options)
    }
}

/// `[cache]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CacheConfig {
    /// Megabytes (2^20 bytes) of sessions that are kept in this process where there is no Redis; 0 for none.
    pub(crate) memory_mb: u64,
    /// Minutes that a session is remembered.
    pub(crate) session_minutes: u64,
    /// Minutes that its newest messages are.
    pub(crate) history_minutes: u64,
    /// Minutes that a user's context is.
    pub(crate) context_minutes: u64,
    /// Seconds that it is remembered that there is no such session.
    pub(crate) absent_seconds: u64,
}

impl CacheConfig {
    /// How long what is remembered is good for.
    pub(crate) const fn lifetimes(&self) -> CacheLifetimes {
        CacheLifetimes {
            session: Duration::from_secs(60 * self.session_minutes),
            history: Duration::from_secs(60 * self.history_minutes),
            context: Duration::from_secs(60 * self.context_minutes),
            absent: Duration::from_secs(self.absent_seconds),
        }
    }
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tls {
    /// As the URL says, else in clear text on this machine and verified to any other.
    Auto,
    /// Encrypted, to a server whose certificate and name are right.
    VerifyFull,
    /// Encrypted, to whoever answers.
    Require,
    /// In clear text.
    Disable,
}

impl DatabaseConfig {
    /// The same, with everything in SQLite under `data.dir`.
    pub(crate) fn embedded(&self) -> Self {
        Self { url: Secret::new(""), ..self.clone() }
    }

    /// After how long an idle connection is closed; `None` for never.
    pub(crate) fn idle_timeout(&self) -> Option<Duration> {
        (self.idle_timeout_seconds > 0).then(|| Duration::from_secs(self.idle_timeout_seconds))
    }

    /// How long to wait for a connection.
    pub(crate) const fn connection_timeout(&self) -> Duration {
        Duration::from_secs(self.connection_timeout_seconds)
    }

    /// How long to go on trying at the start.
    pub(crate) const fn connect_retry(&self) -> Duration {
        Duration::from_secs(self.connect_retry_seconds)
    }

    /// The file of further authorities, if there is one.
    pub(crate) fn tls_ca_file(&self) -> Option<PathBuf> {
        (!self.tls_ca_file.as_os_str().is_empty()).then(|| self.tls_ca_file.clone())
    }
}

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DatabaseTarget {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as a URL for its driver.
    Postgres(Secret),
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreConfig {
    /// The store of requests that name none.
    pub(crate) default: StoreId,
    /// How that store is called in answers.
    pub(crate) name: String,
    /// What its assistant is told before every question.
    pub(crate) instructions: String,
}

/// `[session]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionConfig {
    /// Hours a session lives after its last use.
    pub(crate) expire_hours: u64,
    /// Stores with another time, as `store=hours`.
    pub(crate) expire_hours_by_store: Vec<String>,
    /// Minutes between two clean-ups of expired sessions.
    pub(crate) cleanup_interval_minutes: u64,
    /// Days a deleted session is kept.
    pub(crate) hard_delete_after_days: u64,
}

impl SessionConfig {
    /// How long sessions live after their last use.
    pub(crate) fn lifetimes(&self) -> SessionLifetimes {
        let of_hours = |hours: u64| Duration::from_secs(hours * 3_600);
        // The schema has let nothing through that cannot be read.
        let entries = self.expire_hours_by_store.iter().filter_map(|entry| schema::hours_of_store(entry));
        let by_store = entries.map(|(store, hours)| (store, of_hours(hours.unsigned_abs()))).collect();
        SessionLifetimes { usual: of_hours(self.expire_hours), by_store }
    }

    /// How long a deleted session is kept before it is removed for good.
    pub(crate) const fn keep_deleted(&self) -> Duration {
        Duration::from_secs(self.hard_delete_after_days * 86_400)
    }

    /// The time between two clean-ups of expired sessions.
    pub(crate) const fn cleanup_interval(&self) -> Duration {
        Duration::from_secs(self.cleanup_interval_minutes * 60)
    }
}

/// What becomes of a question while the session still answers another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Busy {
    /// It waits its turn.
    Queue,
    /// It is refused.
    Reject,
    /// The answer under way is stopped.
    Interrupt,
}

/// `[chat]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatConfig {
    /// Longest message, in characters.
    pub(crate) max_message_chars: usize,
    /// Recent messages given to the model.
    pub(crate) history_messages: u32,
    /// Tokens those messages may take together.
    pub(crate) history_tokens: u32,
    /// What becomes of a question while the session still answers another one.
    pub(crate) busy: Busy,
    /// Seconds a question waits for the session's turn before it.
    pub(crate) queue_timeout_seconds: u64,
    /// Seconds a whole turn may take.
    pub(crate) turn_timeout_seconds: u64,
    /// Answers that one user of a store gets at once; 0: any number.
    pub(crate) streams_per_user: u32,
    /// Answers that a store gives at once; 0: any number.
    pub(crate) streams_per_store: u32,
    /// Seconds of silence after which a stream sends a comment to stay open.
    pub(crate) heartbeat_seconds: u64,
    /// Minutes a finished stream can still be read again.
    pub(crate) finished_stream_minutes: u64,
    /// Messages that one WebSocket may send in a minute.
    pub(crate) websocket_messages_per_minute: u32,
}

impl ChatConfig {
    /// How long a question waits for the session's turn before it.
    pub(crate) const fn queue_timeout(&self) -> Duration {
        Duration::from_secs(self.queue_timeout_seconds)
    }

    /// How long a whole turn may take.
    pub(crate) const fn turn_timeout(&self) -> Duration {
        Duration::from_secs(self.turn_timeout_seconds)
    }

    /// The silence after which a stream sends a comment to stay open.
    pub(crate) const fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds)
    }

    /// How long a finished stream can still be read again.
    pub(crate) const fn finished_stream(&self) -> Duration {
        Duration::from_secs(self.finished_stream_minutes * 60)
    }
}

/// `[retrieval]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetrievalConfig {
    /// Passages an answer is made from.
    pub(crate) limit: usize,
    /// Collections to search; none named means all.
    pub(crate) collections: Vec<String>,
}

/// `[prices]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricesConfig {
    /// A price book in place of the built-in one; empty for the built-in one.
    pub(crate) file: PathBuf,
}

impl PricesConfig {
    /// Reads the price book.
    ///
    /// # Errors
    /// When the file cannot be read or is no price book; the message names the file and the entry.
    pub(crate) fn book(&self) -> anyhow::Result<PriceBook> {
        if self.file.as_os_str().is_empty() {
            return Ok(PriceBook::built_in()?);
        }
        let place = || self.file.display().to_string();
        let text = std::fs::read_to_string(&self.file).with_context(place)?;
        text.parse::<PriceBook>().with_context(place)
    }
}

impl Config {
    /// Where the database is: an empty URL means `iyagi.db` in the data directory.
    pub(crate) fn database(&self) -> DatabaseTarget {
        let url = self.database.url.expose();
        match url.strip_prefix("sqlite:") {
            Some(path) => DatabaseTarget::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
            None if url.is_empty() => DatabaseTarget::Sqlite(self.data.dir.join("iyagi.db")),
            None => DatabaseTarget::Postgres(self.database.url.clone()),
        }
    }
}
