//! Every key, what it accepts, and how a text or a TOML value becomes its value.

use std::collections::BTreeMap;

use kernel::StoreId;
use storage_redis::RedisOptions;
use toml::Value;
use tracing_subscriber::EnvFilter;

/// A key of the configuration.
#[derive(Debug)]
pub(super) struct Field {
    /// `section.key`.
    pub(super) path: &'static str,
    /// What it accepts.
    pub(super) kind: Kind,
}

/// What a key accepts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A whole number in this range, both ends included.
    Integer(i64, i64),
    /// A text of so many characters.
    Text(usize, usize),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of names.
    Names,
    /// A list of stores with their hours, from 1 to so many.
    HoursByStore(i64),
    /// Where the database is; secret.
    DatabaseUrl,
    /// Where Redis is; secret.
    RedisUrl,
    /// What is logged.
    LogFilter,
    /// The name of a store.
    Store,
    /// A key of a service, or nothing; secret.
    Key,
    /// An address of the web, or nothing.
    WebUrl,
}

const fn field(path: &'static str, kind: Kind) -> Field {
    Field { path, kind }
}

/// All keys, in the order of `config/default.toml`.
pub(super) static FIELDS: &[Field] = &[
    field("server.host", Kind::Text(1, 253)),
    field("server.port", Kind::Integer(0, 65_535)),
    field("server.workers", Kind::Integer(0, 1_024)),
    field("server.body_limit_bytes", Kind::Integer(1_024, 1_073_741_824)),
    field("server.shutdown_seconds", Kind::Integer(0, 3_600)),
    field("server.leave_seconds", Kind::Integer(0, 300)),
    field("log.format", Kind::Choice(&["pretty", "json"])),
    field("log.level", Kind::LogFilter),
    field("data.dir", Kind::Text(1, 4_096)),
    field("database.url", Kind::DatabaseUrl),
    field("database.pool_max", Kind::Integer(1, 10_000)),
    field("database.pool_min", Kind::Integer(0, 10_000)),
    field("database.idle_timeout_seconds", Kind::Integer(0, 86_400)),
    field("database.connection_timeout_seconds", Kind::Integer(1, 600)),
    field("database.connect_retry_seconds", Kind::Integer(0, 3_600)),
    field("database.tls", Kind::Choice(&["verify-full", "require", "disable", "auto"])),
    field("database.tls_ca_file", Kind::Text(0, 4_096)),
    field("database.statement_timeout_seconds", Kind::Integer(0, 86_400)),
    field("database.lock_timeout_seconds", Kind::Integer(0, 86_400)),
    field("database.idle_in_transaction_timeout_seconds", Kind::Integer(0, 86_400)),
    field("redis.url", Kind::RedisUrl),
    field("redis.prefix", Kind::Text(0, 100)),
    field("redis.patience_ms", Kind::Integer(1, 1_000)),
    field("cache.memory_mb", Kind::Integer(0, 65_536)),
    field("cache.session_minutes", Kind::Integer(1, 525_600)),
    field("cache.history_minutes", Kind::Integer(1, 525_600)),
    field("cache.context_minutes", Kind::Integer(1, 525_600)),
    field("cache.absent_seconds", Kind::Integer(1, 3_600)),
    field("store.default", Kind::Store),
    field("store.name", Kind::Text(1, 200)),
    field("store.instructions", Kind::Text(1, 8_000)),
    field("session.expire_hours", Kind::Integer(1, 8_760)),
    field("session.expire_hours_by_store", Kind::HoursByStore(8_760)),
    field("session.cleanup_interval_minutes", Kind::Integer(1, 10_080)),
    field("session.hard_delete_after_days", Kind::Integer(1, 36_500)),
    field("chat.max_message_chars", Kind::Integer(1, 100_000)),
    field("chat.history_messages", Kind::Integer(0, 200)),
    field("chat.history_tokens", Kind::Integer(0, 1_000_000)),
    field("chat.busy", Kind::Choice(&["queue", "reject", "interrupt"])),
    field("chat.queue_timeout_seconds", Kind::Integer(1, 3_600)),
    field("chat.turn_timeout_seconds", Kind::Integer(1, 3_600)),
    field("chat.streams_per_user", Kind::Integer(0, 10_000)),
    field("chat.streams_per_store", Kind::Integer(0, 1_000_000)),
    field("chat.heartbeat_seconds", Kind::Integer(1, 300)),
    field("chat.finished_stream_minutes", Kind::Integer(1, 1_440)),
    field("chat.websocket_messages_per_minute", Kind::Integer(1, 60_000)),
    field("retrieval.limit", Kind::Integer(1, 50)),
    field("retrieval.collections", Kind::Names),
    field("prices.file", Kind::Text(0, 4_096)),
    field("documents.workers", Kind::Integer(0, 64)),
    field("documents.max_bytes", Kind::Integer(1_024, 1_073_741_824)),
    field("documents.max_waiting", Kind::Integer(1, 1_000_000)),
    field("documents.max_pages", Kind::Integer(1, 100_000)),
    field("documents.read_seconds", Kind::Integer(1, 3_600)),
    field("documents.read_memory_mb", Kind::Integer(64, 65_536)),
    field("documents.chunk_tokens", Kind::Integer(50, 8_000)),
    field("documents.chunk_overlap_tokens", Kind::Integer(0, 1_000)),
    field("documents.keep_tasks_days", Kind::Integer(1, 365)),
    field("documents.file_roots", Kind::Names),
    field("sources.allowed_hosts", Kind::Names),
    field("sources.fetch_seconds", Kind::Integer(1, 3_600)),
    field("sources.site_pages_per_second", Kind::Integer(1, 100)),
    field("sources.s3_endpoint", Kind::WebUrl),
    field("sources.s3_region", Kind::Text(1, 64)),
    field("sources.s3_style", Kind::Choice(&["host", "path"])),
    field("sources.s3_access_key_id", Kind::Text(0, 256)),
    field("sources.s3_secret_access_key", Kind::Key),
    field("sources.s3_buckets", Kind::Names),
    field("sources.notion_token", Kind::Key),
    field("sources.notion_database", Kind::Text(0, 64)),
    field("ocr.engine", Kind::Choice(&["auto", "tesseract", "model", "off"])),
    field("ocr.page_seconds", Kind::Integer(1, 3_600)),
    field("ocr.model", Kind::Text(0, 200)),
    field("ocr.url", Kind::WebUrl),
    field("ocr.api_key", Kind::Key),
    field("vectors.store", Kind::Choice(&["builtin", "qdrant", "chroma", "pinecone"])),
    field("vectors.url", Kind::WebUrl),
    field("vectors.api_key", Kind::Key),
    field("vectors.index", Kind::Text(0, 500)),
    field("vectors.prefix", Kind::Text(1, 32)),
    field("vectors.memory_mb", Kind::Integer(16, 1_048_576)),
];

