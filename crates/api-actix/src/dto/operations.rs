use std::collections::BTreeMap;

use kernel::{StoreId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::{Check, DatabaseLook};

/// How many sessions are active.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActiveCount {
    #[schema(value_type = String)]
    pub(crate) store_id: StoreId,
    pub(crate) active_count: u64,
}

/// The server is alive.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    /// `ok`, or `degraded` when something is away that the server does without.
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
    #[schema(example = "iyagi")]
    pub(crate) service: &'static str,
    pub(crate) version: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) timestamp: Timestamp,
    pub(crate) limits: Limits,
    pub(crate) cache: CacheBody,
}

/// What is remembered of sessions beside the database.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CacheBody {
    /// Where: `redis`, `memory` or `none`.
    #[schema(example = "redis")]
    pub(crate) kind: &'static str,
    /// `ok` or `degraded`: then the database answers in its place.
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
}

/// What a client may send.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    /// The longest question, in characters.
    pub(crate) max_message_chars: usize,
    /// The largest body, in bytes.
    pub(crate) max_body_bytes: usize,
}

/// The answer to a ping.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ping {
    #[schema(example = "pong")]
    pub(crate) message: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) timestamp: Timestamp,
}

/// The server can serve.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    #[schema(example = "ready")]
    pub(crate) status: &'static str,
    pub(crate) checks: Vec<CheckBody>,
}

/// One thing that was checked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check)]
pub(crate) struct CheckBody {
    name: String,
    ok: bool,
    detail: Option<String>,
}

impl From<Check> for CheckBody {
    fn from(check: Check) -> Self {
        Self { name: check.name, ok: check.ok, detail: check.detail }
    }
}

/// How the database is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DatabaseHealth)]
pub(crate) struct DatabaseBody {
    #[schema(example = "ok")]
    status: &'static str,
    /// `sqlite` or `postgresql`.
    #[schema(example = "sqlite")]
    backend: &'static str,
    /// The version of the database.
    version: String,
    /// How long the smallest query took, in milliseconds.
    latency_ms: f64,
    pool: PoolBody,
    migrations: MigrationsBody,
    /// The rows of each table, by what is in it.
    #[schema(example = json!({"sessions": 12, "messages": 48}))]
    rows: BTreeMap<String, u64>,
    /// Whether large tables were estimated rather than counted.
    estimated: bool,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
}

/// The connections of this process to the database.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatabasePool)]
struct PoolBody {
    /// Open.
    size: u32,
    /// Open and not in use.
    idle: u32,
    /// The most there may be.
    max: u32,
}

/// The state of the schema.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatabaseMigrations)]
struct MigrationsBody {
    applied: usize,
    pending: usize,
}

impl DatabaseBody {
    pub(crate) fn of(look: DatabaseLook, timestamp: Timestamp) -> Self {
        let (size, idle, max) = look.pool;
        let (applied, pending) = look.migrations;
        Self {
            status: "ok",
            backend: look.backend,
            version: look.version,
            latency_ms: (look.latency.as_secs_f64() * 1e6).round() / 1e3,
            pool: PoolBody { size, idle, max },
            migrations: MigrationsBody { applied, pending },
            estimated: look.rows.iter().any(|table| table.estimated),
            rows: look.rows.into_iter().map(|table| (table.name, table.rows)).collect(),
            timestamp,
        }
    }
}