/// The key of this path.
pub(super) fn find(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}

/// Whether some key is in this section.
pub(super) fn is_section(name: &str) -> bool {
    FIELDS.iter().any(|field| field.path.split_once('.').is_some_and(|(section, _)| section == name))
}

impl Field {
    /// Its environment variable: `IYAGI__SERVER__PORT`.
    pub(super) fn variable(&self) -> String {
        format!("IYAGI__{}", self.path.to_uppercase().replace('.', "__"))
    }

    /// Whether its value may not be shown.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::DatabaseUrl | Kind::RedisUrl | Kind::Key)
    }

    /// What it accepts, to complete "it takes …".
    pub(super) fn accepts(&self) -> String {
        match self.kind {
            Kind::Integer(min, max) => format!("a whole number from {min} to {max}"),
            Kind::Text(min, max) => format!("a text of {min} to {max} characters"),
            Kind::Choice(words) => words.join(" or "),
            Kind::Names => "a list of names such as [\"faq\", \"policy\"], as a variable faq,policy".to_owned(),
            Kind::HoursByStore(max) => format!(
                "a list of stores with their hours from 1 to {max} such as [\"shop=48\", \"outlet=2\"], each store once, \
                 as a variable shop=48,outlet=2"
            ),
            Kind::DatabaseUrl => "nothing, sqlite://path or postgres://user:password@host:port/name".to_owned(),
            Kind::RedisUrl => "nothing, redis://user:password@host:port/number, or rediss:// for TLS".to_owned(),
            Kind::LogFilter => "a level (off, error, warn, info, debug, trace), or levels per target such as \
                                info,storage_sqlite=debug"
                .to_owned(),
            Kind::Key => "a key without white space, or nothing".to_owned(),
            Kind::WebUrl => "nothing, http://host:port or https://host, without a user in it".to_owned(),
            Kind::Store => "a name of 1 to 100 characters without control characters".to_owned(),
        }
    }

    /// The value in a text from a variable or a flag; `None` when it is not accepted.
    pub(super) fn parse(&self, text: &str) -> Option<Value> {
        let value = match self.kind {
            Kind::Integer(..) => Value::Integer(text.trim().parse().ok()?),
            Kind::Names | Kind::HoursByStore(_) => {
                let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                Value::Array(names.map(Value::from).collect())
            }
            _ => Value::from(text),
        };
        self.accept(value)
    }

    /// The value in TOML; `None` when it is not accepted.
    pub(super) fn accept(&self, value: Value) -> Option<Value> {
        let accepted = match (self.kind, &value) {
            (Kind::Integer(min, max), Value::Integer(number)) => (min..=max).contains(number),
            (Kind::Text(min, max), Value::String(text)) => {
                (min..=max).contains(&text.chars().count())
                    && (min == 0 || !text.trim().is_empty())
                    && !text.contains('\0')
            }
            (Kind::Choice(words), Value::String(word)) => words.contains(&word.as_str()),
            (Kind::Names, Value::Array(names)) => names.iter().all(is_name),
            (Kind::HoursByStore(max), Value::Array(entries)) => is_hours_by_store(entries, max),
            (Kind::DatabaseUrl, Value::String(url)) => return database_url(url).map(Value::from),
            (Kind::RedisUrl, Value::String(url)) => is_redis_url(url),
            (Kind::LogFilter, Value::String(text)) => is_log_filter(text),
            (Kind::Key, Value::String(key)) => !key.chars().any(|c| c.is_whitespace() || c.is_control()),
            (Kind::WebUrl, Value::String(url)) => is_web_url(url),
            (Kind::Store, Value::String(name)) => StoreId::new(name.as_str()).is_ok(),
            _ => false,
        };
        accepted.then_some(value)
    }
}

fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|name| !name.trim().is_empty() && !name.chars().any(char::is_control))
}

fn is_hours_by_store(entries: &[Value], max: i64) -> bool {
    let read = |entry: &Value| hours_of_store(entry.as_str()?).filter(|(_, hours)| (1..=max).contains(hours));
    let read: Option<BTreeMap<StoreId, i64>> = entries.iter().map(read).collect();
    read.is_some_and(|stores| stores.len() == entries.len())
}

/// An entry `store=hours`. The name of a store may hold an equals sign, its hours cannot.
pub(super) fn hours_of_store(entry: &str) -> Option<(StoreId, i64)> {
    let (store, hours) = entry.rsplit_once('=')?;
    Some((StoreId::new(store.trim()).ok()?, hours.trim().parse().ok()?))
}

/// The URL as our drivers read it. A `SQLAlchemy` URL names its Python driver
/// (`postgresql+asyncpg://`), which means nothing here.
fn database_url(url: &str) -> Option<String> {
    if url.is_empty() {
        return Some(String::new());
    }
    let (scheme, rest) = url.split_once(':')?;
    let place = rest.strip_prefix("//").unwrap_or(rest);
    match scheme.split_once('+').map_or(scheme, |(scheme, _)| scheme) {
        "sqlite" if scheme == "sqlite" && !place.is_empty() && !place.contains('?') && !place.starts_with(':') => {
            Some(url.to_owned())
        }
        scheme @ ("postgres" | "postgresql") if rest.starts_with("//") && !place.is_empty() => {
            Some(format!("{scheme}:{rest}"))
        }
        _ => None,
    }
}

/// Nothing means that there is none. A socket is no address that two machines share.
fn is_redis_url(url: &str) -> bool {
    let over_the_net = ["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme));
    url.is_empty() || (over_the_net && RedisOptions::is_url(url))
}

/// Credentials have keys of their own: in an address they would be shown.
fn is_web_url(url: &str) -> bool {
    let place = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_sound = |place: &str| {
        let host = place.split('/').next().unwrap_or_default();
        !host.is_empty() && !place.contains('@') && !place.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    url.is_empty() || (url.len() <= 2_048 && place.is_some_and(is_sound))
}

/// A bare word is a level here: `EnvFilter` would take the slip `inof` for a target and stay silent.
fn is_log_filter(text: &str) -> bool {
    let words = text.split(',').map(str::trim);
    let all_levels = words
        .filter(|word| !word.is_empty() && !word.contains(['=', '[', ']', '{', '}']))
        .all(|word| ["off", "error", "warn", "info", "debug", "trace"].contains(&word.to_lowercase().as_str()));
    !text.trim().is_empty() && all_levels && EnvFilter::try_new(text).is_ok()
}

/// A value as an error message shows it.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shorten(text, 80)),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(at) => at.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Table(_) => "a section".to_owned(),
    }
}

/// At most `max` characters on one line.
pub(super) fn shorten(text: &str, max: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
